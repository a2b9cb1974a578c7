import '../view/no-color.ts';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, lockOwner, removeLock } from '../../src/store/lock.ts';
import { openState, type State } from '../../src/store/state.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { freshFolder } from './folder.ts';
import { kboot, type Ended } from './run.ts';

const at = freshFolder();
let state: State;
beforeEach(async () => {
  writeFileSync(at('prod.yaml'), inventoryWith());
  state = await openState(at('.kboot/test'));
});
const unlock = (...words: string[]): Promise<Ended> => kboot('unlock', at('prod.yaml'), '--local', ...words);
const owner = {
  ...{ pid: 4711, host: 'ops-1.example', user: 'ops', since: '2026-11-20T10:00:00.000Z' },
  ...{ command: 'kboot up prod.yaml', token: 'a'.repeat(32) },
};
/** A lock whose last heartbeat was `silent` seconds ago. */
function lie(value: object | string, silent = 0): void {
  writeFileSync(state.lock, typeof value === 'string' ? value : JSON.stringify(value));
  const then = new Date(Date.now() - silent * 1000);
  utimesSync(state.lock, then, then);
}
const shown = ({ out }: Ended): string => out.replaceAll(at(), 'DIR');
const joined = (ended: Ended): string => ended.out.replaceAll('\n', ' ');

/** The PID of a process that has ended. */
function deadPid(): number {
  return spawnSync('true').pid;
}

describe('kboot unlock', () => {
  it('says that the lock is not held', async () => {
    expect(await unlock()).toMatchObject({ out: 'test: the lock is not held\n', exit: 0, error: undefined });
  });

  it('refuses while the process is running on this machine, even with --yes', async () => {
    const lock = await acquireLock(state, 'kboot up prod.yaml');
    const ended = await unlock('--yes');
    expect(ended.error).toMatchObject({ code: 'E-LOCKED', exit: 7 });
    expect(ended.out).toMatch(
      new RegExp(`process +${process.pid} on ${hostname()}, this machine, running\n +user +\\S+`),
    );
    expect(existsSync(state.lock)).toBe(true);
    await lock.release();
  });

  it('asks before it removes the lock of another machine', async () => {
    lie(owner, 7);
    const ended = await unlock();
    expect(ended.error).toMatchObject({ code: 'E-USAGE' });
    expect(shown(ended)).toMatchInlineSnapshot(`
      "test: the lock is held
        command    kboot up prod.yaml
        process    4711 on ops-1.example
        user       ops
        since      2026-11-20T10:00:00.000Z
        heartbeat  7 s ago (sent every 5 s)
        file       DIR/.kboot/test/lock
      Whether that process is still running cannot be determined from here. Check its
      machine first: two concurrent runs could undo each other. The next run takes
      over a lock by itself after 30 s without a heartbeat.
      "
    `);
    expect(existsSync(state.lock)).toBe(true);
    const removed = await unlock('--yes');
    expect([removed.exit, removed.out.split('\n').at(-2)]).toEqual([0, 'test: the lock was removed']);
    expect(readdirSync(state.dir)).toEqual(['.gitignore']);
  });

  it('says if the next run takes over the lock by itself', async () => {
    lie({ ...owner, host: hostname(), pid: deadPid() });
    expect(joined(await unlock())).toContain(
      'That process is gone. The next run takes over the lock by itself',
    );
    lie(owner, 31);
    expect(joined(await unlock())).toContain(
      'no heartbeat for 30 s. The next run takes over the lock by itself',
    );
    lie('cut o', -90);
    const [odd] = [await unlock('--yes')];
    expect(shown(odd)).toMatch(/held by +unknown[^]*90 s in the future[^]*the lock was removed/);
  });

  it('prints JSON on request, without the token', async () => {
    lie({ ...owner, user: undefined }, 7);
    const { out } = await unlock('--yes', '-o', 'json');
    expect(out).not.toContain('aaaa');
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(events).toMatchObject([
      { type: 'lock', held: true, pid: 4711, process: 'unknown', freesItself: false, silentSeconds: 7 },
      { type: 'unlocked', removed: true },
    ]);
  });
});

it('a lock that another run took after it was read is not removed', async () => {
  lie(owner);
  const found = await lockOwner(state);
  lie({ ...owner, token: 'b'.repeat(32) });
  if (found === undefined) throw new Error('no lock');
  expect(await removeLock(state, found)).toBe(false);
  expect((await lockOwner(state))?.owner?.token).toBe('b'.repeat(32));
});
