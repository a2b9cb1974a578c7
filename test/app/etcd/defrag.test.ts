import { beforeEach, expect, it } from 'vitest';
import { defragment, type Defragmented } from '../../../src/app/etcd/defrag.ts';
import type { AskedMember } from '../../../src/app/etcd/members.ts';
import type { EtcdAlarm } from '../../../src/etcd/client.ts';
import { asked, askedEtcd, silent } from './asked.ts';

let log: string[];
let ended: Defragmented[];
beforeEach(() => {
  log = [];
  ended = [];
});

/** A member that answers again at the second look after it was defragmented. */
function shrinking(number: number, more: Parameters<typeof asked>[1] = {}): AskedMember {
  let looks = 0;
  const name = `etcd-${number}`;
  return asked(number, more, {
    defragment() {
      log.push(`defragment ${name}`);
      return Promise.resolve();
    },
    healthy() {
      log.push(`${name} ${++looks > 1 ? 'healthy' : 'silent'}`);
      return Promise.resolve(looks > 1);
    },
    state: () => Promise.resolve({ ...(asked(number).state ?? never()), dbSize: 10e6 }),
    disarm({ alarm }) {
      log.push(`disarm ${name} ${alarm}`);
      return Promise.resolve();
    },
  });
}

function never(): never {
  throw new Error('unreachable');
}

const run = (
  hosts: readonly AskedMember[],
  force = false,
  alarms: readonly EtcdAlarm[] = [],
): Promise<void> =>
  defragment(askedEtcd(hosts, [], alarms), force, {
    starts: () => undefined,
    ends: (result) => ended.push(result),
    disarmed: () => undefined,
    signal: new AbortController().signal,
  });

it('goes one after another, the leader last, each healthy before the next', async () => {
  await run([shrinking(1), shrinking(2), shrinking(3)]);
  expect(log).toEqual(
    ['etcd-2', 'etcd-3', 'etcd-1'].flatMap((name) => [
      `defragment ${name}`,
      `${name} silent`,
      `${name} healthy`,
    ]),
  );
  expect(ended.map(({ member, before, after }) => [member, before, after])).toEqual([
    ['etcd-2', 40e6, 10e6],
    ['etcd-3', 40e6, 10e6],
    ['etcd-1', 40e6, 10e6],
  ]);
});

it('leaves out what gains less than a tenth, or than a MiB, unless forced', async () => {
  const small = { dbSize: 1e6, dbSizeInUse: 1e5 };
  const full = { dbSize: 40e6, dbSizeInUse: 37e6 };
  await run([shrinking(1, small), shrinking(2, full)]);
  expect(log).toEqual([]);
  expect(ended.map(({ done }) => done)).toEqual([false, false]);
  await run([shrinking(1, small), shrinking(2, full)], true);
  expect(ended.map(({ done }) => done)).toEqual([false, false, true, true]);
});

it('disarms NOSPACE of members that became smaller, and no other alarm', async () => {
  const alarms = ['101', '102'].flatMap((memberId): EtcdAlarm[] => [
    { memberId, alarm: 'NOSPACE' },
    { memberId, alarm: 'CORRUPT' },
  ]);
  await run([shrinking(1), shrinking(2, { dbSizeInUse: 40e6 })], false, alarms);
  expect(log.filter((line) => line.startsWith('disarm'))).toEqual(['disarm etcd-1 NOSPACE']);
});

it('begins with none if a member is not healthy', async () => {
  await expect(run([shrinking(1), silent(2)])).rejects.toMatchObject({ code: 'E-QUORUM' });
  expect(log).toEqual([]);
});
