import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acquireLock, lockOwner } from '../../src/store/lock.ts';
import { openState, type State } from '../../src/store/state.ts';

let folder: string;
let state: State;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-lock-'));
  state = await openState(folder);
});
afterEach(async () => {
  for (const child of children.splice(0)) await killed(child);
  rmSync(folder, { recursive: true });
});

/** As if the owner had not sent a heartbeat for 31 s. */
function age(path = state.lock): void {
  const then = new Date(Date.now() - 31_000);
  utimesSync(path, then, then);
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** A process that waits for a line, tries to take the lock, prints `won` or the error's code, and keeps running. */
async function contender(): Promise<{ child: ChildProcess; go: () => Promise<string> }> {
  const url = (path: string) => pathToFileURL(join(import.meta.dirname, '../../src/store', path)).href;
  const program = `
    import { acquireLock } from '${url('lock.ts')}';
    import { openState } from '${url('state.ts')}';
    const state = await openState(${JSON.stringify(folder)});
    process.stdout.write('ready\\n');
    process.stdin.once('data', async () => {
      const outcome = await acquireLock(state, 'kboot up').then(() => 'won', (error) => error.code);
      process.stdout.write(outcome + '\\n');
    });`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('ready');
  return {
    child,
    go: async () => {
      child.stdin.write('go\n');
      return String((await lines.next()).value);
    },
  };
}

describe('acquireLock', () => {
  it('writes who holds it, readable by the owner only, and is gone after release', async () => {
    const lock = await acquireLock(state, 'kboot up prod.yaml');
    expect(JSON.parse(readFileSync(state.lock, 'utf8'))).toMatchObject({
      pid: process.pid,
      host: hostname(),
      command: 'kboot up prod.yaml',
    });
    expect(statSync(state.lock).mode & 0o777).toBe(0o600);
    await lock.release();
    await lock.release();
    expect(readdirSync(folder)).toEqual(['.gitignore']);
    expect(await lockOwner(state)).toBeUndefined();
  });

  it('refuses while a live process holds it, and reports that process', async () => {
    const lock = await acquireLock(state, 'kboot up');
    await expect(acquireLock(state, 'kboot reset')).rejects.toMatchObject({
      code: 'E-LOCKED',
      exit: 7,
      message: expect.stringMatching(
        new RegExp(`kboot up.*process ${process.pid} on ${hostname()}, since 20`),
      ) as string,
    });
    await lock.release();
    await (await acquireLock(state, 'kboot reset')).release();
  });

  it('lets only one of many take a free lock, and only one take a stale one', async () => {
    for (let round = 0; round < 20; round++) {
      if (round % 2 === 1) {
        writeFileSync(
          state.lock,
          round % 4 === 1 ? 'cut o' : JSON.stringify({ ...owner, token: `${round}`.padStart(32, '0') }),
        );
        age();
      }
      const tries = await Promise.allSettled(
        Array.from({ length: 12 }, () => acquireLock(state, 'kboot up')),
      );
      const won = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const codes = tries.flatMap((result) =>
        result.status === 'rejected' ? [(result.reason as { code: string }).code] : [],
      );
      expect(won).toHaveLength(1);
      expect(new Set(codes)).toEqual(new Set(['E-LOCKED']));
      await won[0]?.release();
      expect(readdirSync(folder)).toEqual(['.gitignore']);
    }
  });

  it('keeps its heartbeat fresh', async () => {
    const lock = await acquireLock(state, 'kboot up', { heartbeatMs: 10, staleMs: 30_000 });
    age();
    await vi.waitFor(async () => {
      expect((await lockOwner(state))?.ageMs).toBeLessThan(20_000);
    });
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
  });

  it('is notified if it slept so long that another process took over, and leaves that process’s lock alone', async () => {
    const slept = await acquireLock(state, 'kboot up', { heartbeatMs: 200, staleMs: 30_000 });
    age();
    const other = await acquireLock(state, 'kboot reset');
    await vi.waitFor(() => {
      expect(slept.lost.aborted).toBe(true);
    });
    await slept.release();
    expect((await lockOwner(state))?.owner?.command).toBe('kboot reset');
    expect(other.lost.aborted).toBe(false);
    await other.release();
  });

  it('recovers from a takeover that was killed half-way', async () => {
    writeFileSync(state.lock, JSON.stringify(owner));
    writeFileSync(`${state.lock}.${owner.token}.claim`, '');
    age();
    age(`${state.lock}.${owner.token}.claim`);
    const lock = await acquireLock(state, 'kboot up');
    await lock.release();
    expect(existsSync(state.lock)).toBe(false);
  });

  it('waits until the heartbeat of an owner on another machine is stale, whether it is alive or not', async () => {
    writeFileSync(state.lock, JSON.stringify({ ...owner, pid: 4_000_000 }));
    await expect(acquireLock(state, 'kboot up')).rejects.toMatchObject({ code: 'E-LOCKED' });
    age();
    await (await acquireLock(state, 'kboot up')).release();
  });

  it('throws E-STATE if the lock cannot be written', async () => {
    const nowhere = { ...state, lock: join(folder, 'none', 'lock') };
    await expect(acquireLock(nowhere, 'kboot up')).rejects.toMatchObject({ code: 'E-STATE' });
  });
});

describe('between processes', () => {
  it('a live owner keeps the lock; once it is killed, one of several others gets it at once', async () => {
    const first = await contender();
    expect(await first.go()).toBe('won');
    await expect(acquireLock(state, 'kboot up')).rejects.toMatchObject({
      code: 'E-LOCKED',
      message: expect.stringContaining(`process ${first.child.pid ?? 0} `) as string,
    });
    await killed(first.child);

    const takers = await Promise.all([contender(), contender(), contender(), contender()]);
    const outcomes = await Promise.all(takers.map((taker) => taker.go()));
    expect(outcomes.sort()).toEqual(['E-LOCKED', 'E-LOCKED', 'E-LOCKED', 'won']);
  });
});

const owner = {
  pid: 1,
  host: 'h',
  since: '2026-11-20T10:00:00.000Z',
  command: 'kboot up',
  token: 'a'.repeat(32),
};
