import type { EtcdClient } from '../../etcd/client.ts';
import { KbootError } from '../../model/error.ts';
import { until } from '../../apply/until.ts';
import type { AskedEtcd, AskedMember } from './members.ts';
import { remedies } from '../remedies.ts';

/** The result for one member. */
export interface Defragmented {
  readonly member: string;
  /** false: it would have gained too little. */
  readonly done: boolean;
  /** Bytes of its database file. */
  readonly before: number;
  readonly after: number;
  readonly seconds: number;
}

/** Less is not worth the seconds in which the member does not respond. */
const leastBytes = 1 << 20;
const leastPart = 0.1;

/**
 * Defragments one member after another, the leader last; the next one only once the last one answers a read through the
 * quorum again. Members that would gain less than a tenth are left out unless `force`. Afterwards alarms NOSPACE of
 * members that became smaller are disarmed. Throws KbootError E-QUORUM before the first one if a member is not healthy:
 * a member does not respond while it is defragmented; E-WAIT if one does not come back.
 */
export async function defragment(
  etcd: AskedEtcd,
  force: boolean,
  on: {
    readonly starts: (member: string) => void;
    readonly ends: (result: Defragmented) => void;
    readonly disarmed: (member: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const sick = etcd.hosts.filter(({ healthy }) => !healthy).map(({ host }) => host.name);
  if (sick.length > 0)
    throw new KbootError('E-QUORUM', `etcd is not healthy on ${sick.join(', ')}`, {
      remedy: remedies.defragNeedsAll,
    });
  const isLeader = ({ state }: AskedMember): boolean => state?.leader === state?.id;
  const order = [...etcd.hosts].sort((a, b) => Number(isLeader(a)) - Number(isLeader(b)));
  const shrunk = new Set<string>();
  for (const asked of order) {
    if (on.signal.aborted) throw new KbootError('E-INTERRUPTED', `interrupted before ${asked.host.name}`);
    const { client, state } = asked;
    if (client === undefined || state === undefined) continue;
    const result = await defragmentOne(asked.host.name, client, state, force, on);
    if (result.done) shrunk.add(state.id);
    on.ends(result);
  }
  for (const alarm of etcd.alarms) {
    const owner = etcd.hosts.find(({ state }) => state?.id === alarm.memberId);
    if (alarm.alarm !== 'NOSPACE' || !shrunk.has(alarm.memberId)) continue;
    await owner?.client?.disarm(alarm);
    on.disarmed(owner?.host.name ?? '');
  }
}

async function defragmentOne(
  member: string,
  client: EtcdClient,
  { dbSize, dbSizeInUse }: NonNullable<AskedMember['state']>,
  force: boolean,
  { starts, signal }: { readonly starts: (member: string) => void; readonly signal: AbortSignal },
): Promise<Defragmented> {
  const gain = dbSize - dbSizeInUse;
  if (!force && (gain < leastBytes || gain < dbSize * leastPart))
    return { member, done: false, before: dbSize, after: dbSize, seconds: 0 };
  starts(member);
  const begun = Date.now();
  await client.defragment();
  const seconds = (Date.now() - begun) / 1000;
  const after = await until(
    async () => {
      if (!(await client.healthy())) return { missing: 'it does not answer a read through the quorum' };
      return { value: (await client.state()).dbSize };
    },
    {
      ...{ timeoutSeconds: 60, pollMs: 500, signal, interrupted: 'interrupted' },
      waiting: () => undefined,
      timedOut: (missing) =>
        new KbootError('E-WAIT', `${member} was defragmented, but not after 60 s: ${missing}`, {
          host: member,
          remedy: remedies.othersNotDefragmented,
        }),
    },
  );
  return { member, done: true, before: dbSize, after, seconds };
}
