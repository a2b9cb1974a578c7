import { etcdHosts, hostsWith, isNode, type Cluster, type Host } from '../../model/cluster.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { EtcdHost, EtcdObservation } from '../../observe/etcd.ts';
import { planMembership } from '../etcd/membership.ts';
import { membershipSteps, type MembershipSteps } from '../etcd/steps.ts';
import { removedNodesSteps } from '../diff/removed-nodes.ts';
import type { ApplyStep, DeleteStep } from '../types.ts';
import { nodeRemovals, type NodeRemoval } from './node-removal.ts';

export interface LeaveInput {
  readonly cluster: Cluster;
  /** Hosts that will be wiped. */
  readonly leaving: readonly Host[];
  /** As reported by the hosts that stay. */
  readonly api: ClusterObservation;
  readonly etcd: EtcdObservation;
  readonly peerURL: (host: Host) => string;
}

/** How hosts leave a cluster that continues without them. */
export interface Leave extends MembershipSteps {
  readonly nodes: readonly NodeRemoval[];
  readonly removedNodes: readonly (ApplyStep | DeleteStep)[];
  /** What is left in the cluster if the API or etcd does not respond. */
  readonly warnings: readonly string[];
}

/**
 * How hosts leave a cluster that continues without them: drained, their Nodes deleted, then their etcd members
 * removed, before anything on them stops. Nothing if no control plane stays: then the whole cluster is removed.
 * Throws E-QUORUM as planMembership does.
 */
export function planLeave(input: LeaveInput): Leave {
  const { cluster, leaving, api, etcd } = input;
  const stays = (host: Host): boolean => !leaving.includes(host);
  const nodes = leaving.filter(isNode).map(({ name }) => name);
  const members = etcdHosts(cluster).filter((host) => !stays(host));
  if (leaving.length === 0 || !hostsWith(cluster, 'control-plane').some(stays))
    return { snapshot: undefined, removals: [], nodes: [], removedNodes: [], warnings: [] };
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
  const { snapshot, removals } = membershipSteps({ hosts: [], remove });
  const removal = nodeRemovals(api, (node) => nodes.includes(node.metadata.name), 'its host is reset');
  return {
    snapshot,
    removals: removals.map((step) => ({ ...step, reason: 'its host is reset' })),
    nodes: removal,
    removedNodes: removedNodesSteps(
      removal.map(({ node }) => node),
      cluster.hosts.filter(stays).map(({ name }) => name),
      api,
    ),
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
