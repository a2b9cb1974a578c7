import type { Host } from '../../model/cluster.ts';
import { isCordonedByKboot } from '../diff/health.ts';
import type { HostChange } from '../diff/host.ts';
import { isReady } from '../rollout/ready.ts';
import type { Batch, EtcdStep, Task } from '../types.ts';
import { isHealthyMember, joins, type UpgradeInput } from './input.ts';
import { isDrained, kubeletBatches, startedKubelets } from './kubelets.ts';
import { gatesOf, turnTask } from './turn-task.ts';
import { dividedInTurns, type HostTurns, type Turn } from './turns.ts';
import type { VersionChange } from './versions.ts';
import { isOnlyWorker, workerBatches, type WorkerTurn } from './workers.ts';

/** An upgrade, before it is arranged in phases: what is done with each component, host by host. */
export interface Upgrade {
  readonly change: VersionChange;
  /** undefined: there is one, or etcd does not change and is not kboot's. */
  readonly snapshot: EtcdStep | undefined;
  /** Kubelets that are stopped: as they are, since they run what else is replaced. */
  readonly stopped: readonly Batch[];
  /** Release files and images, on every host. */
  readonly ahead: readonly Task[];
  /** Changes that affect no component. */
  readonly hosts: readonly Task[];
  readonly loadBalancers: readonly Batch[];
  readonly etcd: readonly Batch[];
  readonly apiServers: readonly Batch[];
  readonly controllers: readonly Batch[];
  /** Kubelets of the control planes, and of hosts with an etcd member. */
  readonly planes: readonly Batch[];
  readonly workers: readonly Batch[];
  /** Nodes that are drained. */
  readonly drained: readonly string[];
  /** Nodes that are not Ready and whose kubelet stays as it is: a DaemonSet cannot be rolled out while one is down. */
  readonly down: readonly string[];
  /** Workers that stay at their version in this plan, and why. */
  readonly held: { readonly hosts: readonly string[]; readonly why: 'pause' | 'through' | 'api' } | undefined;
}

/** How old a snapshot of the same upgrade may be so that an interrupted run needs no other. */
const snapshotSeconds = 3600;

/** Arranges the changes of hosts by component: what goes one after another, with which rollback, and what must hold before the next. */
export function planUpgrade(input: UpgradeInput): Upgrade {
  const { cluster, change, perHost, versions } = input;
  const turns = new Map(
    [...perHost].map(([name, { changes }]): [string, HostTurns] => [name, dividedInTurns(changes)]),
  );
  const hostsWithTurn = (turn: Turn): Host[] =>
    cluster.hosts.filter(({ name }) => (turns.get(name)?.get(turn)?.length ?? 0) > 0);
  const changesOf = (host: Host, turn: Turn): readonly HostChange[] => turns.get(host.name)?.get(turn) ?? [];
  const quiet = (turn: Turn): Task[] =>
    hostsWithTurn(turn)
      .filter((host) => !joins(host, input))
      .map((host) => ({ on: { host: host.name }, steps: changesOf(host, turn).map(({ step }) => step) }));
  /** One host after another; those that do not serve come first. */
  const serially = (turn: Turn, serves: (host: Host) => boolean): Batch[] =>
    [...hostsWithTurn(turn)]
      .filter((host) => !joins(host, input))
      .toSorted((one, other) => Number(serves(one)) - Number(serves(other)))
      .map((host) => ({
        tasks: [turnTask(host, turn, changesOf(host, turn), input)],
        gates: gatesOf(host, turn, changesOf(host, turn), input),
      }));

  const etcd = serially('etcd', (host) => isHealthyMember(host, input));
  const apiServers = serially('kube-apiserver', ({ name }) => versions.serving.has(name));
  const controllers = firstThenRest(serially('controllers', () => true));
  // Without the API nothing is known of Nodes: they are not drained blindly, and their kubelets wait.
  const isServed = input.api?.state === 'present';
  const kubelets = isServed
    ? hostsWithTurn('kubelet').concat(
        cluster.hosts.filter((host) => joins(host, input) && turns.has(host.name)),
      )
    : [];
  const planes = [...new Set(kubelets)].filter((host) => !isOnlyWorker(host));
  const workers = [...new Set(kubelets)].filter(isOnlyWorker);
  const planeBatches = planes.flatMap((host) => kubeletBatches([host], changesOf, input));
  const all = workerTurns(workers, input);
  const disturbsPlane = [etcd, apiServers, controllers, planeBatches].some((batches) => batches.length > 0);
  const { now, later } = paused(all, disturbsPlane, input);
  const held = input.holdWorkers
    ? 'through'
    : later.length > 0
      ? 'pause'
      : !isServed && hostsWithTurn('kubelet').length > 0
        ? 'api'
        : undefined;
  return {
    change,
    snapshot: snapshotStep(input),
    stopped: startedKubelets(input),
    ahead: quiet('ahead'),
    hosts: quiet('host'),
    loadBalancers: serially('load-balancer', () => true),
    ...{ etcd, apiServers, controllers, planes: planeBatches },
    workers: now.flatMap((hosts) => kubeletBatches(hosts, changesOf, input)),
    drained: [...planes.map((host) => [host]), ...now].flatMap((hosts) =>
      hosts.flatMap((host) => (isDrained(host, hosts, changesOf(host, 'kubelet'), input) ? [host.name] : [])),
    ),
    down: downNodes(kubelets, input),
    held:
      held === undefined
        ? undefined
        : {
            why: held,
            hosts: {
              through: behind(input),
              pause: later.flat().map(({ name }) => name),
              api: hostsWithTurn('kubelet').map(({ name }) => name),
            }[held],
          },
  };
}

