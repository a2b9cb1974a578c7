import { healthzPortOf } from '../../desire/text/kubelet-settings.ts';
import type { DesiredCluster } from '../../kube/desired-cluster.ts';
import { etcdHosts, isNode, loadBalancerHosts, type Cluster, type Host } from '../../model/cluster.ts';
import type { Component } from '../../model/component.ts';
import type { Inspection } from '../../model/inspection.ts';
import { stages, type Stage } from '../../model/stage.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { EtcdObservation } from '../../observe/etcd.ts';
import type { HostChange } from '../diff/host.ts';
import type { Finding } from '../preflight/finding.ts';
import { conditionText } from '../target.ts';
import type { Condition, EtcdStep, Gate } from '../types.ts';
import { affects, disturbsMember, interrupts } from './effects.ts';
import { isReady, podReady, renewedPods } from './ready.ts';
import { remedies } from '../remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/** What is known of a cluster that may be in use. */
export interface RolloutInput {
  readonly cluster: Cluster;
  readonly changes: readonly HostChange[];
  readonly inspections: ReadonlyMap<string, Pick<Inspection, 'listening' | 'kubeletActive'>>;
  readonly etcd: EtcdObservation;
  /** Absent: the plan does not include the API, and it was not read. */
  readonly api: ClusterObservation | undefined;
  readonly desired: Pick<DesiredCluster, 'controlPlanePods'>;
}

/** One of the hosts that must not be disturbed at the same time. */
export interface RolloutHost {
  readonly host: string;
  /** Its first stage in the rollout; its earlier stages disturb nothing. */
  readonly from: Stage;
  /** What must hold before the next host starts. */
  readonly gates: readonly Gate[];
  /** Workers with the same number go at the same time; absent: the host goes alone. */
  readonly batch?: number;
}

/** Seconds until a member must be healthy again; the same as for a new one. */
const waitTimeouts: Partial<Record<Condition['kind'], number>> = {
  'etcd-member': 120,
  kubelet: 120,
  'load-balancer': 60,
};

/**
 * The order of the hosts with changes that disturb an etcd member, API server or load balancer, if there are several.
 * Hosts that do not serve now come first, since the others serve in the meantime; before them a learner that was added,
 * since etcd accepts no other before it is promoted. A single host is included only if it joins etcd, so that its joining
 * is one task, which a rollback can undo. Workers whose kubelet or containerd restarts follow, the first one alone: what
 * does not work there stops before the others. Empty if nothing serves: then all may start at once, and a member
 * may need the others to become healthy.
 */
export function planRollout(input: RolloutInput): RolloutHost[] {
  const { cluster, etcd, api } = input;
  if (etcd.state !== 'present' && api?.state !== 'present') return [];
  const members = cluster.hosts.filter((host) => holdsMember(host, cluster));
  const turns = members.flatMap((host) => {
    const own = input.changes.filter((change) => change.host === host.name);
    const from = firstStage(own, disturbsMember);
    if (from === undefined) return [];
    return [{ host: host.name, from, gates: healthOf(host, own, input), serves: serves(host, input) }];
  });
  const joins = input.changes.some(({ step }) => step.type === 'etcd');
  const workers = workerTurns(input);
  if (turns.length + workers.length < 2 && !joins) return [];
  const rank = (turn: (typeof turns)[number]): number =>
    turn.serves ? 2 : isAnnounced(turn.host, input) ? 0 : 1;
  return [
    ...turns
      .toSorted((one, other) => rank(one) - rank(other))
      .map(({ host, from, gates }) => ({ host, from, gates })),
    ...workers,
  ];
}

/** The part of the workers that may restart at the same time. */
const workerShare = 0.1;

/** Workers that are Ready and whose kubelet or containerd restarts: the first one, then a tenth of them at a time. */
function workerTurns(input: RolloutInput): RolloutHost[] {
  const { cluster, api, changes } = input;
  if (api?.state !== 'present') return [];
  const turns = cluster.hosts.flatMap((host) => {
    const own = changes.filter((change) => change.host === host.name);
    const from = firstStage(own, (step) => interrupts(step, 'kubelet') || interrupts(step, 'containerd'));
    if (from === undefined || holdsMember(host, cluster) || !isReady(api, 'nodes', host.name)) return [];
    return [{ host: host.name, from, gates: healthOf(host, own, input) }];
  });
  const size = Math.max(1, Math.floor(turns.length * workerShare));
  return turns.map((turn, index) => ({
    ...turn,
    batch: index === 0 ? 0 : Math.floor((index - 1) / size) + 1,
  }));
}

/** The first stage with a step that `disturbs`. */
function firstStage(
  changes: readonly HostChange[],
  disturbs: (step: HostChange['step']) => boolean,
): Stage | undefined {
  return stages.find((stage) => changes.some((change) => change.stage === stage && disturbs(change.step)));
}

