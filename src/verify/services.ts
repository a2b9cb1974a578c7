import { refused, type KubeClient } from '../kube/client.ts';
import type { Family } from '../inventory/address.ts';
import { pause } from './kube.ts';
import type { Services } from './checks.ts';
import { byFamily } from './family.ts';

interface ServiceBody {
  readonly spec?: {
    readonly clusterIPs?: readonly string[];
    readonly ports?: readonly { readonly name?: string; readonly nodePort?: number }[];
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

/** Name of the Service that requests an address of one family from MetalLB. */
export function loadBalancerName(family: Family): string {
  return `load-balancer-ipv${family}`;
}

/** Addresses that the API assigned to the Services of verify; load-balancer addresses are assigned later. */
export async function readServices(
  kube: KubeClient,
  namespace: string,
): Promise<Pick<Services, 'namespace' | 'clusterIPs' | 'nodePort'>> {
  const [clusterIP, nodePort] = await Promise.all([
    readService(kube, namespace, 'cluster-ip'),
    readService(kube, namespace, 'node-port'),
  ]);
  return {
    namespace,
    clusterIPs: byFamily(clusterIP.spec?.clusterIPs ?? []),
    nodePort: nodePort.spec?.ports?.find(({ name }) => name === 'tcp')?.nodePort ?? 0,
  };
}

/** The address that MetalLB assigned; undefined if it assigned none in time. */
export async function waitForLoadBalancer(
  kube: KubeClient,
  namespace: string,
  family: Family,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { status } = await readService(kube, namespace, loadBalancerName(family));
    const address = status?.loadBalancer?.ingress?.[0]?.ip;
    if (address !== undefined || Date.now() > deadline || signal.aborted) return address;
    await pause(500, signal);
  }
}

async function readService(kube: KubeClient, namespace: string, name: string): Promise<ServiceBody> {
  const response = await kube.request('GET', `/api/v1/namespaces/${namespace}/services/${name}`);
  if (response.status !== 200) throw refused(`reading Service ${name}`, response);
  return response.body as ServiceBody;
}
