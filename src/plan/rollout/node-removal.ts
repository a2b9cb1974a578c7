import type { KubeObject } from '../../kube/types.ts';
import type { ClusterObservation } from '../cluster-wants.ts';
import { isReady } from './ready.ts';
import type { NodeRemovalStep } from '../types.ts';

/** Marks the Nodes that came by way of an inventory: only such a one goes when it leaves the inventory. */
export const managedBy = 'kboot.dev/managed-by';

export function isManaged(node: KubeObject): boolean {
  return node.metadata.annotations?.[managedBy] === 'kboot';
}

/** Seconds that Pods may take to end elsewhere, disruption budgets and grace periods included. */
const drainSeconds = 300;

/** Removal of the Nodes that leave, of those that are in the API. A Node that is not Ready cannot end its Pods. */
export function nodeRemovals(
  seen: ClusterObservation,
  leaves: (node: KubeObject) => boolean,
  why: string,
): NodeRemovalStep[] {
  if (seen.state !== 'present') return [];
  return [...seen.nodes.values()].filter(leaves).map(({ metadata: { name } }) => {
    const ready = isReady(seen, 'nodes', name);
    return {
      type: 'remove-node',
      id: `cluster: removes Node ${name}`,
      stage: 'node',
      verb: 'delete',
      resource: `Node ${name}`,
      reason: ready
        ? `${why}: cordoned, its Pods evicted (${drainSeconds} s at most), then deleted`
        : `${why}; it is not Ready: deleted at once, without a drain`,
      node: name,
      ...(ready && { drain: { timeoutSeconds: drainSeconds } }),
    };
  });
}
