import { randomBytes } from 'node:crypto';
import { images } from '../catalog/images.ts';
import { releaseOf } from '../desire/context.ts';
import { openEtcd, type EtcdClient } from '../etcd/client.ts';
import { openKube } from '../kube/client.ts';
import { etcdHosts, hostsWith } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { steadyKube } from '../verify/kube.ts';
import { verifySecurity } from '../verify/security/run.ts';
import type { SecurityResult } from '../verify/security/types.ts';
import { apiCredentials } from './credentials.ts';
import { connectAll } from './observe/connect.ts';
import { memberSources } from './observe/etcd.ts';
import { refuseUnfounded } from './verify.ts';
import type { Workspace } from './workspace.ts';

/**
 * Looks at what the servers of the cluster serve; returns hosts that could not be reached beside the results.
 * Throws what runVerify throws.
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
  refuseUnfounded(workspace);
  const { cluster, pki, desire } = workspace;
  const credentials = apiCredentials(pki);
  const connections = await connectAll(workspace, cluster.hosts, connect, concurrency, () =>
    Promise.resolve(),
  );
  const { open, failed } = connections;
  const readers = new Map([...open].map(([name, { reader }]) => [name, reader] as const));
  const planes = hostsWith(cluster, 'control-plane').filter(({ name }) => readers.has(name));
  const kubeOf = async ({ name, address }: (typeof planes)[number]): ReturnType<typeof openKube> => {
    const reader = readers.get(name);
    if (reader === undefined) throw new KbootError('E-CONNECT', `${name} is not connected`);
    return await openKube(await reader.forward(address, 6443), credentials);
  };
  const members = memberSources(etcdHosts(cluster), pki, connections);
  const etcd = async (): Promise<EtcdClient | undefined> => {
    for (const { address, reader, credentials: own } of members)
      try {
        return await openEtcd(await reader.forward(address, 2379), address, own);
      } catch (error) {
        if (!(error instanceof KbootError)) throw error;
      }
    return undefined;
  };
  const kube = steadyKube(planes.map((host) => () => kubeOf(host)));
  try {
    if (planes.length === 0)
      throw [...failed.values()][0] ?? new KbootError('E-CONNECT', 'no control-plane host is reachable');
    const results = await verifySecurity({
      ...{ cluster, kube, kubeOf, readers, credentials, etcd, onResult },
      renderer: desire.renderer,
      image: images(releaseOf(desire), cluster.imageRepository).coredns,
      namespace: `kboot-verify-${randomBytes(4).toString('hex')}`,
      etcdCredentials: (host) => members.find(({ name }) => name === host)?.credentials,
    });
    return { results, failed };
  } finally {
    kube.close();
    await connections.close();
  }
}
