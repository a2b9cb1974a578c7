import { setTimeout as sleep } from 'node:timers/promises';
import { decodeHolder, type Holder } from '../apply/lock/holder.ts';
import { HostLock } from '../apply/lock/host-lock.ts';
import { leaseHolder, removeLease } from '../apply/lock/lease.ts';
import { lookScript } from '../apply/lock/program.ts';
import { clusterLockTimes } from '../apply/lock/times.ts';
import { lockHosts } from '../model/cluster.ts';
import type { Pki } from '../pki/types.ts';
import { processState } from '../store/process-identity.ts';
import type { ConnectOptions, Reader } from '../transport/types.ts';
import { apiConnection } from './api-connection.ts';
import { connectAll, type ClusterPlace, type Connections } from './observe/connect.ts';

/** One acquisition of the cluster's lock, as hosts and the API show it. */
export interface FoundClusterLock {
  readonly token: string;
  /** undefined: it does not say who it is. */
  readonly holder: Holder | undefined;
  readonly hosts: readonly string[];
  /** Whether it has the Lease. */
  readonly lease: boolean;
  /** Milliseconds since its last heartbeat, where that was last; undefined if only the Lease shows it. */
  readonly ageMs: number | undefined;
  /** Whether its process runs: on this machine, or by the heartbeats that it sends. */
  readonly life: 'lives' | 'gone' | 'unknown';
}

interface Seen {
  readonly host: string;
  readonly token: string;
  readonly holder: Holder | undefined;
  readonly ageMs: number;
}

/** Access to the cluster's lock. The caller closes it. */
export interface ClusterLockView {
  /** What could not be reached is in `failed`. */
  readonly connections: Connections;
  readonly locks: readonly FoundClusterLock[];
  /** false: another run has the lock now. */
  remove(lock: FoundClusterLock): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Looks at the lock of a cluster, on its control planes and in its API if `pki` gives access to it; for some seconds if a
 * heartbeat may show that its holder lives. Changes nothing.
 */
export async function viewClusterLock(
  place: ClusterPlace,
  pki: Pki | undefined,
  connect: ConnectOptions,
  concurrency: number,
): Promise<ClusterLockView> {
  const { cluster } = place;
  const hosts = lockHosts(cluster);
  const connections = await connectAll(place, hosts, connect, concurrency, (_host, { reader }) =>
    look(reader),
  );
  const seen = [...connections.results.values()].flatMap((each) => each ?? []);
  const kube = pki?.isIssued('super-admin') === true ? apiConnection(cluster, connections, pki) : undefined;
  const lease = await kube
    ?.client()
    .then(leaseHolder)
    .catch(() => undefined);
  const tokens = new Set([...seen.map(({ token }) => token), ...(lease ? [lease.holder?.token ?? ''] : [])]);
  const locks = await Promise.all([...tokens].map((token) => foundLock(token)));
  return {
    ...{ connections, locks },
    async remove({ token, hosts: on, lease: hasLease }) {
      for (const name of on) {
        const writer = connections.open.get(name)?.writer;
        if (writer === undefined) continue;
        const lock = await HostLock.open(writer);
        await lock.drop(token, true);
        lock.close();
      }
      if (hasLease && kube !== undefined)
        await removeLease(await kube.client(), token === '' ? undefined : token);
      const after = await Promise.all(
        on.map(async (name) => {
          const reader = connections.open.get(name)?.reader;
          return reader === undefined ? undefined : await look(reader);
        }),
      );
      return after.every((each) => each === undefined);
    },
    async close() {
      kube?.close();
      await connections.close();
    },
  };

  async function foundLock(token: string): Promise<FoundClusterLock> {
    const own = seen.filter((each) => each.token === token);
    const isLease = lease !== undefined && (lease.holder?.token ?? '') === token;
    const holder =
      own.find((each) => each.holder !== undefined)?.holder ?? (isLease ? lease.holder : undefined);
    const youngest = [...own].sort((a, b) => a.ageMs - b.ageMs)[0];
    return {
      ...{ token, holder, hosts: own.map(({ host }) => host), lease: isLease, ageMs: youngest?.ageMs },
      life: await stateOf(holder, youngest),
    };
  }

  async function stateOf(
    holder: Holder | undefined,
    youngest: Seen | undefined,
  ): Promise<FoundClusterLock['life']> {
    const state = holder === undefined ? 'unknown' : processState(holder);
    const reader = connections.open.get(youngest?.host ?? '')?.reader;
    const { heartbeatMs, staleMs } = clusterLockTimes;
    if (state !== 'unknown' || reader === undefined || youngest === undefined || youngest.ageMs >= staleMs)
      return state;
    await sleep(heartbeatMs + 1_500);
    const again = await look(reader);
    return again?.token === youngest.token && again.ageMs < youngest.ageMs + heartbeatMs
      ? 'lives'
      : 'unknown';
  }
}

/** Who has the lock on a host; undefined if nobody has. */
async function look(reader: Reader): Promise<Seen | undefined> {
  const { stdout } = await reader.read(lookScript, { timeoutMs: 15_000 });
  const [age = '', token = '', who = ''] = stdout.trim().split(' ');
  if (!/^-?\d+$/.test(age) || !/^[0-9a-f]{32}$/.test(token)) return undefined;
  return { host: reader.host, token, holder: decodeHolder(who), ageMs: Number(age) * 10 };
}
