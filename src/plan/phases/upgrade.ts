import { stages, type Stage } from '../../model/stage.ts';
import type { Upgrade } from '../upgrade/upgrade.ts';
import { conditionText } from '../target.ts';
import type { Batch, Gate, NodeStep, Phase, Task } from '../types.ts';
import { addonPhases } from './addons.ts';
import { after, existing, oneByOne, phase, together } from './build.ts';
import type { InstallWork } from './install.ts';
import { membershipPhase } from './membership.ts';
import { certificatesPhase, hooksBefore, namespacesFirst, retirementPhase } from './parts.ts';

/** All changes of an upgrade, before they are arranged in phases. */
export interface UpgradeWork extends Omit<InstallWork, 'changes' | 'rollout' | 'etcdGates'> {
  readonly upgrade: Upgrade;
}

/**
 * An upgrade: strictly one phase after another, each only if everything before it succeeded. The order keeps the version
 * skew policy at every moment: no kubelet is newer than an API server that it may reach, and no controller-manager or
 * scheduler newer than any API server. On the way down, they go before the API servers.
 */
export function upgradePhases(work: UpgradeWork): readonly Phase[] {
  const { upgrade, cluster, hooks } = work;
  const { change } = upgrade;
  const opening = hooksBefore(hooks);
  const certificates = certificatesPhase(work.issue, after('all', opening));
  const membership = membershipPhase(work.membership, after('all', opening, certificates));
  const phases = existing(opening, certificates, membership);
  const then = (id: string, stage: Stage, title: string, batches: readonly Batch[]): void => {
    phases.push(...existing(phase(id, stage, title, after('all', phases.at(-1)), batches)));
  };
  const onHosts = (tasks: readonly Task[]): Batch[] => [{ tasks, gates: [] }];

  then('stopped', 'node', 'what is down', upgrade.stopped);
  then('snapshot', 'etcd', 'snapshot of etcd', [
    together('cluster', upgrade.snapshot === undefined ? [] : [upgrade.snapshot]),
  ]);
  // Disturbs nothing: a missing file, or a full disk, stops the upgrade before anything is replaced.
  then('fetch', 'runtime', 'files and images', onHosts(upgrade.ahead));
  then('hosts', 'host', 'hosts', onHosts(upgrade.hosts));
  then('load-balancers', 'load-balancer', 'load balancers', upgrade.loadBalancers);
  then('etcd', 'etcd', 'etcd', upgrade.etcd);
  const apiServers = (): void => {
    then('api-servers', 'control-plane', 'API servers', upgrade.apiServers);
  };
  const controllers = (): void => {
    then('controllers', 'control-plane', 'controllers', upgrade.controllers);
  };
  if (change.direction === 'up') apiServers();
  controllers();
  if (change.direction === 'down') apiServers();

  const marks = cluster?.marks ?? [];
  const isUncordon = ({ operation }: NodeStep): boolean => operation.kind === 'uncordon';
  if (cluster !== undefined) {
    then('api', 'control-plane', 'API objects', namespacesFirst(cluster.objects['control-plane']));
    then('addons', 'addon', 'add-ons', namespacesFirst(cluster.objects.addon));
    // A Node that an interrupted run left cordoned takes Pods before others are drained.
    then('uncordon', 'node', 'Nodes', [together('cluster', marks.filter(isUncordon).filter(notIn(upgrade)))]);
  }
  then('control-plane-kubelets', 'control-plane', 'kubelets of control planes', upgrade.planes);
  // What the add-ons roll out meanwhile must be well before a worker is drained. A Node that is down holds a DaemonSet
  // up for good: the other workers do not wait for that, the end of the run does.
  const workloads = (cluster?.gates.ready ?? []).filter(
    ({ condition }) =>
      condition.kind === 'workload-ready' &&
      (condition.workload === 'Deployment' || upgrade.down.length === 0),
  );
  if (upgrade.workers.some(({ tasks }) => tasks.length > 0))
    then('addons-ready', 'addon', 'add-ons ready', [{ tasks: [], gates: workloads.map(early) }]);
  then('workers', 'node', 'workers', upgrade.workers);

  if (cluster !== undefined) {
    then('nodes', 'node', 'Nodes', [
      ...oneByOne(cluster.removals.map(({ on, steps }) => ({ on, steps }))),
      { tasks: [], gates: cluster.gates.registered },
      together(
        'cluster',
        marks.filter((step) => !isUncordon(step)),
      ),
    ]);
  }
  then(
    'pod-network',
    'addon',
    'Pod network',
    oneByOne(work.podNetworks.map(({ host, steps }) => ({ on: { host }, steps }))),
  );
  if (cluster !== undefined) {
    then('readiness', 'addon', 'readiness', [
      { tasks: [], gates: cluster.gates.ready },
      together('cluster', cluster.lateObjects),
      together('cluster', cluster.prunes),
    ]);
  }
  for (const each of cluster === undefined ? [] : addonPhases(cluster.addons, []))
    phases.push({ ...each, after: after('all', phases.at(-1)) });
  phases.push(
    ...existing(retirementPhase(cluster?.retires ?? [], work.proxyRules ?? [], after('all', phases.at(-1)))),
  );
  for (const stage of stages) {
    const due = hooks.filter((hook) => hook.when === 'after' && hook.stage === stage);
    const tasks = due.map(({ step }): Task => ({ on: 'operator', steps: [step] }));
    then(`hooks-after-${stage}`, stage, `hooks after ${stage}`, oneByOne(tasks));
  }
  // What is recorded is applied everywhere.
  if (cluster !== undefined && upgrade.held === undefined)
    then('record', 'addon', 'record', [together('cluster', cluster.record)]);
  return phases;
}

/** Nodes that this upgrade drains are uncordoned by it. */
function notIn({ planes, workers }: Upgrade): (step: NodeStep) => boolean {
  const own = new Set(
    [...planes, ...workers].flatMap(({ tasks }) =>
      tasks.flatMap(({ steps }) => steps.flatMap((step) => (step.type === 'node' ? [step.node] : []))),
    ),
  );
  return ({ node }) => !own.has(node);
}

/** The same wait before the workers, with an ID of its own. */
function early(gate: Gate): Gate {
  return { ...gate, id: `add-ons: waits for ${conditionText(gate.condition)}` };
}
