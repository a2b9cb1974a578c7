import { conditionOf } from '../kube/readiness.ts';
import type { ClusterObservation } from './cluster-wants.ts';

/** Whether a Node or control-plane Pod was seen with the condition Ready. */
export function isReady(seen: ClusterObservation, list: 'pods' | 'nodes', name: string): boolean {
  const object = seen.state === 'present' ? seen[list].get(name) : undefined;
  return object !== undefined && conditionOf(object, 'Ready')?.status === 'True';
}
