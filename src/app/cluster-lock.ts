import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { takeClusterLock, type ClusterLock } from '../apply/lock/cluster-lock.ts';
import type { Holder } from '../apply/lock/holder.ts';
import { lockHosts } from '../model/cluster.ts';
import { loginName } from '../store/lock.ts';
import { thisProcess } from '../store/process-identity.ts';
import { apiConnection } from './api-connection.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { connectAll, type Connections } from './observe/connect.ts';
import type { Workspace } from './workspace.ts';

/** This kboot, whatever it runs. */
const run = randomBytes(8).toString('hex');

/**
 * Takes the lock of the cluster for `command` on the control planes that are connected, one exec each, and in the API.
 * `lost`: hosts that are given up for good. Throws KbootError E-LOCKED with another run's name.
 */
export async function lockCluster(
  { cluster, pki }: Pick<Workspace, 'cluster' | 'pki'>,
  connections: Pick<Connections, 'open'>,
  command: string,
  { say, lost = [] }: { readonly say: (text: string) => void; readonly lost?: readonly string[] },
): Promise<ClusterLock> {
  const hosts = lockHosts(cluster).map(({ name }) => name);
  const api = pki.isIssued('super-admin') ? apiConnection(cluster, connections, pki) : undefined;
  const lock = await takeClusterLock({
    writers: hosts.flatMap((name) => connections.open.get(name)?.writer ?? []),
    hosts: hosts.filter((name) => !lost.includes(name)),
    holder: holderOf(command),
    ...{ api, say },
  });
  return {
    ...lock,
    release: async (changed) => {
      await lock.release(changed);
      api?.close();
    },
  };
}

/** Connects to the hosts of the lock to which a command is not connected. `close` closes these; `open` has all. */
export async function connectLockHosts(
  workspace: Workspace,
  { open, failed }: Pick<Connections, 'open' | 'failed'>,
  connect: ConnectOptions,
  concurrency: number,
): Promise<Connections> {
  const missing = lockHosts(workspace.cluster).filter(({ name }) => !open.has(name) && !failed.has(name));
  const others = await connectAll(workspace, missing, connect, concurrency, () => Promise.resolve());
  return { ...others, open: new Map([...open, ...others.open]) };
}

function holderOf(command: string): Holder {
  return {
    ...{ token: randomBytes(16).toString('hex'), run, command, user: loginName() ?? '?', host: hostname() },
    ...{ ...thisProcess(), since: new Date().toISOString() },
  };
}
