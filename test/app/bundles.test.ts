import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { bundleFor } from '../../src/app/bundles.ts';
import { createBundle } from '../../src/app/create-bundle.ts';
import { withReleases, type Release } from '../../src/catalog/release.ts';
import { lockText, type LockedRelease } from '../../src/catalog/release-lock.ts';
import { contentsOfRelease } from '../../src/desire/bundle-contents.ts';
import { findDigests } from '../../src/fetch/registry.ts';
import { openWeb } from '../../src/fetch/web.ts';
import { sha256 } from '../../src/model/digest.ts';
import { KbootError } from '../../src/model/error.ts';
import { indexBundle } from '../../src/store/bundle-index.ts';
import { openBundle, verifyBundle, type Bundle, type BundleIndex } from '../../src/store/bundle.ts';
import { freshFolder } from '../cli/folder.ts';
import { kboot } from '../cli/run.ts';
import { freshPlaces } from '../fetch/places.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { lockedRelease } from '../samples/lock.ts';

vi.mock(import('../../src/catalog/artifacts.ts'), async (original) =>
  (await import('../fetch/places.ts')).asMirrored(await original()),
);

const at = freshFolder();
const places = freshPlaces();
const repository = (): string => `${places.registry.host}/k8s`;
const signal = new AbortController().signal;
let locked: LockedRelease;

beforeEach(async () => {
  const web = openWeb({ signal });
  const own = lockedRelease('v1.36.2', { repository: repository() });
  const refs = Object.keys(own.locked);
  const found = await Promise.all(refs.map(async (ref) => [ref, await findDigests(web, ref)] as const));
  web.close();
  locked = { ...own, locked: Object.fromEntries(found) };
});

const create = (release: Release): Promise<BundleIndex> =>
  createBundle({
    ...{ directory: at('bundle'), contents: contentsOfRelease(release, repository()), signal },
    ...{ arches: ['amd64'], mirror: places.mirror.origin, tell: () => undefined },
    ...{ heard: () => undefined, allowUnofficial: false },
  });
const refusal = (bundle: Bundle, release = locked): string => {
  try {
    const bundles = new Map([[bundle.kubernetesVersion, bundle]]);
    bundleFor({ bundles, releases: withReleases([release]), allowUnofficial: false }, 'v1.36.2');
    return '';
  } catch (error) {
    if (!(error instanceof KbootError)) throw error;
    return `${error.code} ${error.message}\n${error.context.detail ?? ''}`;
  }
};
const ref = (name: string): string =>
  Object.keys(locked.locked).find((each) => each.includes(`/${name}:`)) ?? '';

