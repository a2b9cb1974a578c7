import '../view/no-color.ts';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, lockOwner, removeLock } from '../../src/store/lock.ts';
import { openState, type State } from '../../src/store/state.ts';
import { inventoryWith } from '../inventory/options.ts';
import { freshFolder } from './folder.ts';
import { kboot, type Ended } from './run.ts';

const at = freshFolder();
let state: State;
beforeEach(async () => {
  writeFileSync(at('prod.yaml'), inventoryWith());
  state = await openState(at('.kboot/test'));
});
const unlock = (...words: string[]): Promise<Ended> => kboot('unlock', at('prod.yaml'), ...words);
const owner = {
  ...{ pid: 4711, host: 'ops-1.example', user: 'ops', since: '2026-11-20T10:00:00.000Z' },
  ...{ command: 'kboot up prod.yaml', token: 'a'.repeat(32) },
};
/** A lock whose last sign of life was `silent` seconds ago. */
function lie(value: object | string, silent = 0): void {
  writeFileSync(state.lock, typeof value === 'string' ? value : JSON.stringify(value));
  const then = new Date(Date.now() - silent * 1000);
  utimesSync(state.lock, then, then);
}
const shown = ({ out }: Ended): string => out.replaceAll(at(), 'DIR');
const joined = (ended: Ended): string => ended.out.replaceAll('\n', ' ');

/** Of a process that has ended. */
function deadPid(): number {
  return spawnSync('true').pid;
}

describe('kboot unlock', () => {
  it('says when nobody holds the lock', async () => {
    expect(await unlock()).toMatchObject({ out: 'test: nobody holds the lock\n', exit: 0, error: undefined });
  });

  it('refuses while the process lives on this machine, also with --yes', async () => {
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
        command       kboot up prod.yaml
        process       4711 on ops-1.example
        user          ops
        since         2026-11-20T10:00:00.000Z
        sign of life  7 s ago (every 5 s)
        file          DIR/.kboot/test/lock
      Whether that process still works cannot be seen from here. Look on its machine
      first: two runs at once could undo each other. A lock without a sign of life for
      30 s is taken over by the next run by itself.
      "
    `);
    expect(existsSync(state.lock)).toBe(true);
    const removed = await unlock('--yes');
    expect([removed.exit, removed.out.split('\n').at(-2)]).toEqual([0, 'test: the lock was removed']);
    expect(readdirSync(state.dir)).toEqual(['.gitignore']);
  });

  it('says when the next run frees the lock by itself', async () => {
    lie({ ...owner, host: hostname(), pid: deadPid() });
    expect(joined(await unlock())).toContain(
      'That process is gone. The next run takes the lock over by itself',
    );
    lie(owner, 31);
    expect(joined(await unlock())).toContain(
      'no sign of life for 30 s. The next run takes the lock over by itself',
    );
    lie('cut o', -90);
    const [odd] = [await unlock('--yes')];
    expect(shown(odd)).toMatch(/held by +unknown[^]*90 s in the future[^]*the lock was removed/);
  });

  it('is JSON where that is asked for, without the token', async () => {
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

it('a lock that changed hands since it was seen is left alone', async () => {
  lie(owner);
  const found = await lockOwner(state);
  lie({ ...owner, token: 'b'.repeat(32) });
  if (found === undefined) throw new Error('no lock');
  expect(await removeLock(state, found)).toBe(false);
  expect((await lockOwner(state))?.owner?.token).toBe('b'.repeat(32));
});
