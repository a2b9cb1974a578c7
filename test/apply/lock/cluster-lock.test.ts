import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { takeClusterLock, type ClusterLock } from '../../../src/apply/lock/cluster-lock.ts';
import { encodeHolder, type Holder } from '../../../src/apply/lock/holder.ts';
import { HostLock } from '../../../src/apply/lock/host-lock.ts';
import type { LeaseApi } from '../../../src/apply/lock/lease.ts';
import { thisProcess } from '../../../src/store/process-identity.ts';
import { localHost, type LocalHost } from '../local-host.ts';
import { failure } from '../../transport/failure.ts';
import type { Writer } from '../../../src/transport/types.ts';
import { leaseApi } from './lease-api.ts';

const times = { heartbeatMs: 200, staleMs: 2_000, doubtMs: 1_200, pollMs: 50, answerMs: 12_000 };
const hex = (digit: string, length: number): string => digit.repeat(length);
const elsewhere = { machine: 'another', started: '1', pid: 4711, host: 'laptop', user: 'ops' };
const here = { ...thisProcess(), host: 'here', user: 'me' };
/** A run, told apart by one hexadecimal digit. */
const runOf = (digit: string, where: typeof elsewhere = here): Holder => ({
  ...where,
  ...{ token: hex(digit, 32), run: hex(digit, 16), command: 'kboot up prod.yaml' },
  since: '2026-11-28T08:00:00.123Z',
});
const gone = { ...here, pid: spawnSync('true').pid };

let hosts: readonly LocalHost[];
let said: string[];
const taken: ClusterLock[] = [];
beforeEach(() => {
  hosts = ['cp-1', 'cp-2', 'cp-3'].map((name) => localHost('sh', name));
  said = [];
});
afterEach(async () => {
  await Promise.all(taken.splice(0).map((lock) => lock.release(false)));
  for (const host of hosts) host.remove();
});

const names = ['cp-1', 'cp-2', 'cp-3'];
async function take(holder: Holder, only = hosts, api?: LeaseApi, others = {}): Promise<ClusterLock> {
  const writers = only.map(({ writer }) => writer);
  const lock = await takeClusterLock({
    ...{ writers, hosts: names, holder, api, times: { ...times, ...others } },
    say: (text) => said.push(text),
  });
  taken.push(lock);
  return lock;
}
const [first, second, third] = [0, 1, 2];
const at = (index: number): LocalHost => {
  const host = hosts[index];
  if (host === undefined) throw new Error('no such host');
  return host;
};
const holderOn = (index: number): string => at(index).text('run/kboot/holder')?.slice(0, 32) ?? '';
/** After some heartbeats, however busy this machine is. */
const soon = (check: () => void): Promise<void> => vi.waitFor(check, 20_000);
/** A lock that nobody renews, with a heartbeat of now. */
function leave(index: number, holder: Holder, ageMs = 0): void {
  const [up = '0'] = (spawnSync('cat', ['/proc/uptime']).stdout.toString() || '0').split(' ');
  const beat = Math.round(Number(up) * 100 - ageMs / 10);
  mkdirSync(at(index).path('run/kboot'), { recursive: true });
  const file = at(index).path('run/kboot/holder');
  writeFileSync(`${file}.left`, `${holder.token} ${beat} ${holder.run}\n${encodeHolder(holder)}\n`);
  renameSync(`${file}.left`, file);
}
/** The run `holder` takes the lock on one host, whoever has it there. */
async function rob(index: number, holder: Holder): Promise<void> {
  const lock = await HostLock.open(at(index).writer);
  await lock.take(holder, 0, undefined);
  lock.close();
}