function behind({ cluster, versions, change }: UpgradeInput): string[] {
  return cluster.hosts.filter(isOnlyWorker).flatMap(({ name }) => {
    const version = versions.kubelets.get(name);
    return version === undefined || version === change.to ? [] : [name];
  });
}

/** The first host alone, then the others together: their leaders are elected again in any case. */
function firstThenRest([first, ...rest]: readonly Batch[]): Batch[] {
  if (first === undefined) return [];
  const together: Batch = {
    tasks: rest.flatMap(({ tasks }) => tasks),
    gates: rest.flatMap(({ gates }) => gates),
  };
  return rest.length === 0 ? [first] : [first, together];
}

function workerTurns(workers: readonly Host[], input: UpgradeInput): readonly (readonly Host[])[] {
  const { cluster, api } = input;
  if (input.holdWorkers) return [];
  const present = api?.state === 'present' ? api : undefined;
  const ready = (host: Host): boolean => api !== undefined && isReady(api, 'nodes', host.name);
  const fresh = workers.filter((host) => joins(host, input));
  const turning = workers
    .filter((host) => !fresh.includes(host))
    .map((host): WorkerTurn => {
      const node = present?.nodes.get(host.name);
      return { host, ready: ready(host), begun: node !== undefined && isCordonedByKboot(node) };
    });
  const down = new Set(downNodes(workers, input));
  return [
    ...(fresh.length === 0 ? [] : [fresh]),
    ...workerBatches(
      cluster,
      turning,
      cluster.hosts.filter((host) => isOnlyWorker(host) && down.has(host.name)).length,
      !isAnyWorkerDone(input),
    ),
  ];
}

/** Nodes that are not Ready, except those of these hosts. */
function downNodes(hosts: readonly Host[], { api }: UpgradeInput): string[] {
  if (api?.state !== 'present') return [];
  return [...api.nodes.keys()].filter(
    (node) => !isReady(api, 'nodes', node) && !hosts.some(({ name }) => name === node),
  );
}

/** Whether the kubelet of a worker has the new version. */
function isAnyWorkerDone({ cluster, versions, change }: UpgradeInput): boolean {
  return cluster.hosts.some((host) => isOnlyWorker(host) && versions.kubelets.get(host.name) === change.to);
}

/** spec.upgrade.pauseAfter: which batches of workers belong to this run, and which to the next. */
function paused(
  batches: readonly (readonly Host[])[],
  disturbsPlane: boolean,
  input: UpgradeInput,
): { readonly now: readonly (readonly Host[])[]; readonly later: readonly (readonly Host[])[] } {
  const { pauseAfter } = input.cluster.upgrade;
  if (pauseAfter === 'control-plane' && disturbsPlane) return { now: [], later: batches };
  if (pauseAfter === 'first-batch' && !isAnyWorkerDone(input))
    return { now: batches.slice(0, 1), later: batches.slice(1) };
  return { now: batches, later: [] };
}

/** Before anything is replaced, and once for an upgrade. */
function snapshotStep({ cluster, change, versions, etcd, snapshots }: UpgradeInput): EtcdStep | undefined {
  if (etcd.state !== 'present' || cluster.etcd.external !== undefined) return undefined;
  const begun = [...versions.apiServers.values()].some((version) => version === change.to);
  const taken = snapshots.some(({ to, ageSeconds }) => to === change.to && ageSeconds < snapshotSeconds);
  if (begun || taken) return undefined;
  return {
    type: 'etcd',
    id: 'etcd: snapshot',
    verb: 'create',
    target: { kind: 'snapshot', name: 'etcd' },
    reason: `into the state folder, before ${change.from} becomes ${change.to}`,
    effects: [],
    operation: { kind: 'snapshot', before: change.to },
    timeoutSeconds: 600,
  };
}
