import { etcdHosts } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { EtcdSeen } from '../../plan/etcd/membership.ts';
import type { Connections } from './connect.ts';
import { etcdCredentials } from '../credentials.ts';
import type { Workplace } from '../workplace.ts';

/** Asks the members on the hosts that hold etcd data. `absent`: no connected host holds any. */
export async function seeEtcd(
  { cluster, pki }: Workplace,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
): Promise<EtcdSeen> {
  const hosts = etcdHosts(cluster);
  const dataOf = (name: string): Inspection['etcdData'] => inspections.get(name)?.etcdData ?? 'unknown';
  if (!hosts.some(({ name }) => dataOf(name) === 'present')) return { state: 'absent' };
  // HTTP and TLS cost start-up time that offline plans need not pay.
  const { observeEtcd } = await import('../../observe/etcd.ts');
  return observeEtcd(
    hosts.flatMap(({ name, address }) => {
      const reader = connections.open.get(name)?.reader;
      if (dataOf(name) === 'absent' || reader === undefined || !pki.isIssued('etcd-healthcheck-client', name))
        return [];
      return [{ name, address, reader, credentials: etcdCredentials(pki, name) }];
    }),
  );
}
