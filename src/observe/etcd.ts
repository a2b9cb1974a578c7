import { setTimeout as sleep } from 'node:timers/promises';
import { etcdClientPort, etcdPeerPort } from '../desire/text/address.ts';
import { openEtcd, type EtcdClient, type EtcdCredentials, type EtcdMember } from '../etcd/client.ts';
import { everServed } from '../etcd/peer.ts';
import type { EtcdHost, EtcdSeen } from '../plan/etcd/membership.ts';
import { etcdDataQuestion } from './inspect.ts';
import type { Reader } from '../transport/types.ts';

/** A host whose member may be asked. */
export interface EtcdSource {
  readonly name: string;
  readonly address: string;
  readonly reader: Reader;
  readonly credentials: EtcdCredentials;
}

/** How long a silent etcd is asked again: an election ends in less (etcd's election timeout is 1 s), and a start. */
const patienceMs = 6000;
const pauseMs = 300;

/**
 * Asks each member for the member list, which takes a quorum: whoever gives it serves. `silent` when there are
 * sources and none answers within `patience` milliseconds.
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
 * Hosts as they are, but for those that looked empty while their member has begun: these are asked once more. A
 * member that an earlier run left starting may have begun just after its host was probed, and whoever takes it for
 * lost removes it for good.
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

/** false only when each source says itself that its cluster never had a quorum. */
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
