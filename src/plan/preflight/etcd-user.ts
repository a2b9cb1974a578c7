import { etcdHosts, type Cluster, type Host } from '../../model/cluster.ts';
import { etcdUserName, newEtcdId } from '../../model/etcd-user.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/** The ID that kboot gives the user that etcd runs as must be free where there is no such user. */
export function etcdUserFree(
  host: Host,
  { facts, etcdIdTaken }: Inspection,
  cluster: Cluster,
): Omit<Finding, 'host'> | undefined {
  const isWanted = cluster.security.etcdUser !== 'root' && etcdHosts(cluster).includes(host);
  if (!isWanted || facts.etcdUser !== undefined || etcdIdTaken !== true) return undefined;
  return {
    check: 'EtcdUser',
    level: 'error',
    message: `the ID ${newEtcdId} of the user ${etcdUserName}, which etcd would run as, is another user's or group's`,
    ...remedyFields(remedies.createEtcdUser({ name: etcdUserName })),
  };
}
