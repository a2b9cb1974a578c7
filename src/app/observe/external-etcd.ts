import { etcdPrefix } from '../../desire/text/kube-apiserver.ts';
import { hostsWith } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import type { EtcdAnswer } from '../../observe/foreign-etcd.ts';
import type { Connections } from './connect.ts';
import type { Workspace } from '../workspace.ts';

/**
 * Queries the etcd that kboot does not run, through every connected control-plane host; undefined if kboot runs
 * etcd. Throws KbootError E-PKI if its files could not be read.
 */
export async function askExternalEtcd(
  { cluster, foreignEtcd }: Workspace,
  connections: Connections,
): Promise<readonly EtcdAnswer[] | undefined> {
  const { external } = cluster.etcd;
  if (external === undefined) return undefined;
  if (foreignEtcd === undefined)
    throw new KbootError('E-PKI', 'the files of spec.etcd.external cannot be used; etcd was not queried');
  // TLS and HTTP cost start-up time that offline plans need not pay.
  const { observeForeignEtcd } = await import('../../observe/foreign-etcd.ts');
  const readers = hostsWith(cluster, 'control-plane').flatMap(
    ({ name }) => connections.open.get(name)?.reader ?? [],
  );
  return await observeForeignEtcd(readers, external.endpoints, foreignEtcd, etcdPrefix(cluster));
}
