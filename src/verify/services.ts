import { refused, type KubeClient } from '../kube/client.ts';
import { pause } from './kube.ts';
import type { Services } from './checks.ts';

interface ServiceBody {
  readonly spec?: {
    readonly clusterIP?: string;
    readonly ports?: readonly { readonly name?: string; readonly nodePort?: number }[];
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

/** Addresses that the API gave the Services of verify; the one of the load balancer comes later. */
export async function readServices(kube: KubeClient, namespace: string): Promise<Omit<Services, 'backends'>> {
  const [clusterIP, nodePort] = await Promise.all([
    readService(kube, namespace, 'cluster-ip'),
    readService(kube, namespace, 'node-port'),
  ]);
  return {
    namespace,
    clusterIP: clusterIP.spec?.clusterIP ?? '',
    nodePort: nodePort.spec?.ports?.find(({ name }) => name === 'tcp')?.nodePort ?? 0,
  };
}

/** The address that MetalLB gave; undefined when it gave none in time. */
export async function waitForLoadBalancer(
  kube: KubeClient,
  namespace: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { status } = await readService(kube, namespace, 'load-balancer');
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
