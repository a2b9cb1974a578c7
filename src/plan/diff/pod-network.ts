import { includes, networkOf } from '../../inventory/address.ts';
import type { DesiredCluster } from '../../kube/desired-cluster.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';

/** The bridge of the Pods on a node. */
export const bridge = 'cni0';

/** flannel sets it on its Node when it starts (pkg/subnet/kube/annotations.go); without it other nodes have no route here. */
const flannelMark = 'flannel.alpha.coreos.com/kube-subnet-manager';

/** What keeps Pods on one node from starting or from being reached, each in words; undefined: nothing. */
export interface PodNetworkState {
  /** The kubelet runs, and the API has no Node for it. */
  readonly unregistered: string | undefined;
  /** Why flannel must restart here. */
  readonly flannel: string | undefined;
  /** Why the bridge must be replaced. */
  readonly bridge: string | undefined;
}

export type PodNetworkFacts = Pick<
  Inspection,
  'kubeletActive' | 'flannelSubnets' | 'flannelRuns' | 'addresses'
>;

/**
 * Whether Node, flannel and bridge of a host agree. A Node that was deleted and registers again gets another podCIDR;
 * flannel reads it only when it starts, and the bridge keeps its address (plugins/main/bridge, ensureAddr: "already has
 * an IP address different from"). `node`: undefined if the API has none. Of a Pod network that is not kboot's, only the
 * Node is looked at.
 */
export function podNetworkState(
  host: PodNetworkFacts,
  node: KubeObject | undefined,
  foreignCni = false,
): PodNetworkState {
  if (foreignCni)
    return podNetworkState({ ...host, flannelSubnets: [], flannelRuns: false, addresses: [] }, node);
  const bridged = bridgeAddresses(host);
  if (node === undefined) {
    const next = 'the Node registers with another podCIDR';
    return {
      unregistered: host.kubeletActive
        ? 'the API has no Node for it; the kubelet registers only when it starts'
        : undefined,
      flannel: host.flannelSubnets.length > 0 || host.flannelRuns ? next : undefined,
      bridge: bridged.length > 0 ? next : undefined,
    };
  }
  const podCIDRs = podCIDRsOf(node);
  if (podCIDRs.length === 0) return { unregistered: undefined, flannel: undefined, bridge: undefined };
  const own = `the Node's podCIDR is ${podCIDRs.join(', ')}`;
  return {
    unregistered: undefined,
    flannel: flannelTrouble(host, node, podCIDRs, own),
    bridge: bridged.every((address) => isIn(address, podCIDRs))
      ? undefined
      : `${bridge} has ${bridged.join(', ')}; ${own}`,
  };
}

/** The states of these nodes whose hosts were read; empty if the API was not. */
export function podNetworkStates(
  { nodes, foreignCni }: Pick<DesiredCluster, 'nodes' | 'foreignCni'>,
  hosts: ReadonlyMap<string, PodNetworkFacts>,
  api: ClusterObservation | undefined,
): ReadonlyMap<string, PodNetworkState> {
  if (api?.state !== 'present') return new Map();
  return new Map(
    nodes.flatMap(({ name }) => {
      const host = hosts.get(name);
      return host === undefined
        ? []
        : [[name, podNetworkState(host, api.nodes.get(name), foreignCni)] as const];
    }),
  );
}

/** The state in one sentence; undefined if everything agrees. */
export function podNetworkText({ unregistered, flannel, bridge: link }: PodNetworkState): string | undefined {
  return unregistered ?? flannel ?? link;
}

/** `10.244.1.0/24`, one per family; empty until the controller manager has assigned them. */
export function podCIDRsOf(node: KubeObject): readonly string[] {
  const { podCIDR, podCIDRs } = (node['spec'] ?? {}) as {
    readonly podCIDR?: string;
    readonly podCIDRs?: readonly string[];
  };
  return podCIDRs ?? (podCIDR === undefined ? [] : [podCIDR]);
}

function flannelTrouble(
  { flannelSubnets, flannelRuns }: PodNetworkFacts,
  node: KubeObject,
  podCIDRs: readonly string[],
  own: string,
): string | undefined {
  const file = '/run/flannel/subnet.env';
  if (flannelSubnets.length === 0) return flannelRuns ? `flannel runs, but ${file} is missing` : undefined;
  if (flannelSubnets.length !== podCIDRs.length || !flannelSubnets.every((each) => isIn(each, podCIDRs)))
    return `${file} has ${flannelSubnets.join(', ')}; ${own}`;
  return flannelRuns && node.metadata.annotations?.[flannelMark] !== 'true'
    ? 'its Node lacks what flannel wrote into it, so other nodes have no route to its Pods'
    : undefined;
}

/** Link-local addresses are the kernel's. */
function bridgeAddresses({ addresses }: PodNetworkFacts): readonly string[] {
  return addresses.flatMap(({ interface: link, address, prefix }) =>
    link === bridge && !address.startsWith('fe80:') ? [`${address}/${prefix}`] : [],
  );
}

function isIn(address: string, networks: readonly string[]): boolean {
  const own = networkOf(address);
  return (
    own !== undefined &&
    networks.some((each) => {
      const network = networkOf(each);
      return network !== undefined && includes(network, own) && includes(own, network);
    })
  );
}
