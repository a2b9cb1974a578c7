import type { KubeClient, KubeResponse } from '../../src/kube/client.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import type { VerifyNode } from '../../src/verify/types.ts';
import { host, sampleCluster } from './pki.ts';

/** Three nodes, and a load balancer that is not a node. */
export function verifyCluster(changes: Partial<Cluster> = {}): Cluster {
  return sampleCluster({
    controlPlaneEndpoint: { host: '10.99.7.100', port: 8443 },
    hosts: [
      host('cp-1', '10.99.7.11', 'control-plane'),
      host('w-1', '10.99.7.21', 'worker'),
      host('w-2', '10.99.7.22', 'worker'),
      host('lb-1', '10.99.7.31', 'load-balancer'),
    ],
    ...changes,
  });
}

export const hostNames = ['cp-1', 'w-1', 'w-2', 'lb-1'];

export const verifyNodes: readonly VerifyNode[] = ['cp-1', 'w-1', 'w-2'].map((name, index) => ({
  name,
  addresses: { 4: `10.99.7.${index + 50}` },
  servers: { 4: `10.244.${index}.2` },
  client: `10.244.${index}.3`,
}));

/** The same cluster with IPv6 as its second family. */
export function dualStack(changes: Partial<Cluster> = {}): Cluster {
  const cluster = verifyCluster(changes);
  const networking = {
    ...cluster.networking,
    podSubnets: ['10.244.0.0/16', 'fd00:244::/56'],
    serviceSubnets: ['10.96.0.0/12', 'fd00:96::/112'],
  };
  return { ...cluster, networking };
}

export const dualStackNodes: readonly VerifyNode[] = verifyNodes.map((node, index) => ({
  ...node,
  addresses: { ...node.addresses, 6: `fd00:7::${index + 50}` },
  servers: { ...node.servers, 6: `fd00:244:0:${index}::2` },
}));

export interface FakeKube extends KubeClient {
  /** `METHOD PATH` of each request. */
  readonly requests: string[];
}

/** An API made from one function. */
export function fakeKube(
  answer: (method: string, path: string, body: unknown) => KubeResponse | Promise<KubeResponse>,
): FakeKube {
  const requests: string[] = [];
  return {
    requests,
    async request(method, path, options) {
      requests.push(`${method} ${path}`);
      return await answer(method, path, options?.body);
    },
    close: () => undefined,
  };
}

export const ok = (body: unknown): KubeResponse => ({ status: 200, body });
export const items = (...list: unknown[]): KubeResponse => ok({ items: list });
export const missing: KubeResponse = { status: 404, body: { message: 'not found' } };

/** A Pod as the API lists it. */
export function pod(app: string, node: string, status: object): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${app}-${node}` },
    spec: { nodeName: node },
    status,
  };
}

export const readyStatus = (podIP: string, ...more: readonly string[]): object => ({
  podIP,
  podIPs: [podIP, ...more].map((ip) => ({ ip })),
  conditions: [{ type: 'Ready', status: 'True' }],
});