/**
 * Findings if etcd would lose its quorum while a member restarts, since another one is already down: with three or more
 * members, that can be avoided.
 */
export function quorumFindings(changes: readonly HostChange[], etcd: EtcdObservation): Finding[] {
  if (etcd.state !== 'present') return [];
  const voters = etcd.members.filter((member) => !member.isLearner);
  const quorum = Math.floor(voters.length / 2) + 1;
  const healthy = voters.filter((member) => etcd.healthy.has(member.id));
  if (voters.length < 3 || healthy.length > quorum) return [];
  const host = healthy.find(({ name }) =>
    changes.some((change) => change.host === name && interrupts(change.step, 'etcd')),
  )?.name;
  if (host === undefined) return [];
  const down = voters
    .filter((member) => !healthy.includes(member))
    .map(({ name }) => name)
    // Members that this plan starts go first, be it with their kubelet.
    .filter((name) => !changes.some((change) => change.host === name && startsMember(change.step)));
  if (voters.length - down.length > quorum) return [];
  return [
    {
      check: 'EtcdQuorum',
      level: 'error',
      host,
      message: `this plan restarts its etcd member while ${down.join(', ')} ${down.length === 1 ? 'is' : 'are'} down: etcd would lose its quorum in the meantime`,
      ...remedyFields(remedies.bringBackFirst({ members: down.join(', ') })),
    },
  ];
}

function startsMember(step: HostChange['step']): boolean {
  return (
    affects(step, 'etcd') ||
    step.effects.some(({ component, kind }) => component === 'kubelet' && kind === 'start')
  );
}

function holdsMember(host: Host, cluster: Cluster): boolean {
  return (
    host.roles.includes('control-plane') ||
    etcdHosts(cluster).includes(host) ||
    loadBalancerHosts(cluster).includes(host)
  );
}

function apiListens(host: Host, { inspections }: Pick<RolloutInput, 'inspections'>): boolean {
  return inspections.get(host.name)?.listening.some(({ port }) => port === 6443) === true;
}

/** Whether everything on the host serves now. */
function serves(host: Host, input: RolloutInput): boolean {
  const { cluster, etcd, api } = input;
  const member = etcd.state === 'present' ? etcd.members.find(({ name }) => name === host.name) : undefined;
  const etcdServes =
    etcd.state !== 'present' || (member !== undefined && !member.isLearner && etcd.healthy.has(member.id));
  return (
    (!etcdHosts(cluster).includes(host) || etcdServes) &&
    (!host.roles.includes('control-plane') || apiListens(host, input)) &&
    (!isNode(host) || api?.state !== 'present' || isReady(api, 'nodes', host.name))
  );
}

/** Whether its steps promote a learner that an earlier run added. */
function isAnnounced(host: string, { changes }: RolloutInput): boolean {
  const has = (kind: EtcdStep['operation']['kind']): boolean =>
    changes.some(
      (change) => change.host === host && change.step.type === 'etcd' && change.step.operation.kind === kind,
    );
  return has('promote') && !has('add-learner');
}

/** Gates before the next host starts: for what is healthy now, and for what the host's steps start. */
export function healthOf(
  host: Host,
  changes: readonly HostChange[],
  input: Omit<RolloutInput, 'changes' | 'etcd'>,
): Gate[] {
  const { cluster, inspections, api, desired } = input;
  const { name, address } = host;
  const touches = (component: Component): boolean => changes.some(({ step }) => affects(step, component));
  const conditions: Condition[] = [];
  if (etcdHosts(cluster).includes(host)) conditions.push({ kind: 'etcd-member', host: name });
  if (host.roles.includes('control-plane') && (apiListens(host, input) || touches('kube-apiserver')))
    conditions.push({ kind: 'api', host: name });
  const { loadBalancer } = cluster;
  const anyApi = cluster.hosts.some((each) => apiListens(each, input));
  if (loadBalancer !== undefined && loadBalancerHosts(cluster).includes(host) && anyApi)
    conditions.push({ kind: 'load-balancer', host: name, address, port: loadBalancer.port });
  const port = healthzPortOf(cluster, host);
  if (port > 0 && (inspections.get(name)?.kubeletActive === true || touches('kubelet')))
    conditions.push({ kind: 'kubelet', host: name, port });
  if (api?.state === 'present') {
    if (isReady(api, 'nodes', name)) conditions.push({ kind: 'node-ready', node: name });
    const renewed = renewedPods(changes);
    for (const pod of desired.controlPlanePods)
      if (pod.host === name) conditions.push(podReady(pod, api, renewed));
  }
  return conditions.map((condition) => ({
    type: 'wait',
    id: `${name}: waits for ${conditionText(condition)}`,
    condition,
    timeoutSeconds: waitTimeouts[condition.kind] ?? 240,
  }));
}
