import { setTimeout as sleep } from 'node:timers/promises';
import { etcdClientPort, etcdPeerPort } from '../desire/text/address.ts';
import { openEtcd, type EtcdClient, type EtcdCredentials, type EtcdMember } from '../etcd/client.ts';
import { everServed } from '../etcd/peer.ts';
import type { EtcdHost, EtcdSeen } from '../plan/etcd-membership.ts';
import { etcdDataQuestion } from './inspect.ts';
import type { Reader } from '../transport/types.ts';

/** A host whose member can be queried. */
export interface EtcdSource {
  readonly name: string;
  readonly address: string;
  readonly reader: Reader;
  readonly credentials: EtcdCredentials;
}

/** How long to retry an unavailable etcd: longer than an election (etcd's election timeout is 1 s) or a start takes. */
const patienceMs = 6000;
const pauseMs = 300;

/**
 * Queries each member for the member list, which needs a quorum: a member that returns it is healthy. `silent` if
 * there are sources and none responds within `patience` milliseconds.
 */
export async function observeEtcd(
  sources: readonly EtcdSource[],
  patience: number = patienceMs,
): Promise<EtcdSeen> {
  if (sources.length === 0) return { state: 'absent' };
  const deadline = Date.now() + patience;
  for (;;) {
    const lists = await Promise.all(sources.map(listOrNothing));
    const members = lists.find((list) => list !== undefined);
    if (members !== undefined) {
      const healthy = members.filter((member) =>
        sources.some(({ name }, index) => name === member.name && lists[index] !== undefined),
      );
      return { state: 'present', members, healthy: new Set(healthy.map(({ id }) => id)) };
    }
    const founded = await wasFounded(sources);
    if (!founded || Date.now() >= deadline) return { state: 'silent', founded };
    await sleep(pauseMs);
  }
}

/**
 * Probes again each host that looked empty although its member has started, and returns the hosts. A member that an
 * earlier run left starting may have started just after its host was probed; treating its data as lost would remove
 * the member for good.
 */
export async function confirmEmpty(
  hosts: readonly EtcdHost[],
  { members }: EtcdSeen & { readonly state: 'present' },
  readerOf: (host: string) => Reader | undefined,
): Promise<readonly EtcdHost[]> {
  return await Promise.all(
    hosts.map(async (host) => {
      const reader = readerOf(host.name);
      const began = members.some(({ name }) => name === host.name);
      if (host.data !== 'absent' || !began || reader === undefined) return host;
      const { stdout } = await reader.read(etcdDataQuestion, { timeoutMs: 30_000 });
      const answer = /^etcd=(present|absent)$/m.exec(stdout)?.[1];
      return { ...host, data: answer === 'present' || answer === 'absent' ? answer : 'unknown' };
    }),
  );
}

async function listOrNothing(source: EtcdSource): Promise<readonly EtcdMember[] | undefined> {
  const { reader, address, name, credentials } = source;
  let client: EtcdClient | undefined;
  try {
    client = await openEtcd(await reader.forward(address, etcdClientPort), name, credentials);
    return await client.members();
  } catch {
    return undefined;
  } finally {
    client?.close();
  }
}

/** false only if every source reports that its cluster never had a quorum. */
async function wasFounded(sources: readonly EtcdSource[]): Promise<boolean> {
  const answers = await Promise.all(
    sources.map(async ({ reader, address, name, credentials }) => {
      try {
        return await everServed(await reader.forward(address, etcdPeerPort), name, credentials);
      } catch {
        return true;
      }
    }),
  );
  return answers.includes(true);
}
