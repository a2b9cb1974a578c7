import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readKeptState, writeNewState } from '../../src/store/new-state.ts';
import { openState, peekState, type State } from '../../src/store/state.ts';

const material = new Map([
  ['ca.crt', 'a'],
  ['hosts/cp-1/etcd/server.key', 'b'],
]);
const clusterId = `sha256:${'1'.repeat(64)}`;
let folder: string;
let state: State;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-new-state-'));
  state = await openState(join(folder, 'state'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('is read as it was written, private, without anything beside it', async () => {
  await writeNewState(state, { material, clusterId });
  expect(await readKeptState(state)).toEqual({ material, clusterId });
  expect(readdirSync(state.dir).sort()).toEqual(['.gitignore', 'cluster-id', 'pki']);
  for (const [path, mode] of [
    ['pki', 0o700],
    ['pki/hosts/cp-1/etcd', 0o700],
    ['pki/hosts/cp-1/etcd/server.key', 0o600],
  ] as const)
    expect(statSync(join(state.dir, path)).mode & 0o777, path).toBe(mode);
});

it('removes what a killed call left, and replaces an empty pki folder', async () => {
  mkdirSync(join(state.dir, `.pki.${'a'.repeat(16)}.tmp`));
  mkdirSync(state.pki);
  await writeNewState(state, { material, clusterId });
  expect(readdirSync(state.dir).sort()).toEqual(['.gitignore', 'cluster-id', 'pki']);
});

it('never replaces a pki folder with files', async () => {
  mkdirSync(state.pki);
  writeFileSync(join(state.pki, 'ca.key'), 'mine');
  await expect(writeNewState(state, { material, clusterId })).rejects.toMatchObject({ code: 'E-STATE' });
  expect(readdirSync(state.pki)).toEqual(['ca.key']);
});

it('is empty where there is no folder, which stays absent', async () => {
  const absent = await peekState(join(folder, 'none'));
  expect(await readKeptState(absent)).toEqual({ material: new Map(), clusterId: undefined });
  expect(existsSync(absent.dir)).toBe(false);
});
