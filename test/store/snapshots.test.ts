import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examine, keepSnapshot, listSnapshots, readSnapshots } from '../../src/store/snapshots.ts';
import { openState, type State } from '../../src/store/state.ts';
import { snapshotBytes } from '../samples/snapshot.ts';

let state: State;
beforeEach(async () => {
  state = await openState(join(mkdtempSync(join(tmpdir(), 'kboot-state-')), 'x'));
});
afterEach(() => {
  rmSync(dirname(state.dir), { recursive: true });
});

const objects = {
  '/registry/configmaps/kube-public/cluster-info': 'certificate-authority-data: QUJD',
  '/registry/configmaps/kube-system/kubeadm-config': 'old kubernetesVersion: v1.35.6\n',
  '/registry/secrets/default/one': 'x'.repeat(9000),
  // The last revision of a key is what counts.
  '/other/configmaps/kube-system/kubeadm-config': 'new kubernetesVersion: v1.36.2\n',
};
const buckets = {
  cluster: { clusterVersion: '3.6.0' },
  members: {
    a1: '{"id":1,"peerURLs":["https://10.0.0.12:2380"],"name":"cp-2"}',
    b2: '{"id":2,"peerURLs":["https://10.0.0.11:2380"],"name":"cp-1","clientURLs":[]}',
  },
};

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

const good = snapshotBytes({ objects, buckets, revision: 1_000_002_004 });

describe('keepSnapshot', () => {
  it.each([1, 31, 32, 33, 4096, good.length])(
    'keeps an intact one that arrives in pieces of %i bytes',
    async (size) => {
      // One byte at a time is slow for all of it.
      const bytes = size === 1 ? snapshotBytes().subarray(-300) : good;
      const whole = size === 1 ? undefined : bytes;
      const kept = keepSnapshot(state, inPieces(bytes, size), { kind: 'manual' }, new Date());
      if (whole === undefined) await expect(kept).rejects.toMatchObject({ code: 'E-ETCD' });
      else expect(basename(await kept)).toMatch(/^etcd-manual-2.*Z\.db$/);
    },
  );

  it.each([
    ['changed', Buffer.concat([good.subarray(0, 5000), Buffer.from([1]), good.subarray(5001)])],
    ['cut off', good.subarray(0, -1)],
    ['without a hash', good.subarray(0, -32)],
    ['empty', Buffer.alloc(0)],
    ['shorter than a hash', good.subarray(-20)],
  ])('keeps none that is %s', async (_title, bytes) => {
    await expect(
      keepSnapshot(state, inPieces(bytes, 1000), { kind: 'members' }, new Date()),
    ).rejects.toMatchObject({ code: 'E-ETCD' });
    expect(readdirSync(join(state.dir, 'snapshots'))).toEqual([]);
  });
});

it('lists what was taken before upgrades, and all of them with what they say', async () => {
  const now = new Date();
  expect(await listSnapshots(state, now)).toEqual([]);
  expect(await readSnapshots(state)).toEqual([]);
  const keep = (cause: Parameters<typeof keepSnapshot>[2]): Promise<string> =>
    keepSnapshot(state, inPieces(good, 4096), cause, now);
  await keep({ kind: 'upgrade', to: 'v1.36.2' });
  await keep({ kind: 'members' });
  await keep({ kind: 'manual' });
  writeFileSync(join(state.dir, 'snapshots', 'mine.db'), good.subarray(0, -5));
  writeFileSync(join(state.dir, 'snapshots', 'notes.txt'), 'no snapshot');
  const [found, ...others] = await listSnapshots(state, new Date(Date.now() + 60_000));
  expect(others).toEqual([]);
  expect(found?.to).toBe('v1.36.2');
  expect(Math.round(found?.ageSeconds ?? 0)).toBeGreaterThanOrEqual(59);
  const all = new Map((await readSnapshots(state)).map((each) => [basename(each.file), each]));
  expect(
    [...all.values()]
      .map(({ cause, intact }) => `${cause?.kind ?? '?'} ${intact ? 'intact' : 'damaged'}`)
      .sort(),
  ).toEqual(['? damaged', 'manual intact', 'members intact', 'upgrade intact']);
  expect(all.get('mine.db')?.content?.revision).toBe(1_000_002_004);
});

describe('examine', () => {
  const content = async (bytes: Buffer): ReturnType<typeof examine> => {
    const file = join(state.dir, 'x.db');
    writeFileSync(file, bytes);
    return examine(file);
  };

  it('reads revision, versions, members and owner', async () => {
    expect(await content(good)).toEqual({
      intact: true,
      content: {
        revision: 1_000_002_004,
        etcdVersion: '3.6.0',
        kubernetesVersion: 'v1.36.2',
        members: [
          { name: 'cp-1', peerURLs: ['https://10.0.0.11:2380'] },
          { name: 'cp-2', peerURLs: ['https://10.0.0.12:2380'] },
        ],
        clusterInfo: Buffer.from('certificate-authority-data: QUJD'),
      },
    });
  });

  it('needs no object of Kubernetes', async () => {
    expect(await content(snapshotBytes())).toEqual({
      intact: true,
      content: { revision: 0, etcdVersion: '', members: [] },
    });
  });

  it.each([0, 40, 4096, 8000, 13_000, good.length - 33])(
    'does not fail for the first %i bytes',
    async (length) => {
      expect(await content(good.subarray(0, length))).toMatchObject({ intact: false });
    },
  );

  it('ends for a database whose pages form a loop', async () => {
    const loop = Buffer.from(good);
    // The branch of the bucket `key` is its own child.
    const branch = 4 * 4096;
    loop.writeBigUInt64LE(4n, branch + 24);
    loop.writeBigUInt64LE(4n, branch + 40);
    expect(await content(loop)).toEqual({ intact: false, content: undefined });
  });
});
