import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { KubeConnection } from '../apply/kube-connection.ts';
import { takeClusterLock, type ClusterLock } from '../apply/lock/cluster-lock.ts';
import type { Holder } from '../apply/lock/holder.ts';
import { hostsWith, lockHosts } from '../model/cluster.ts';
import { thisProcess } from '../store/process-identity.ts';
import { apiCredentials } from './credentials.ts';
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
  const kube = new KubeConnection(
    {
      connections: connections.open,
      apiHosts: hostsWith(cluster, 'control-plane').map(({ name, address }) => ({ host: name, address })),
      materials: () => Promise.resolve({ kubeCredentials: () => apiCredentials(pki) }),
    },
    new Set(),
  );
  const lock = await takeClusterLock({
    writers: hosts.flatMap((name) => connections.open.get(name)?.writer ?? []),
    hosts: hosts.filter((name) => !lost.includes(name)),
    holder: holderOf(command),
    api: pki.isIssued('super-admin') ? kube : undefined,
    say,
  });
  return {
    ...lock,
    release: async (changed) => {
      await lock.release(changed);
      kube.close();
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
    ...{ token: randomBytes(16).toString('hex'), run, command, user: userName(), host: hostname() },
    ...{ ...thisProcess(), since: new Date().toISOString() },
  };
}

/** `?` for a user whom the system does not know. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '?';
  }
}
