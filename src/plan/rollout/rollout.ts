import { etcdHosts, isNode, type Cluster, type Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import { stages } from '../../model/stage.ts';
import type { ClusterObservation, ClusterWants } from '../cluster-wants.ts';
import type { EtcdSeen } from '../etcd/membership.ts';
import { isReady, podReady, renewedPods } from './ready.ts';
import type { Finding } from '../preflight/finding.ts';
import type { Condition, EtcdStep, OnHostStep, Turn, WaitStep } from '../types.ts';

/** What is known of a cluster that may serve. */
export interface RollInput {
  readonly cluster: Cluster;
  /** Hosts that run haproxy and keepalived. */
  readonly balancers: readonly Host[];
  readonly steps: readonly OnHostStep[];
  readonly inspections: ReadonlyMap<string, Pick<Inspection, 'listening' | 'kubeletActive'>>;
  readonly etcd: EtcdSeen;
  /** Absent: the plan is not about the API, and it was not asked. */
  readonly api: ClusterObservation | undefined;
  readonly wants: Pick<ClusterWants, 'controlPlanePods'>;
}

/** Seconds until a member must be well again; the same as for what is founded. */
const patience: Readonly<Record<string, number>> = { 'etcd-member': 120, kubelet: 120, 'load-balancer': 60 };

/**
 * Whose turn comes when, where steps disturb more than one host that others count on: etcd member, API server,
 * load balancer. Those that do not serve now come first, since the others carry the cluster meanwhile; before them a
 * learner that was announced, since etcd takes no other until it votes. Empty where nothing serves: then all may begin at once, and a member may well need the others to become healthy.
 */
export function planRoll(input: RollInput): Turn[] {
  const { cluster, etcd, api } = input;
  if (etcd.state !== 'present' && api?.state !== 'present') return [];
  const members = cluster.hosts.filter((host) => holdsMember(host, input));
  const turns = members.flatMap((host) => {
    const own = input.steps.filter((step) => step.host === host.name);
    const from = stages.find((stage) => own.some((step) => step.stage === stage && disturbsMember(step)));
    if (from === undefined) return [];
    return [{ host: host.name, from, waits: healthOf(host, own, input), serves: serves(host, input) }];
  });
  if (turns.length < 2) return [];
  const rank = (turn: (typeof turns)[number]): number =>
    turn.serves ? 2 : isAnnounced(turn.host, input) ? 0 : 1;
  return turns
    .toSorted((one, other) => rank(one) - rank(other))
    .map(({ host, from, waits }) => ({ host, from, waits }));
}

/** Whether a step lets the node or its control plane be not ready for a while. */
export function disturbsNode(step: OnHostStep): boolean {
  return /^(unit (kubelet|containerd|etcd)|static-pod .*)$/.test(step.resource) && !onlyAtBoot(step);
}

/**
 * Findings where etcd would lose its quorum while a member restarts, since another one is down already: that
 * a cluster of three or more need not bear.
 */
export function quorumFindings(steps: readonly OnHostStep[], etcd: EtcdSeen): Finding[] {
  if (etcd.state !== 'present') return [];
  const voters = etcd.members.filter((member) => !member.isLearner);
  const quorum = Math.floor(voters.length / 2) + 1;
  const healthy = voters.filter((member) => etcd.healthy.has(member.id));
  if (voters.length < 3 || healthy.length > quorum) return [];
  const host = healthy.find(({ name }) =>
    steps.some((step) => step.host === name && step.verb !== 'create' && restartsEtcd(step)),
  )?.name;
  if (host === undefined) return [];
  const down = voters.filter((member) => !healthy.includes(member)).map(({ name }) => name);
  return [
    {
      check: 'EtcdQuorum',
      level: 'error',
      host,
      message: `its etcd restarts, and ${down.join(', ')} ${down.length === 1 ? 'is' : 'are'} down: etcd would have no quorum meanwhile`,
      remedy: `Bring ${down.join(', ')} back first, or take it out of the inventory.`,
    },
  ];
}

const onlyAtBoot = (step: OnHostStep): boolean => step.reason === 'enabled at boot';
const restartsEtcd = (step: OnHostStep): boolean => /^(static-pod|unit) etcd$/.test(step.resource);

/**
 * Whether a step stops what others count on, or starts such a member. Starting containerd, haproxy or keepalived
 * where they do not run takes nothing from anybody.
 */
function disturbsMember(step: OnHostStep): boolean {
  if (step.type === 'etcd') return true;
  if (onlyAtBoot(step)) return false;
  if (/^(static-pod .*|unit (etcd|kubelet))$/.test(step.resource)) return true;
  return /^unit (containerd|haproxy|keepalived)$/.test(step.resource) && step.verb !== 'create';
}

function holdsMember(host: Host, { cluster, balancers }: RollInput): boolean {
  return (
    host.roles.includes('control-plane') || etcdHosts(cluster).includes(host) || balancers.includes(host)
  );
}

function apiListens(host: Host, { inspections }: RollInput): boolean {
  return inspections.get(host.name)?.listening.some(({ port }) => port === 6443) === true;
}

/** Whether the host does all its part now. */
function serves(host: Host, input: RollInput): boolean {
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

/** Whether its steps take up a learner of a run before: they promote it, and announce none. */
function isAnnounced(host: string, { steps }: RollInput): boolean {
  const has = (kind: EtcdStep['operation']['kind']): boolean =>
    steps.some((step) => step.host === host && step.type === 'etcd' && step.operation.kind === kind);
  return has('promote') && !has('add-learner');
}

/** What must hold again before the next host begins: what held before, and what its steps start. */
function healthOf(host: Host, steps: readonly OnHostStep[], input: RollInput): WaitStep[] {
  const { cluster, balancers, inspections, api, wants } = input;
  const { name, address } = host;
  const starts = (resource: string): boolean => steps.some((step) => step.resource === resource);
  const conditions: (readonly [Condition, string])[] = [];
  if (etcdHosts(cluster).includes(host))
    conditions.push([{ kind: 'etcd-member', host: name }, `etcd-member ${name}`]);
  if (
    host.roles.includes('control-plane') &&
    (apiListens(host, input) || starts('static-pod kube-apiserver'))
  )
    conditions.push([{ kind: 'api', host: name }, `API server of ${name}`]);
  if (
    cluster.loadBalancer &&
    balancers.includes(host) &&
    cluster.hosts.some((each) => apiListens(each, input))
  )
    conditions.push([
      { kind: 'load-balancer', host: name, address, port: cluster.loadBalancer.port },
      `load balancer of ${name}`,
    ]);
  const port = Number(cluster.kubelet.config['healthzPort'] ?? 10248);
  if (port > 0 && (inspections.get(name)?.kubeletActive === true || starts('unit kubelet')))
    conditions.push([{ kind: 'kubelet', host: name, port }, `kubelet of ${name}`]);
  if (api?.state === 'present') {
    if (isReady(api, 'nodes', name))
      conditions.push([{ kind: 'node-ready', node: name }, `Node ${name} Ready`]);
    for (const pod of wants.controlPlanePods)
      if (pod.host === name) conditions.push([podReady(pod, api, renewedPods(steps)), `Pod ${pod.name}`]);
  }
  return conditions.map(([condition, resource]) => {
    const timeoutSeconds = patience[condition.kind] ?? 240;
    return {
      type: 'wait',
      id: `${name}: waits for ${resource}`,
      stage: steps.at(-1)?.stage ?? 'control-plane',
      verb: 'wait',
      resource,
      reason: `before the next host begins, ${timeoutSeconds} s at most`,
      condition,
      timeoutSeconds,
    };
  });
}
