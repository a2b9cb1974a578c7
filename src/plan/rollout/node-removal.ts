import type { KubeObject } from '../../kube/types.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { FormerHost } from '../../observe/former-host.ts';
import type { DrainPolicy, Location, NodeStep, ShellStep } from '../types.ts';
import { isReady } from './ready.ts';

/** Marks Nodes of inventory hosts: only a marked Node is removed when its host leaves the inventory. */
export const managedBy = 'kboot.dev/managed-by';

export function isManaged(node: KubeObject): boolean {
  return node.metadata.annotations?.[managedBy] === 'kboot';
}

/** A Node that leaves loses every Pod; the time includes disruption budgets and grace periods. */
const leaving: DrainPolicy = {
  timeoutSeconds: 300,
  deleteEmptyDirData: true,
  force: true,
  leaves: 'cordoned',
};

/** How one Node is removed from the API. */
export interface NodeRemoval {
  readonly node: string;
  /** Its host, if its kubelet is stopped there. */
  readonly on: Location;
  readonly steps: readonly (NodeStep | ShellStep)[];
}

/** Removal of the Nodes that leave and exist in the API. A Node that is not Ready cannot terminate its Pods. */
export function nodeRemovals(
  seen: ClusterObservation,
  leaves: (node: KubeObject) => boolean,
  why: string,
  former: ReadonlyMap<string, FormerHost> = new Map(),
): NodeRemoval[] {
  if (seen.state !== 'present') return [];
  return [...seen.nodes.values()].filter(leaves).map(({ metadata: { name } }) => {
    const ready = isReady(seen, 'nodes', name);
    const base = { type: 'node', target: { kind: 'node', name }, node: name, effects: [] } as const;
    const drain: NodeStep = {
      ...base,
      id: `cluster: drains Node ${name}`,
      verb: 'update',
      reason: `cordoned, its Pods evicted (${leaving.timeoutSeconds} s at most)`,
      operation: { kind: 'drain', policy: leaving },
      timeoutSeconds: leaving.timeoutSeconds,
    };
    const remove: NodeStep = {
      ...base,
      id: `cluster: removes Node ${name}`,
      verb: 'delete',
      reason: ready ? why : `${why}; it is not Ready, so it is not drained`,
      operation: { kind: 'delete' },
      timeoutSeconds: 60,
    };
    const host = former.get(name);
    const stop = host?.state === 'reached' && host.kubelet === 'on' ? [stopKubelet(name)] : [];
    return {
      node: name,
      on: stop.length === 0 ? 'cluster' : { host: name },
      steps: [...(ready ? [drain] : []), ...stop, remove],
    };
  });
}

/** After the drain, for which the kubelet terminates the Pods; before the Node is deleted, or a boot brings it back. */
function stopKubelet(host: string): ShellStep {
  return {
    type: 'shell',
    id: `${host}: stops kubelet`,
    verb: 'delete',
    target: { kind: 'unit', name: 'kubelet' },
    reason: 'stopped and disabled: its host left the inventory',
    effects: [{ component: 'kubelet', kind: 'stop' }],
    script: 'systemctl disable --now kubelet.service 2>&1',
    timeoutSeconds: 120,
  };
}
