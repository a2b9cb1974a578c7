import { includes, networkOf } from '../inventory/address.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Cluster } from '../model/cluster.ts';
import { listObjects } from './kube.ts';

/** A Pod that runs with addresses outside the Pod network: it is not reachable from other nodes. */
export interface StrayPod {
  /** `kube-system/coredns-…` */
  readonly name: string;
  readonly node: string;
  readonly addresses: readonly string[];
}

/** Those of `addresses` that are in none of spec.networking.podSubnet. */
export function outsidePodNetwork(
  { networking }: Pick<Cluster, 'networking'>,
  addresses: readonly string[],
): readonly string[] {
  const networks = networking.podSubnets.map(networkOf).filter((network) => network !== undefined);
  return addresses.filter((text) => {
    const address = networkOf(text);
    return address !== undefined && !networks.some((network) => includes(network, address));
  });
}

/** Every running Pod of the cluster with an address of its own that is outside the Pod network. */
export async function strayPods(kube: KubeClient, cluster: Cluster): Promise<readonly StrayPod[]> {
  const pods = await listObjects(kube, '/api/v1/pods?fieldSelector=status.phase%3DRunning');
  return pods.flatMap((pod) => {
    const { hostNetwork, nodeName = '' } = (pod['spec'] ?? {}) as PodSpec;
    if (hostNetwork === true) return [];
    const addresses = outsidePodNetwork(cluster, podAddresses(pod));
    const { namespace = '', name } = pod.metadata;
    return addresses.length === 0 ? [] : [{ name: `${namespace}/${name}`, node: nodeName, addresses }];
  });
}

/** Why a Pod has such addresses, and what to do. */
export function whyStray({ networking }: Pick<Cluster, 'networking'>, addresses: readonly string[]): string {
  const outside = `its address ${addresses.join(', ')} is outside the Pod network ${networking.podSubnets.join(', ')}`;
  if (networking.flannel === undefined)
    return `${outside}: your CNI gives out other addresses; set its network to spec.networking.podSubnet, then delete the Pod`;
  return `${outside}: when it started, its node used a configuration in /etc/cni/net.d that is not flannel's. \`kboot plan\` shows it, \`kboot up\` puts it by; then delete the Pod`;
}

interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly nodeName?: string;
}

function podAddresses(pod: KubeObject): readonly string[] {
  const { podIP, podIPs } = (pod['status'] ?? {}) as {
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
  };
  return podIPs?.map(({ ip }) => ip) ?? (podIP === undefined ? [] : [podIP]);
}