describe('a bundle and a lock', () => {
  it('fit if the bundle was fetched with it: images by digest, even if their tags have moved', async () => {
    await create(locked);
    expect(places.registry.asked.some((line) => line.includes('/manifests/3.10.2'))).toBe(true);
    places.registry.asked.length = 0;
    await create({ ...locked, locked: { ...locked.locked } });
    expect(places.registry.asked.filter((line) => /manifests\/(?!sha256:)/.test(line))).toEqual([]);
    expect(refusal(openBundle({ directory: at('bundle') }))).toBe('');
  });

  it('do not fit if files, versions or images differ: all are named, with both sums', async () => {
    await create(locked);
    const bundle = openBundle({ directory: at('bundle') });
    const other = { digest: `sha256:${'0'.repeat(64)}`, amd64: `sha256:${'1'.repeat(64)}` };
    const wrong = { ...locked, crictl: '1.36.1', locked: { ...locked.locked, [ref('pause')]: other } };
    const said = refusal(
      {
        ...bundle,
        files: bundle.files.map((file) =>
          file.path.endsWith('/runc') ? { ...file, sha256: 'a'.repeat(64) } : file,
        ),
        images: bundle.images.map((image) =>
          image.ref === ref('etcd') ? { ref: image.ref, path: image.path, arch: image.arch } : image,
        ),
      },
      wrong,
    );
    expect(said.split('\n')).toEqual([
      `E-BUNDLE the bundle ${at('bundle')} differs from kboot.lock.yaml`,
      expect.stringMatching(/^bin\/linux-amd64\/runc has SHA-256 a{64}, but the lock has [0-9a-f]{64}$/),
      'archives/linux-amd64/crictl-v1.36.0-linux-amd64.tar.gz is not archives/linux-amd64/crictl-v1.36.1-linux-amd64.tar.gz, which the lock has',
      `images/linux-amd64/etcd.tar states no digest of ${ref('etcd')}, but the lock has ${locked.locked[ref('etcd')]?.amd64 ?? ''}`,
      `images/linux-amd64/pause.tar has digest ${locked.locked[ref('pause')]?.amd64 ?? ''} of ${ref('pause')}, but the lock has ${other.amd64}`,
    ]);
  });

  it('an index that claims the digest of another image is found when the archives are read', async () => {
    await create(locked);
    cpSync(at('bundle/images/linux-amd64/etcd.tar'), at('bundle/images/linux-amd64/pause.tar'));
    const file = at('bundle/bundle.json');
    const claimed = JSON.parse(readFileSync(file, 'utf8')) as BundleIndex;
    const bytes = readFileSync(at('bundle/images/linux-amd64/pause.tar'));
    const files = claimed.files.map((each) =>
      each.path.endsWith('/pause.tar') ? { ...each, size: bytes.length, sha256: sha256(bytes) } : each,
    );
    writeFileSync(file, JSON.stringify({ ...claimed, files }));
    await expect(verifyBundle(openBundle({ directory: at('bundle') }))).rejects.toMatchObject({
      code: 'E-BUNDLE',
      context: {
        detail: expect.stringMatching(
          /pause\.tar does not have \S+\/pause:3\.10\.2, but the index says so/,
        ) as string,
      },
    });
  });

  it('an image in two archives is refused: which one a host keeps would depend on the order', async () => {
    await create(locked);
    cpSync(at('bundle/images/linux-amd64/etcd.tar'), at('bundle/images/linux-amd64/zz.tar'));
    await expect(indexBundle(at('bundle'), 'v1.36.2')).rejects.toMatchObject({
      code: 'E-BUNDLE',
      context: {
        detail: `${ref('etcd')} is in images/linux-amd64/etcd.tar and in images/linux-amd64/zz.tar`,
      },
    });
  });

  it.each([
    ['is gone', 404, /HTTP status 404/],
    ['is another one', 'wrong', /pause:3\.10\.2: has digest sha256:[0-9a-f]{64}, expected sha256:/],
  ] as const)('an image whose manifest in the registry %s is not fetched', async (_, fault, message) => {
    const digest = locked.locked[ref('pause')]?.digest ?? '';
    places.registry.faults.set(`/v2/k8s/pause/manifests/${digest}`, fault);
    await expect(create(locked)).rejects.toMatchObject({
      code: 'E-FETCH',
      context: { detail: expect.stringMatching(message) as string },
    });
  });
});

describe('commands with a bundle that differs from the lock', () => {
  const inventory = (): string => at('lab.yaml');
  beforeEach(async () => {
    writeFileSync(inventory(), inventoryWith([`imageRepository: ${repository()}`]));
    await create(locked);
  });
  const lock = (change: Partial<LockedRelease> = {}): void => {
    writeFileSync(at('kboot.lock.yaml'), lockText([{ ...locked, ...change }]));
  };
  const plan = (...flags: string[]): ReturnType<typeof kboot> =>
    kboot('plan', inventory(), '--offline', '--bundle', at('bundle'), ...flags);

  it('refuse it, unless --allow-unofficial, which warns', async () => {
    lock();
    const { error, exit } = await plan();
    expect([error, exit]).toEqual([undefined, 0]);
    lock({ crictl: '1.36.1' });
    expect((await plan()).error).toMatchObject({ code: 'E-BUNDLE', exit: 3 });
    const allowed = await plan('--allow-unofficial');
    expect([allowed.error, allowed.exit]).toEqual([undefined, 0]);
    const verify = ['bundle', 'verify', at('bundle')];
    expect((await kboot(...verify)).error).toBeUndefined();
    expect((await kboot(...verify, '--inventory', inventory())).error).toMatchObject({ code: 'E-BUNDLE' });
    lock();
    expect((await kboot(...verify, '--inventory', inventory())).error).toBeUndefined();
  });
});
