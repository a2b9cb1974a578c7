import { hasExternalEtcd, hostsWith, type Cluster, type Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/** API servers must keep using the etcd that has the cluster's data: with another they would serve an empty cluster. */
export function etcdMoved(host: Host, seen: Inspection, cluster: Cluster): Omit<Finding, 'host'> | undefined {
  if (seen.etcdServers.length === 0 || !host.roles.includes('control-plane')) return undefined;
  const wanted = wantedServers(cluster);
  if (seen.etcdServers.some((server) => wanted.includes(server))) return undefined;
  return {
    check: 'EtcdServers',
    level: 'error',
    message: `its API server uses etcd ${seen.etcdServers.join(', ')}, the inventory specifies ${wanted[0] ?? 'another'}${wanted.length > 1 ? ' and others' : ''}; kboot does not move data`,
    ...remedyFields(remedies.changeBack),
  };
}

function wantedServers(cluster: Cluster): readonly string[] {
  if (cluster.etcd.external !== undefined) return cluster.etcd.external.endpoints;
  if (!hasExternalEtcd(cluster)) return ['https://127.0.0.1:2379', 'https://[::1]:2379'];
  return hostsWith(cluster, 'etcd').map(
    ({ address }) => `https://${address.includes(':') ? `[${address}]` : address}:2379`,
  );
}
