import '../view/no-color.ts';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clusterIdOf } from '../../src/pki/digest.ts';
import { readInventory } from '../../src/app/read-inventory.ts';
import { loadOrCreatePki } from '../../src/store/pki.ts';
import { defaultStateDir, openState } from '../../src/store/state.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { context } from '../samples/pki.ts';
import { snapshotBytes } from '../samples/snapshot.ts';
import { kboot } from './run.ts';

const top = mkdtempSync(join(tmpdir(), 'kboot-etcd-'));
const at = (name: string): string => join(top, name);
let folder: string;

/** A state folder with a PKI; no host answers at its addresses. */
async function makeState(): Promise<string> {
  writeFileSync(at('lab.yaml'), inventoryWith());
  const { cluster } = await readInventory(at('lab.yaml'), { withoutFiles: true });
  const state = await openState(defaultStateDir(at('lab.yaml'), cluster.name));
  await loadOrCreatePki(state, cluster, { ...context, now: new Date() });
  return state.dir;
}

function snapshot(
  name: string,
  more: { clusterInfo?: string; kubernetes?: string; etcd?: string } = {},
): string {
  const ca = Buffer.from(readFileSync(join(folder, 'pki/ca.crt'))).toString('base64');
  const file = join(folder, 'snapshots', name);
  mkdirSync(join(folder, 'snapshots'), { recursive: true });
  writeFileSync(
    file,
    snapshotBytes({
      objects: {
        '/registry/configmaps/kube-public/cluster-info': `certificate-authority-data: ${more.clusterInfo ?? ca}`,
        '/registry/configmaps/kube-system/kubeadm-config': `kubernetesVersion: ${more.kubernetes ?? 'v1.36.2'}\n`,
      },
      buckets: { cluster: { clusterVersion: more.etcd ?? '3.6.0' } },
    }),
  );
  return file;
}

beforeAll(async () => {
  folder = await makeState();
}, 60_000);
afterAll(() => {
  rmSync(top, { recursive: true });
});

describe('kboot etcd', () => {
  it.each([
    [['members', '--force'], /`kboot etcd members` does not take --force/],
    [['list', 'x.db'], /does not take x\.db/],
    [['snapshot', '--from-survivor'], /does not take --from-survivor/],
    [['restore'], /SNAPSHOT is missing/],
    [['restore', 'x.db', '--from-survivor'], /exclude each other/],
    [['restore', 'x.db'], /there is no snapshot x\.db/],
  ])('%j is refused', async ([action = '', ...rest], message) => {
    const { error } = await kboot('etcd', action, at('lab.yaml'), ...rest);
    expect(String(error)).toMatch(message);
    expect(error).toMatchObject({ exit: 3 });
  });

  it('needs a cluster', async () => {
    writeFileSync(at('other.yaml'), inventoryWith().replace('name: test', 'name: other'));
    const { error } = await kboot('etcd', 'members', at('other.yaml'));
    expect(error).toMatchObject({ code: 'E-STATE' });
  });
});

describe('kboot etcd list', () => {
  beforeEach(() => snapshot('etcd-manual-2026-11-28T01-00-00Z.db'));

  it('shows what is in the state folder, and contacts nothing', async () => {
    const { out, exit } = await kboot('etcd', 'list', at('lab.yaml'));
    expect(exit).toBe(0);
    expect(out).toMatch(
      /etcd-manual-\S+ +\d+ s +0\.0 MB +2 +3\.6\.0 +v1\.36\.2 +kboot etcd snapshot +intact/,
    );
    const { out: json } = await kboot('etcd', 'list', at('lab.yaml'), '-o', 'json');
    expect(JSON.parse(json)).toMatchObject({ snapshots: [{ intact: true, cause: 'manual', revision: 2 }] });
  });
});

describe('kboot etcd restore refuses, before it contacts a host,', () => {
  const other = `-----BEGIN CERTIFICATE-----\nx`;

  it.each([
    ['a newer etcd', { etcd: '3.7.0' }, /is of etcd 3\.7\.0, which etcd 3\.6\.\S+ of v1\.36\.2 cannot read/],
    ['a newer Kubernetes', { kubernetes: 'v1.37.0' }, /is of Kubernetes v1\.37\.0/],
  ])('a snapshot of %s', async (_title, more, message) => {
    const { error } = await kboot('etcd', 'restore', at('lab.yaml'), snapshot('x.db', more), '--yes');
    expect(error).toMatchObject({ code: 'E-SNAPSHOT', message: expect.stringMatching(message) as unknown });
  });

  it('a snapshot of another cluster', async () => {
    writeFileSync(at('third.yaml'), inventoryWith().replace('name: test', 'name: third'));
    const { cluster } = await readInventory(at('third.yaml'), { withoutFiles: true });
    const state = await openState(defaultStateDir(at('third.yaml'), cluster.name));
    await loadOrCreatePki(state, cluster, { ...context, now: new Date() });
    const foreign = readFileSync(join(state.dir, 'pki/ca.crt'), 'utf8');
    const ours = readFileSync(join(folder, 'pki/ca.crt'), 'utf8');
    expect(clusterIdOf(foreign) === clusterIdOf(ours)).toBe(false);
    const file = snapshot('x.db', { clusterInfo: Buffer.from(foreign).toString('base64') });
    const { error } = await kboot('etcd', 'restore', at('lab.yaml'), file, '--yes');
    expect(error).toMatchObject({
      code: 'E-SNAPSHOT',
      message: expect.stringMatching(/of another cluster/) as unknown,
    });
  });

  it('one that is damaged, or none', async () => {
    const file = snapshot('x.db');
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 100), Buffer.from('!'), bytes.subarray(101)]));
    const damaged = await kboot('etcd', 'restore', at('lab.yaml'), file, '--yes');
    expect(damaged.error).toMatchObject({
      code: 'E-SNAPSHOT',
      message: expect.stringMatching(/damaged/) as unknown,
    });
    writeFileSync(file, other);
    const text = await kboot('etcd', 'restore', at('lab.yaml'), file, '--yes');
    expect(text.error).toMatchObject({
      code: 'E-SNAPSHOT',
      message: expect.stringMatching(/is not a snapshot/) as unknown,
    });
  });
});
