import type { HostChange } from '../diff/host.ts';
import type { MembershipSteps } from '../etcd/steps.ts';
import type { NodeRemoval } from '../rollout/node-removal.ts';
import type { ApplyStep, DeleteStep, Dependency, Phase } from '../types.ts';
import { oneByOne, phase } from './build.ts';

/** Hosts that join and leave, one after another, before any other change. */
export interface MembershipWork extends MembershipSteps {
  /** Load balancers that must know a new peer before it starts. */
  readonly peers: readonly HostChange[];
  /** Nodes that leave together with their etcd member. */
  readonly nodes: readonly NodeRemoval[];
  /** Changes of the list of nodes that may not register. */
  readonly removedNodes: readonly (ApplyStep | DeleteStep)[];
}

/**
 * Join and leave, in order: the list of nodes that may not register; load balancers get their new peer; a snapshot;
 * Nodes are drained and deleted; etcd members are removed. A Node is drained before its etcd member is removed: once its
 * own API server has lost its etcd, a kubelet no longer learns which Pods to terminate.
 */
export function membershipPhase(work: MembershipWork, needs: readonly Dependency[]): Phase | undefined {
  const { removedNodes, peers, snapshot, nodes, removals } = work;
  return phase('membership', 'etcd', 'membership', needs, [
    ...oneByOne(removedNodes.length === 0 ? [] : [{ on: 'cluster', steps: removedNodes }]),
    ...oneByOne(peers.map(({ host, step }) => ({ on: { host }, steps: [step] }))),
    ...oneByOne(snapshot === undefined ? [] : [{ on: 'cluster', steps: [snapshot] }]),
    ...oneByOne(nodes.map(({ on, steps }) => ({ on, steps }))),
    ...oneByOne(removals.map((step) => ({ on: 'cluster', steps: [step] }))),
  ]);
}