describe('the lock of a cluster', () => {
  it('is held by one of two runs that start at once, and the other one names it', async () => {
    for (let round = 0; round < 5; round++) {
      const results = await Promise.allSettled([
        take(runOf('a', elsewhere)),
        take(runOf('b', { ...elsewhere, host: 'desktop' })),
      ]);
      const won = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      const refused = results.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
      expect(won).toHaveLength(1);
      expect(refused).toMatchObject([{ code: 'E-LOCKED', exit: 7 }]);
      expect(String(refused[0])).toMatch(
        /`kboot up prod\.yaml` \(ops@(laptop|desktop), process 4711, since 2026-11-28T08:00:00Z\)\. It sends heartbeats to cp-1\./,
      );
      expect(new Set([0, 1, 2].map(holderOn))).toEqual(new Set([won[0]?.token]));
      await won[0]?.release(false);
      expect([0, 1, 2].map(holderOn)).toEqual(['', '', '']);
    }
  });

  it('costs one exec on each host, of which ps shows nothing', async () => {
    await take(runOf('a'));
    await sleep(3 * times.heartbeatMs);
    for (const host of hosts) expect(host.commands).toEqual([expect.stringMatching(/^read -r n/)]);
  });

  it('is taken over at once from a process that is gone on this machine', async () => {
    for (const index of [0, 1, 2]) leave(index, runOf('c', gone));
    await take(runOf('a'));
    expect([0, 1, 2].map(holderOn)).toEqual(Array(3).fill(hex('a', 32)));
    expect(said).toEqual([expect.stringMatching(/taken over from [^]*process \d+, [^]*, which is gone\.$/)]);
  });

  it('is not waited for if its process runs on this machine', async () => {
    leave(second, runOf('c'));
    const error = await failure(take(runOf('a')));
    expect(error).toMatchObject({ code: 'E-LOCKED' });
    expect(error.message).toContain('It is running on this machine.');
    // What it took of the other hosts, it gave up.
    expect([0, 1, 2].map(holderOn)).toEqual(['', hex('c', 32), '']);
  });

  it('is taken over from a run elsewhere that has become silent, after saying how long that takes', async () => {
    for (const index of [0, 1, 2]) leave(index, runOf('c', elsewhere), 500);
    const begun = performance.now();
    await take(runOf('a'));
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    expect(said).toEqual([
      expect.stringMatching(
        /^The lock of the cluster is held by `kboot up prod\.yaml` \(ops@laptop, [^]*taken over in 2 s\.$/,
      ),
      expect.stringContaining('was taken over from `kboot up prod.yaml` (ops@laptop'),
    ]);
  });

  it('is taken over at once from one that has long been silent, even where the machine is off', async () => {
    leave(first, runOf('c', elsewhere), times.staleMs);
    await take(runOf('a'));
    expect(said.filter((text) => text.includes('sign of life'))).toEqual([]);
  });

  it('asks the other hosts at once when it has the first', async () => {
    const [one, two, three] = [at(first), at(second), at(third)];
    // This one answers only when the next one has been taken.
    const until = `until [ -e ${three.path('run/kboot/holder')} ]; do sleep 0.05; done`;
    const start: Writer['start'] = (command) => two.writer.start(`${until}; ${command}`);
    await take(runOf('a'), [one, { ...two, writer: { ...two.writer, start } }, three]);
    expect([0, 1, 2].map(holderOn)).toEqual([0, 1, 2].map(() => hex('a', 32)));
  });

  it('does not need every host', async () => {
    await take(runOf('a'), [at(first), at(third)]);
    expect(said).toEqual([]);
    expect([0, 1, 2].map(holderOn)).toEqual([hex('a', 32), '', hex('a', 32)]);
  });

  it('of two runs that reach different hosts, one has it', async () => {
    await take(runOf('a', elsewhere), [at(first), at(second)]);
    expect(await failure(take(runOf('b', elsewhere), [at(second), at(third)]))).toMatchObject({
      code: 'E-LOCKED',
    });
    expect(holderOn(third)).toBe('');
  });

  it('is held where it can be if most hosts are down, with a warning', async () => {
    await take(runOf('a'), [at(second)]);
    expect(said).toEqual([
      expect.stringMatching(/^warning: [^]*only on cp-2: neither cp-1, cp-3 nor the API/),
    ]);
  });

  it('a host where it cannot be taken does not stop the run', async () => {
    writeFileSync(at(second).path('run/kboot'), '');
    await take(runOf('a'));
    expect([first, third].map(holderOn)).toEqual([hex('a', 32), hex('a', 32)]);
  });

  it('a host that prints without end, or nonsense, does not stop the run', async () => {
    const babbling = (command: string, { writer }: LocalHost): LocalHost => {
      const host = localHost('sh', writer.host);
      hosts = [...hosts, host];
      return { ...host, writer: { ...host.writer, start: () => host.writer.start(command) } };
    };
    const endless = babbling('yes | tr -d "\\n"', at(first));
    const nonsense = babbling('while echo @x taken y z; do sleep 0.01; done', at(second));
    await take(runOf('a'), [endless, nonsense, at(third)], undefined, { answerMs: 2_500 });
    expect(said).toEqual([expect.stringMatching(/^warning: [^]*only on cp-3/)]);
  }, 40_000);

  it('is seen to be renewed even if every heartbeat is older when it is asked for than the one before', async () => {
    let age = 300;
    leave(first, runOf('c', elsewhere), age);
    // Half a second older in a second.
    const beats = setInterval(() => {
      leave(first, runOf('c', elsewhere), (age += 10));
    }, 20);
    try {
      const error = await failure(take(runOf('a'), hosts, undefined, { pollMs: 400 }));
      expect(error.message).toContain('It sends heartbeats to cp-1.');
    } finally {
      clearInterval(beats);
    }
  });

  it('the same run may take it again', async () => {
    await (await take(runOf('a'))).release(true);
    const again = await take({ ...runOf('b'), run: hex('a', 16) });
    expect(again.changedMs).toBe(Infinity);
  });

  it('says how long ago another run changed the cluster', async () => {
    const before = await take(runOf('a'));
    // Nothing has happened since these hosts booted.
    expect(before.changedMs).toBeGreaterThan(1_000);
    await before.release(false);
    expect((await take(runOf('b'))).changedMs).toBeGreaterThan(1_000);
    await taken.at(-1)?.release(true);
    await sleep(300);
    const after = await take(runOf('c'));
    expect(after.changedMs).toBeGreaterThanOrEqual(290);
    expect(after.changedMs).toBeLessThan(30_000);
  });

  it('a run that died may have changed the cluster until its last heartbeat', async () => {
    leave(third, runOf('c', gone), 700);
    const { changedMs } = await take(runOf('a'));
    expect(changedMs).toBeGreaterThanOrEqual(690);
    expect(changedMs).toBeLessThan(30_000);
  });
});

/** The connection to a host is lost, or leads nowhere. */
function disconnect(host: LocalHost, signal: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL'): void {
  Object.assign(host.writer, { start: () => Promise.reject(new Error('no connection')) });
  for (const child of host.processes) child.kill(signal);
}

describe('a run loses the lock', () => {
  const isLost = async ({ lost }: ClusterLock, withinMs: number): Promise<boolean> => {
    for (let waited = 0; waited < withinMs && !lost.aborted; waited += 50) await sleep(50);
    return lost.aborted;
  };

  /** Where a busy machine may be late with a heartbeat, or with new shells. */
  const patient = { doubtMs: 3_000, staleMs: 5_000 };

  it('not while it renews it', async () => {
    expect(await isLost(await take(runOf('a'), hosts, undefined, patient), 4_000)).toBe(false);
  });

  it('if a majority of the hosts has another holder, but not for one', async () => {
    const lock = await take(runOf('a'));
    await rob(first, runOf('b', elsewhere));
    expect(await isLost(lock, 2 * times.heartbeatMs)).toBe(false);
    await rob(second, runOf('b', elsewhere));
    expect(await isLost(lock, 20_000)).toBe(true);
    await lock.release(true);
    // It does not give up what is another run's.
    expect([0, 1, 2].map(holderOn)).toEqual([hex('b', 32), hex('b', 32), '']);
  });

  it('if somebody removes it', async () => {
    const lock = await take(runOf('a'));
    for (const host of hosts) rmSync(host.path('run/kboot/holder'));
    expect(await isLost(lock, 20_000)).toBe(true);
  });

  it('not if the shells that keep it end: others follow them', async () => {
    const lock = await take(runOf('a'), hosts, undefined, patient);
    for (const host of hosts) for (const child of host.processes) child.kill('SIGKILL');
    expect(await isLost(lock, 4_000)).toBe(false);
    await lock.release(true);
    expect([0, 1, 2].map(holderOn)).toEqual(['', '', '']);
  });

  it('if a majority of the hosts no longer answers, but not for one', async () => {
    const lock = await take(runOf('a'));
    disconnect(at(first));
    expect(await isLost(lock, times.staleMs)).toBe(false);
    disconnect(at(second), 'SIGSTOP');
    const begun = performance.now();
    expect(await isLost(lock, times.staleMs)).toBe(true);
    // Before any other run may take it over.
    expect(performance.now() - begun).toBeLessThan(times.staleMs);
    for (const child of at(second).processes) child.kill('SIGKILL');
  });
});

describe('the Lease', () => {
  it('does not keep a process whose work is done', () => {
    const file = new URL('short-run.ts', import.meta.url).pathname;
    const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file], { encoding: 'utf8' });
    expect(stdout, stderr).toMatch(/^\d+\n$/);
    expect(Number(stdout)).toBeLessThan(5_000);
  });

  it('is taken with the lock, renewed, and deleted with it', async () => {
    const api = leaseApi();
    const lock = await take(runOf('a'), hosts, api);
    expect(api.lease()).toMatchObject({
      metadata: { name: 'kboot', namespace: 'kube-system' },
      spec: { holderIdentity: 'me@here, process '.concat(String(process.pid), ': kboot up prod.yaml') },
    });
    const renewed = api.lease()?.spec?.renewTime;
    await soon(() => {
      expect(api.lease()?.spec?.renewTime).not.toBe(renewed);
    });
    await lock.release(true);
    expect(api.lease()).toBeUndefined();
  });

  it('has one holder even if two runs reach no host in common', async () => {
    const api = leaseApi();
    await take(runOf('a', elsewhere), [at(first)], api);
    expect(said).toEqual([]);
    const error = await failure(take(runOf('b', elsewhere), [at(second), at(third)], api));
    expect(error).toMatchObject({ code: 'E-LOCKED' });
    expect(error.message).toContain('It renews the Lease kube-system/kboot.');
    expect([second, third].map(holderOn)).toEqual(['', '']);
  });

  it('of a process that runs on this machine is not waited for', async () => {
    const api = leaseApi();
    await api.leave(runOf('c'));
    const error = await failure(take(runOf('a', elsewhere), hosts, api));
    expect(error).toMatchObject({ code: 'E-LOCKED' });
    expect(error.message).toContain('It is running on this machine.');
  });

  it('and the locks of hosts that a run could not give up are its own the next time', async () => {
    const api = leaseApi();
    const own = { ...runOf('a'), token: hex('d', 32) };
    await api.leave(own);
    leave(second, own);
    const lock = await take(runOf('a'), hosts, api);
    expect([lock.lost.aborted, said.length]).toEqual([false, 1]);
    await lock.release(false);
    expect(api.lease()).toBeUndefined();
  });

  it('of a run that died is taken over: at once, if it is gone here or its hosts were; else once it is stale', async () => {
    const api = leaseApi();
    await api.leave(runOf('c', gone));
    await take(runOf('a'), hosts, api);
    await taken.at(-1)?.release(false);
    await api.leave(runOf('c', elsewhere));
    leave(first, runOf('c', elsewhere), times.staleMs);
    await take(runOf('a'), hosts, api);
    expect(said.filter((text) => text.includes('sign of life'))).toEqual([]);
    await taken.at(-1)?.release(false);
    await api.leave(runOf('c', elsewhere));
    const later = performance.now();
    await take(runOf('a'), hosts, api);
    expect(performance.now() - later).toBeGreaterThan(times.staleMs - 100);
  });

  it('an API that refuses or does not answer does not stop the run; the Lease follows once it does', async () => {
    const api = leaseApi();
    api.broken = true;
    const lock = await take(runOf('a'), hosts, api);
    expect(api.lease()).toBeUndefined();
    api.broken = false;
    await soon(() => {
      expect(api.lease()).toBeDefined();
    });
    expect(lock.lost.aborted).toBe(false);
  });

  it('that an earlier lock of this run left while the API was away does not end the run', async () => {
    const api = leaseApi();
    await api.leave({ ...runOf('a'), token: hex('d', 32) });
    api.broken = true;
    const lock = await take(runOf('a'), hosts, api);
    api.broken = false;
    await sleep(3 * times.heartbeatMs);
    expect(lock.lost.aborted).toBe(false);
    await lock.release(false);
    expect(api.lease()).toBeUndefined();
  });

  it.each([
    ['is gone from this machine', gone, 0],
    ['no longer renews it', elsewhere, times.staleMs],
  ])(
    'of a run that ended while the API was away, and %s, does not end the next one',
    async (_, where, ms) => {
      const api = leaseApi();
      await api.leave(runOf('c', where));
      api.broken = true;
      const lock = await take(runOf('a'), hosts, api);
      api.broken = false;
      const begun = performance.now();
      await soon(() => {
        expect(api.lease()?.spec?.holderIdentity).toContain('me@here');
      });
      expect(performance.now() - begun).toBeGreaterThanOrEqual(ms);
      expect(lock.lost.aborted).toBe(false);
    },
  );

  it('of a run that lives ends the next one, which found it only once the API answered', async () => {
    const api = leaseApi();
    await api.leave(runOf('c', elsewhere));
    api.broken = true;
    const lock = await take(runOf('a'), hosts, api);
    api.broken = false;
    const renewal = setInterval(() => void api.leave(runOf('c', elsewhere)), times.heartbeatMs);
    await soon(() => {
      expect(lock.lost.aborted).toBe(true);
    });
    clearInterval(renewal);
    expect(api.lease()?.metadata['annotations']).toEqual({
      'kboot.dev/holder': encodeHolder(runOf('c', elsewhere)),
    });
  });

  it('keeps the lock of a run whose hosts are gone, and another holder ends the run', async () => {
    const api = leaseApi();
    const lock = await take(runOf('a'), hosts, api);
    hosts.forEach((host) => {
      disconnect(host);
    });
    await sleep(times.staleMs);
    expect(lock.lost.aborted).toBe(false);
    await api.leave(runOf('b', elsewhere));
    await soon(() => {
      expect(lock.lost.aborted).toBe(true);
    });
  });
});
