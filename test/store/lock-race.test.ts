import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import type * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { acquireLock } from '../../src/store/lock.ts';
import { openState } from '../../src/store/state.ts';

const hook = vi.hoisted((): { beforeOpen?: (path: string) => void } => ({}));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof files>();
  const open: typeof files.open = (path, ...rest) => {
    hook.beforeOpen?.(String(path));
    return real.open(path, ...rest);
  };
  return { ...real, open };
});

const folder = mkdtempSync(join(tmpdir(), 'kboot-race-'));
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('a process that is overtaken between its check and its claim leaves the new owner’s lock alone', async () => {
  const state = await openState(folder);
  const owner = (token: string) =>
    JSON.stringify({ pid: 1, host: 'h', since: '2026-11-20T10:00:00.000Z', command: `run ${token}`, token });
  const fresh = owner('b'.repeat(32));
  const then = new Date(Date.now() - 31_000);
  writeFileSync(state.lock, owner('a'.repeat(32)));
  utimesSync(state.lock, then, then);
  hook.beforeOpen = (path) => {
    if (path.endsWith('.claim')) writeFileSync(state.lock, fresh);
  };
  await expect(acquireLock(state, 'kboot up')).rejects.toMatchObject({ code: 'E-LOCKED' });
  expect(readFileSync(state.lock, 'utf8')).toBe(fresh);
});
