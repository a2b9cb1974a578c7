import { alignBridge } from '../../resource/bridge.ts';
import { bridge, type PodNetworkState } from '../diff/pod-network.ts';
import type { HostChange } from '../diff/host.ts';
import type { NodeStep, ShellStep } from '../types.ts';

/** How the Pod network of one host is repaired: once its Node is registered, in this order, in one task. */
export interface PodNetworkRepair {
  readonly host: string;
  readonly steps: readonly (NodeStep | ShellStep)[];
}

/** Seconds until a restarted flannel is Ready: its image is on the host, and the Node may have just registered. */
const flannelSeconds = 180;

/** The repair that a state needs; undefined: none. */
function podNetworkRepair(host: string, state: PodNetworkState): PodNetworkRepair | undefined {
  const { flannel, bridge: link } = state;
  if (flannel === undefined && link === undefined) return undefined;
  const restart: NodeStep = {
    type: 'node',
    id: `cluster: restarts flannel on ${host}`,
    verb: 'restart',
    target: { kind: 'node', name: host },
    reason: `flannel restarts: ${flannel ?? ''}`,
    effects: [{ component: 'flannel', kind: 'restart' }],
    node: host,
    operation: { kind: 'restart-flannel' },
    timeoutSeconds: flannelSeconds,
  };
  const align: ShellStep = {
    type: 'shell',
    id: `${host}: pod-network ${bridge}`,
    verb: 'update',
    target: { kind: 'pod-network', name: bridge },
    reason: `replaced, and the Pods on it restart in place, unless it has the address of the Node's podCIDR: ${link ?? flannel ?? ''}`,
    effects: [],
    script: alignBridge,
    timeoutSeconds: 120,
  };
  return { host, steps: [...(flannel === undefined ? [] : [restart]), align] };
}

/**
 * The repairs of the hosts in these states. A host that loses what an earlier cluster left has nothing else to repair:
 * its Pods have not started yet.
 */
export function podNetworkRepairs(
  states: ReadonlyMap<string, PodNetworkState>,
  changes: readonly HostChange[],
): readonly PodNetworkRepair[] {
  const cleared = new Set(
    changes.flatMap(({ host, step }) =>
      step.target.kind === 'pod-network' && step.verb === 'delete' ? [host] : [],
    ),
  );
  return [...states].flatMap(([host, state]) =>
    cleared.has(host) ? [] : (podNetworkRepair(host, state) ?? []),
  );
}
