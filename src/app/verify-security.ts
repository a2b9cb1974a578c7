import { etcdClientPort } from '../desire/text/address.ts';
import { openEtcd, type EtcdClient } from '../etcd/client.ts';
import { etcdHosts } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { verifySecurity } from '../verify/security/run.ts';
import type { SecurityResult } from '../verify/security/types.ts';
import { memberSources } from './observe/etcd.ts';
import { withAccess } from './verify.ts';
import type { Workspace } from './workspace.ts';

/**
 * Looks at what the servers of the cluster serve; returns hosts that could not be reached beside the results.
 * Throws as withAccess does, and E-KUBE-API if the namespace cannot be made.
 */
export async function runVerifySecurity(
  workspace: Workspace,
  connect: ConnectOptions,
  concurrency: number,
  onResult: (result: SecurityResult) => void,
): Promise<{
  readonly results: readonly SecurityResult[];
  readonly failed: ReadonlyMap<string, KbootError>;
}> {
  const { cluster, pki } = workspace;
  const { result: results, failed } = await withAccess(workspace, connect, concurrency, (access) => {
    const members = memberSources(etcdHosts(cluster), pki, access.connections);
    const etcd = async (): Promise<EtcdClient | undefined> => {
      for (const { address, reader, credentials } of members)
        try {
          return await openEtcd(await reader.forward(address, etcdClientPort), address, credentials);
        } catch (error) {
          if (!(error instanceof KbootError)) throw error;
        }
      return undefined;
    };
    const etcdCredentials = (host: string): (typeof members)[number]['credentials'] | undefined =>
      members.find(({ name }) => name === host)?.credentials;
    return verifySecurity({ ...access, etcd, etcdCredentials, onResult });
  });
  return { results, failed };
}
