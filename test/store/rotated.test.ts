import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rotatable, type Rotatable } from '../../src/model/pki.ts';
import { loadOrCreatePki } from '../../src/store/pki.ts';
import { dueRotation, forgetRotated, recordRotated, rotatedOf } from '../../src/store/rotated.ts';
import { openState, type State } from '../../src/store/state.ts';
import { context, host, keyFor, sampleCluster } from '../samples/pki.ts';

let folder: string;
let state: State;

const cluster = (...rotate: readonly Rotatable[]): ReturnType<typeof sampleCluster> =>
  sampleCluster({ hosts: [host('cp1', '10.99.7.11', 'control-plane')], rotate });
const due = (...rotate: readonly Rotatable[]): Promise<readonly Rotatable[]> =>
  dueRotation(state, cluster(...rotate));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-rotated-'));
  state = await openState(join(folder, 'state'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const founded = (): void => {
  writeFileSync(state.clusterId, `sha256:${'0'.repeat(64)}\n`);
};

it('asks for nothing while there is no cluster, nor of a cluster that is new', async () => {
  expect(await due('ca', 'sa')).toEqual([]);
  let made = 0;
  await loadOrCreatePki(state, cluster('ca'), { ...context, generateKey: () => keyFor(`r${made++}`) });
  expect(await due('ca')).toEqual([]);
  expect(await due('ca', 'sa')).toEqual(['sa']);
});

it('asks once for each that is listed, and again if it was gone and comes back', async () => {
  founded();
  expect(await due('ca', 'sa')).toEqual(['ca', 'sa']);
  await recordRotated(state, cluster('ca', 'sa'), ['ca']);
  expect(await due('ca', 'sa')).toEqual(['sa']);
  expect(await rotatedOf(state, cluster('ca', 'sa'))).toEqual(['ca']);
  // What only a flag asked for leaves no record.
  await recordRotated(state, cluster('ca'), ['etcd-ca']);
  expect(await due('ca', 'etcd-ca')).toEqual(['etcd-ca']);
  await forgetRotated(state, cluster('sa'));
  expect(await due('ca')).toEqual(['ca']);
});

it('a record that cannot be read stops the run', async () => {
  founded();
  writeFileSync(state.rotated, '{"done":["kubelet"]}');
  await expect(due('ca')).rejects.toMatchObject({ code: 'E-STATE' });
});

it('after any history of inventories and exchanges, what is listed since it was exchanged is not asked for again', async () => {
  founded();
  const some = fc.subarray([...rotatable]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ listed: some, exchanged: some })), some, async (runs, last) => {
      rmSync(state.rotated, { force: true });
      let done = new Set<Rotatable>();
      for (const { listed, exchanged } of runs) {
        await forgetRotated(state, cluster(...listed));
        await recordRotated(state, cluster(...listed), exchanged);
        done = new Set(listed.filter((each) => done.has(each) || exchanged.includes(each)));
      }
      expect(await due(...last)).toEqual(last.filter((each) => !done.has(each)));
    }),
    { numRuns: 40 },
  );
});
