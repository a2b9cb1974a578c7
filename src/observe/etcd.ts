import { setTimeout as sleep } from 'node:timers/promises';
import { etcdClientPort, etcdPeerPort } from '../desire/text/address.ts';
import { openEtcd, type EtcdClient, type EtcdCredentials, type EtcdMember } from '../etcd/client.ts';
import { everServed } from '../etcd/peer.ts';
import type { InitialCluster } from '../model/etcd.ts';
import { etcdDataQuestion } from './inspect.ts';
import type { Reader } from '../transport/types.ts';
import { hasExpired } from './why.ts';

/** A host that is to run an etcd member. */
export interface EtcdHost {
  readonly name: string;
  readonly address: string;
  readonly peerURL: string;
  /** From the probe; `unknown` for a host that was not probed. */
  readonly data: 'absent' | 'present' | 'unknown';
  /** Flags that the host starts etcd with now, if it does: those of a running member never change without need. */
  readonly startedWith: InitialCluster | undefined;
}

/** The live state of kboot's own etcd. */
export type EtcdObservation =
  /** No host holds etcd data. */
  | { readonly state: 'absent' }
  /**
   * There is data, and no member answers with a quorum. `bootstrapped` is false when it is certain that there never was
   * one; `expired`: hosts whose member serves a certificate that has expired, so that nobody can use it.
   */
  | { readonly state: 'unavailable'; readonly bootstrapped: boolean; readonly expired?: readonly string[] }
  | {
      readonly state: 'present';
      readonly members: readonly EtcdMember[];
      /** IDs of those that answer a read through the quorum: their answer proves that there is one. */
      readonly healthy: ReadonlySet<string>;
    };

/** A host whose member may be asked. */
export interface EtcdSource {
  readonly name: string;
  readonly address: string;
  readonly reader: Reader;
  readonly credentials: EtcdCredentials;
}

/** Connects to a member. Rejects with KbootError. */
export async function openMember({ name, address, reader, credentials }: EtcdSource): Promise<EtcdClient> {
  return await openEtcd(await reader.forward(address, etcdClientPort), name, credentials);
}

/** How long to retry an unavailable etcd: longer than an election (etcd's election timeout is 1 s) or a start takes. */
const waitTimeoutMs = 6000;
const pauseMs = 300;

/**
 * Queries each member for the member list, which needs a quorum: a member that returns it is healthy. `silent` if
 * there are sources and none responds within `timeoutMs` milliseconds.
 */
export async function observeEtcd(
  sources: readonly EtcdSource[],
  {
    timeoutMs = waitTimeoutMs,
    asked = new Map(),
  }: {
    readonly timeoutMs?: number;
    /** Answers by the name of the source, where it was asked already: a list counts. */
    readonly asked?: ReadonlyMap<string, Promise<MemberAnswer | undefined>>;
  } = {},
): Promise<EtcdObservation> {
  if (sources.length === 0) return { state: 'absent' };
  const deadline = Date.now() + timeoutMs;
  const isList = (answer: MemberAnswer | undefined): answer is readonly EtcdMember[] =>
    answer !== undefined && typeof answer !== 'string';
  for (let first = true; ; first = false) {
    const answers = await Promise.all(
      sources.map(async (source) => {
        const early = first ? await asked.get(source.name) : undefined;
        return isList(early) ? early : await askMember(source);
      }),
    );
    const members = answers.find(isList);
    if (members !== undefined) {
      const healthy = members.filter((member) =>
        sources.some(({ name }, index) => name === member.name && isList(answers[index])),
      );
      return { state: 'present', members, healthy: new Set(healthy.map(({ id }) => id)) };
    }
    const expired = sources.flatMap(({ name }, index) => (answers[index] === 'expired' ? [name] : []));
    // No waiting helps those.
    if (expired.length > sources.length / 2) return { state: 'unavailable', bootstrapped: true, expired };
    const bootstrapped = await wasBootstrapped(sources);
    if (!bootstrapped || Date.now() >= deadline)
      return { state: 'unavailable', bootstrapped, ...(expired.length > 0 && { expired }) };
    await sleep(pauseMs);
  }
}

/**
 * Probes again each host that looked empty although its member has started, and returns the hosts. A member that an
 * earlier run left starting may have started just after its host was probed; treating its data as lost would remove
 * the member for good. `dataDir`: spec.etcd.dataDir.
 */
export async function confirmEmpty(
  hosts: readonly EtcdHost[],
  { members }: EtcdObservation & { readonly state: 'present' },
  readerOf: (host: string) => Reader | undefined,
  dataDir?: string,
): Promise<readonly EtcdHost[]> {
  return await Promise.all(
    hosts.map(async (host) => {
      const reader = readerOf(host.name);
      const began = members.some(({ name }) => name === host.name);
      if (host.data !== 'absent' || !began || reader === undefined) return host;
      // A host that does not answer this any more has data that is not known; the others are planned.
      const read = await reader.read(etcdDataQuestion(dataDir), { timeoutMs: 30_000 }).catch(() => undefined);
      const answer = /^etcd=(present|absent)$/m.exec(read?.stdout ?? '')?.[1];
      return { ...host, data: answer === 'present' || answer === 'absent' ? answer : 'unknown' };
    }),
  );
}

/** The members as a member lists them; or why it does not. */
export type MemberAnswer = readonly EtcdMember[] | 'nothing' | 'expired';

/** Asks one member for the list, once. */
export async function askMember(source: EtcdSource): Promise<MemberAnswer> {
  let client: EtcdClient | undefined;
  try {
    client = await openMember(source);
    return await client.members();
  } catch (error) {
    return hasExpired(error) ? 'expired' : 'nothing';
  } finally {
    client?.close();
  }
}

/** false only if every source reports that its cluster never had a quorum. */
async function wasBootstrapped(sources: readonly EtcdSource[]): Promise<boolean> {
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
