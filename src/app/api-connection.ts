import type { HostAddress } from '../apply/context.ts';
import { KubeConnection } from '../apply/kube-connection.ts';
import { hostsWith, type Cluster, type Host } from '../model/cluster.ts';
import type { Pki } from '../pki/types.ts';
import { apiCredentials } from './credentials.ts';
import type { Connections } from './observe/connect.ts';

/** Hosts with the addresses of their nodes. */
export function addressed(hosts: readonly Host[]): readonly HostAddress[] {
  return hosts.map(({ name, address }) => ({ host: name, address }));
}

/** The API through whichever control plane is connected and answers, as the administrator. The caller closes it. */
export function apiConnection(
  cluster: Cluster,
  { open }: Pick<Connections, 'open'>,
  pki: Pki,
): KubeConnection {
  return new KubeConnection(
    {
      connections: open,
      apiHosts: addressed(hostsWith(cluster, 'control-plane')),
      materials: () => Promise.resolve({ kubeCredentials: () => apiCredentials(pki) }),
    },
    new Set(),
  );
}
