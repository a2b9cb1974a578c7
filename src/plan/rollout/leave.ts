import { etcdHosts, hostsWith, isNode, type Cluster, type Host } from '../../model/cluster.ts';
import type { ClusterObservation } from '../cluster-wants.ts';
import { planMembership, type EtcdHost, type EtcdSeen } from '../etcd/membership.ts';
import { membershipSteps } from '../etcd/steps.ts';
import { nodeRemovals } from './node-removal.ts';
import type { ClusterStep, EtcdStep, NodeRemovalStep, Plan } from '../types.ts';

export interface LeaveInput {
  readonly cluster: Cluster;
  /** Hosts that are about to be wiped. */
  readonly leaving: readonly Host[];
  /** As the hosts that stay tell it. */
  readonly api: ClusterObservation;
  readonly etcd: EtcdSeen;
  readonly peerURL: (host: Host) => string;
}

/** What goes before anything else. */
interface Leave {
  readonly membership: readonly (EtcdStep | NodeRemovalStep)[];
}

/**
 * How hosts leave a cluster that goes on without them: drained, their Nodes deleted, then their etcd members
 * removed, in this order and before anything on them ends. Warns of what stays behind where nobody answers.
 * Nothing where no control plane stays: the cluster ends with them. Throws E-QUORUM as planMembership does.
 */
export function planLeave(input: LeaveInput): Leave & Pick<Plan, 'warnings'> {
  const { cluster, leaving, api, etcd } = input;
  const stays = (host: Host): boolean => !leaving.includes(host);
  const nodes = leaving.filter(isNode).map(({ name }) => name);
  const members = etcdHosts(cluster).filter((host) => !stays(host));
  if (leaving.length === 0 || !hostsWith(cluster, 'control-plane').some(stays))
    return { membership: [], warnings: [] };
  const removals = nodeRemovals(api, (node) => nodes.includes(node.metadata.name), 'its host is reset');
  const staying = etcdHosts(cluster)
    .filter(stays)
    .map((host): EtcdHost => {
      const { name, address } = host;
      return { name, address, peerURL: input.peerURL(host), data: 'unknown', startedWith: undefined };
    });
  const ours = (member: { readonly name: string; readonly peerURLs: readonly string[] }): boolean =>
    members.some(({ name }) => name === member.name) ||
    members.some((host) => member.peerURLs.includes(input.peerURL(host)));
  const remove =
    members.length === 0 ? [] : planMembership(staying, etcd).remove.filter(({ member }) => ours(member));
  const memberSteps = membershipSteps({ hosts: [], remove }).map((step) =>
    step.operation.kind === 'remove' ? { ...step, reason: 'its host is reset' } : step,
  );
  return {
    membership: betweenSnapshotAndRest(memberSteps, removals),
    warnings: [
      ...(nodes.length === 0 || api.state === 'present'
        ? []
        : [
            `the API does not answer: Node ${nodes.join(', ')} is neither drained nor removed. When it answers: kubectl delete node ${nodes.join(' ')}`,
          ]),
      ...(members.length === 0 || etcd.state === 'present'
        ? []
        : [
            `no etcd member answers: ${members.map(({ name }) => name).join(', ')} stays in the member list, and counts for the quorum`,
          ]),
    ],
  };
}

/**
 * Puts the removal of a Node ahead of that of its etcd member: a kubelet whose own API server has lost its etcd
 * hears no more that its Pods shall end.
 */
export function drainBeforeMembers(
  membership: readonly EtcdStep[],
  clusterSteps: readonly ClusterStep[],
): Leave & Pick<Plan, 'clusterSteps'> {
  const gone = membership.filter(({ operation }) => operation.kind === 'remove').map(({ host }) => host);
  const isFirst = (step: ClusterStep): step is NodeRemovalStep =>
    step.type === 'remove-node' && gone.includes(step.node);
  return {
    membership: betweenSnapshotAndRest(membership, clusterSteps.filter(isFirst)),
    clusterSteps: clusterSteps.filter((step) => !isFirst(step)),
  };
}

/** Changes of membership begin with their snapshot. */
function betweenSnapshotAndRest(
  [snapshot, ...rest]: readonly EtcdStep[],
  removals: readonly NodeRemovalStep[],
): Leave['membership'] {
  return snapshot === undefined ? removals : [snapshot, ...removals, ...rest];
}
