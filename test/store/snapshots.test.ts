import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepSnapshot, listSnapshots } from '../../src/store/snapshots.ts';
import { openState, type State } from '../../src/store/state.ts';

let state: State;
beforeEach(async () => {
  state = await openState(join(mkdtempSync(join(tmpdir(), 'kboot-state-')), 'x'));
});
afterEach(() => {
  rmSync(state.dir, { recursive: true });
});

async function* bytes(): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from('db'));
}

it('names a snapshot after the upgrade that it precedes, and lists only those', async () => {
  const now = new Date();
  expect(await listSnapshots(state, now)).toEqual([]);
  await keepSnapshot(state, bytes(), 'v1.36.2', now);
  await keepSnapshot(state, bytes(), undefined, now);
  const names = readdirSync(join(state.dir, 'snapshots')).sort();
  expect(names[0]).toMatch(/^etcd-2.*\.db$/);
  expect(names[1]).toMatch(/^etcd-before-v1\.36\.2-2.*\.db$/);
  const [found, ...others] = await listSnapshots(state, new Date(Date.now() + 60_000));
  expect(others).toEqual([]);
  expect(found?.to).toBe('v1.36.2');
  expect(Math.round(found?.ageSeconds ?? 0)).toBeGreaterThanOrEqual(59);
});
