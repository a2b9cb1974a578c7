import type { KubeObject } from '../../kube/types.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { NodeStep } from '../types.ts';
import { isReady } from './ready.ts';

/** Marks Nodes of inventory hosts: only a marked Node is removed when its host leaves the inventory. */
export const managedBy = 'kboot.dev/managed-by';

export function isManaged(node: KubeObject): boolean {
  return node.metadata.annotations?.[managedBy] === 'kboot';
}

/** Maximum seconds of an eviction, disruption budgets and grace periods included. */
const drainSeconds = 300;

/** How one Node is removed from the API. */
export interface NodeRemoval {
  readonly node: string;
  readonly steps: readonly NodeStep[];
}

/** Removal of the Nodes that leave and exist in the API. A Node that is not Ready cannot terminate its Pods. */
export function nodeRemovals(
  seen: ClusterObservation,
  leaves: (node: KubeObject) => boolean,
  why: string,
): NodeRemoval[] {
  if (seen.state !== 'present') return [];
  return [...seen.nodes.values()].filter(leaves).map(({ metadata: { name } }) => {
    const ready = isReady(seen, 'nodes', name);
    const base = { type: 'node', target: { kind: 'node', name }, node: name, effects: [] } as const;
    const drain: NodeStep = {
      ...base,
      id: `cluster: drains Node ${name}`,
      verb: 'update',
      reason: `cordoned, its Pods evicted (${drainSeconds} s at most)`,
      operation: { kind: 'drain' },
      timeoutSeconds: drainSeconds,
    };
    const remove: NodeStep = {
      ...base,
      id: `cluster: removes Node ${name}`,
      verb: 'delete',
      reason: ready ? why : `${why}; it is not Ready, so it is not drained`,
      operation: { kind: 'delete' },
      timeoutSeconds: 60,
    };
    return { node: name, steps: ready ? [drain, remove] : [remove] };
  });
}
