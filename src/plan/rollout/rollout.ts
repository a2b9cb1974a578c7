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

/** What is known of a cluster that may serve. */
export interface RolloutInput {
  readonly cluster: Cluster;
  readonly changes: readonly HostChange[];
  readonly inspections: ReadonlyMap<string, Pick<Inspection, 'listening' | 'kubeletActive'>>;
  readonly etcd: EtcdObservation;
  /** Absent: the plan is not about the API, and it was not asked. */
  readonly api: ClusterObservation | undefined;
  readonly desired: Pick<DesiredCluster, 'controlPlanePods'>;
}

/** One host of those that may not be disturbed at once. */
export interface RolloutHost {
  readonly host: string;
  /** The first stage that waits for its turn; its stages before that disturb nothing. */
  readonly from: Stage;
  /** What must hold before the next host starts. */
  readonly gates: readonly Gate[];
}

/** Seconds until a member must be healthy again; the same as for one that is new. */
const waitTimeouts: Partial<Record<Condition['kind'], number>> = {
  'etcd-member': 120,
  kubelet: 120,
  'load-balancer': 60,
};

/**
 * The order of hosts where changes disturb more than one that others count on: etcd member, API server, load balancer.
 * Those that do not serve now come first, since the others carry the cluster meanwhile; before them a learner that was
 * announced, since etcd accepts no other until it votes. A single host is in it only if it joins etcd, so that all of its
 * joining is one task, which a rollback can undo. Empty where nothing serves: then all may start at once, and a
 * member may well need the others to become healthy.
 */
export function planRollout(input: RolloutInput): RolloutHost[] {
  const { cluster, etcd, api } = input;
  if (etcd.state !== 'present' && api?.state !== 'present') return [];
  const members = cluster.hosts.filter((host) => holdsMember(host, cluster));
  const turns = members.flatMap((host) => {
    const own = input.changes.filter((change) => change.host === host.name);
    const from = stages.find((stage) =>
      own.some((change) => change.stage === stage && disturbsMember(change.step)),
    );
    if (from === undefined) return [];
    return [{ host: host.name, from, gates: healthOf(host, own, input), serves: serves(host, input) }];
  });
  const joins = input.changes.some(({ step }) => step.type === 'etcd');
  if (turns.length < 2 && !joins) return [];
  const rank = (turn: (typeof turns)[number]): number =>
    turn.serves ? 2 : isAnnounced(turn.host, input) ? 0 : 1;
  return turns
    .toSorted((one, other) => rank(one) - rank(other))
    .map(({ host, from, gates }) => ({ host, from, gates }));
}

/**
 * Findings where etcd would lose its quorum while a member restarts, since another one is down already: a cluster of
 * three or more need not bear that.
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
  const down = voters.filter((member) => !healthy.includes(member)).map(({ name }) => name);
  return [
    {
      check: 'EtcdQuorum',
      level: 'error',
      host,
      message: `this plan restarts its etcd member while ${down.join(', ')} ${down.length === 1 ? 'is' : 'are'} down: etcd would have no quorum meanwhile`,
      remedy: `Bring ${down.join(', ')} back first, or remove it from the inventory.`,
    },
  ];
}

function holdsMember(host: Host, cluster: Cluster): boolean {
  return (
    host.roles.includes('control-plane') ||
    etcdHosts(cluster).includes(host) ||
    loadBalancerHosts(cluster).includes(host)
  );
}

function apiListens(host: Host, { inspections }: RolloutInput): boolean {
  return inspections.get(host.name)?.listening.some(({ port }) => port === 6443) === true;
}

/** Whether the host does all its part now. */
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

/** Whether its steps take up a learner of an earlier run: they promote it, and announce none. */
function isAnnounced(host: string, { changes }: RolloutInput): boolean {
  const has = (kind: EtcdStep['operation']['kind']): boolean =>
    changes.some(
      (change) => change.host === host && change.step.type === 'etcd' && change.step.operation.kind === kind,
    );
  return has('promote') && !has('add-learner');
}

/** What must hold again before the next host starts: what holds now, and what its steps start. */
function healthOf(host: Host, changes: readonly HostChange[], input: RolloutInput): Gate[] {
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
  const port = Number(cluster.kubelet.config['healthzPort'] ?? 10248);
  if (port > 0 && (inspections.get(name)?.kubeletActive === true || touches('kubelet')))
    conditions.push({ kind: 'kubelet', host: name, port });
  if (api?.state === 'present') {
    if (isReady(api, 'nodes', name)) conditions.push({ kind: 'node-ready', node: name });
    for (const pod of desired.controlPlanePods)
      if (pod.host === name) conditions.push(podReady(pod, api, renewedPods(changes)));
  }
  return conditions.map((condition) => ({
    type: 'wait',
    id: `${name}: waits for ${conditionText(condition)}`,
    condition,
    timeoutSeconds: waitTimeouts[condition.kind] ?? 240,
  }));
}
