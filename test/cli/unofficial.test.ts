import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { lockText } from '../../src/catalog/release-lock.ts';
import { contentsOfRelease } from '../../src/desire/bundle-contents.ts';
import type { BundleIndex } from '../../src/store/bundle.ts';
import { release } from '../../src/catalog/release.ts';
import { KbootError } from '../../src/model/error.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { layout, writeTar } from '../store/image-tar.ts';
import { freshFolder } from './folder.ts';
import { kboot } from './run.ts';

const at = freshFolder();
const inventory = (): string => at('cluster.yaml');
/** Nothing listens on ports 1 and 2 of this machine. */
const unreachable = inventoryWith([], ['ssh: {address: 127.0.0.1, port: 2}', 'address: 10.0.0.21']).replace(
  'address: 10.0.0.11}',
  'address: 10.0.0.11, ssh: {address: 127.0.0.1, port: 1}}',
);
const files = [
  ...['bin/linux-amd64/kubelet', 'bin/linux-amd64/kubectl', 'bin/linux-amd64/runc'],
  'archives/linux-amd64/containerd-2.2.7-linux-amd64.tar.gz',
  'archives/linux-amd64/cni-plugins-linux-amd64-v1.9.1.tgz',
];
const own = release('v1.36.2');

beforeEach(async () => {
  writeFileSync(inventory(), unreachable);
  for (const folder of ['bin', 'archives', 'images'])
    mkdirSync(at(`bundle/${folder}/linux-amd64`), { recursive: true });
  for (const path of files) writeFileSync(at(`bundle/${path}`), `built here: ${path}`);
  for (const [name, ref] of Object.entries(contentsOfRelease(own, 'registry.k8s.io').images))
    await writeTar(at(`bundle/images/linux-amd64/${name}.tar`), layout({ name: ref }).members);
  expect((await kboot('bundle', 'index', at('bundle'))).error).toBeUndefined();
});

/** `up` without a terminal, as far as it gets: it cannot reach a host. */
const up = async (...flags: string[]): Promise<KbootError> => {
  const { error } = await kboot('up', inventory(), '--bundle', at('bundle'), '--yes', ...flags);
  if (!(error instanceof KbootError)) throw new Error('up reached a host');
  return error;
};
const index = (): BundleIndex => JSON.parse(readFileSync(at('bundle/bundle.json'), 'utf8')) as BundleIndex;

describe('a bundle of builds that are not official', () => {
  it('is refused before a host is contacted: which files, and what to do', async () => {
    const { code, exit, message, context } = await up();
    expect([code, exit]).toEqual(['E-BUNDLE', 3]);
    expect(message).toBe(
      `the bundle ${at('bundle')} has other builds than the official ones: archives/linux-amd64/cni-plugins-linux-amd64-v1.9.1.tgz and 4 more files, registry.k8s.io/coredns/coredns:v1.14.2 and 11 more images`,
    );
    expect(context.remedy).toMatch(/--allow-unofficial, or with KBOOT_ALLOW_UNOFFICIAL=true/);
  });

  it.each([
    ['the flag', ['--allow-unofficial'], undefined],
    ['the environment', [], 'true'],
  ])('is used with %s, and once is enough for these files', async (_, flags, variable) => {
    if (variable !== undefined) vi.stubEnv('KBOOT_ALLOW_UNOFFICIAL', variable);
    expect((await up(...flags)).code).toBe('E-CONNECT');
    vi.unstubAllEnvs();
    expect((await up()).code).toBe('E-CONNECT');
    writeFileSync(at('bundle/bin/linux-amd64/runc'), 'another build');
    await kboot('bundle', 'index', at('bundle'));
    expect((await up()).message).toMatch(/other builds than the official ones: bin\/linux-amd64\/runc$/);
    expect((await up('--allow-unofficial')).code).toBe('E-CONNECT');
    expect((await up()).code).toBe('E-CONNECT');
  });

  it('needs no question if kboot.lock.yaml has exactly these', async () => {
    const { files: held, images } = index();
    const sums = new Map(held.map(({ path, sha256 }) => [path.replace(/^.*amd64\/|[-.].*$/g, ''), sha256]));
    const amd64 = { ...own.files.amd64 };
    for (const name of ['kubelet', 'kubectl', 'runc', 'containerd'] as const)
      amd64[name] = sums.get(name) ?? '';
    amd64['cni-plugins'] = held.find(({ path }) => path.includes('/cni-plugins-'))?.sha256 ?? '';
    const locked = Object.fromEntries(
      images.map(({ ref, digest = '' }) => [ref, { digest: `sha256:${'0'.repeat(64)}`, amd64: digest }]),
    );
    const lock = { ...own, files: { ...own.files, amd64 }, locked };
    writeFileSync(at('kboot.lock.yaml'), lockText([lock]));
    expect((await up()).code).toBe('E-CONNECT');
    const pause = 'registry.k8s.io/pause:3.10.2';
    const other = { digest: `sha256:${'0'.repeat(64)}`, amd64: `sha256:${'1'.repeat(64)}` };
    writeFileSync(at('kboot.lock.yaml'), lockText([{ ...lock, locked: { ...locked, [pause]: other } }]));
    expect((await up()).message).toContain('differs from kboot.lock.yaml');
  });

  it('is named by the plan, which asks for nothing', async () => {
    const { out, error } = await kboot('plan', inventory(), '--offline', '--bundle', at('bundle'));
    expect(error).toBeUndefined();
    expect(out).toContain('the bundle has other builds than the official ones: archives/linux-amd64/cni');
  });

  it('is told apart by bundle verify, with the digests that the archives prove', async () => {
    const json = async (): Promise<readonly { path: string; origin: string; ref?: string }[]> =>
      (JSON.parse((await kboot('bundle', 'verify', at('bundle'), '-o', 'json')).out) as { origins: never })
        .origins;
    const origins = await json();
    expect(origins.filter(({ origin }) => origin === 'official')).toEqual([]);
    expect(origins.filter(({ origin }) => origin === 'unknown').map(({ ref }) => ref)).toEqual([
      'ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3',
      'ghcr.io/flannel-io/flannel:v0.28.9',
      'registry.k8s.io/networking/kube-network-policies:v1.1.1',
      'quay.io/metallb/controller:v0.15.3',
      'quay.io/metallb/speaker:v0.15.3',
    ]);
    const { out } = await kboot('bundle', 'verify', at('bundle'));
    expect(out).toMatch(/^another origin: 5 files and 7 images\n {2}archives[^]*: verified 17 files.*\n$/);
    expect(out).toMatch(
      /\n {2}registry.k8s.io\/pause:3.10.2 {2}sha256:\w{12}, but the catalog has sha256:f548e0e8/,
    );
  });
});

/** bundle.json is its maker's word: whatever it claims, the files decide before the first change. */
describe('an index that lies', () => {
  const lie = (change: (index: BundleIndex) => object): void => {
    writeFileSync(at('bundle/bundle.json'), JSON.stringify({ ...index(), ...change(index()) }));
  };
  const official = 'sha256:f548e0e8e3dc1896ca956272154dde3314e8cc4fde0a57577ee9fa1c63f5baf4';
  it.each([
    [
      'the digest of an image',
      ({ images }: BundleIndex) => ({
        images: images.map((each) => (each.ref.includes('pause') ? { ...each, digest: official } : each)),
      }),
      /pause.tar has digest sha256:\w+ of \S+, but the index says sha256:f548/,
    ],
    [
      'the index of an image',
      ({ images }: BundleIndex) => ({
        images: images.map((each) => (each.ref.includes('pause') ? { ...each, index: official } : each)),
      }),
      /pause.tar has index none of \S+, but the index says sha256:f548/,
    ],
    [
      'the sum of a file',
      ({ files: all }: BundleIndex) => ({
        files: all.map((each) =>
          each.path.endsWith('/kubelet') ? { ...each, sha256: own.files.amd64.kubelet } : each,
        ),
      }),
      /kubelet has SHA-256 \w+, but the index says 3ba68cb4f090/,
    ],
    [
      'an image that it leaves out',
      ({ images }: BundleIndex) => ({ images: images.filter(({ ref }) => !ref.includes('pause')) }),
      /pause.tar has registry.k8s.io\/pause:3.10.2, but the index does not say so/,
    ],
    [
      'the architecture of a file, which hides what it is',
      ({ files: all }: BundleIndex) => ({ files: all.map((each) => ({ ...each, arch: 'any' })) }),
      /kubelet is for amd64, but the index says any/,
    ],
    [
      'where an archive is',
      ({ images }: BundleIndex) => ({ images: images.map((each) => ({ ...each, path: files[0] })) }),
      /is not in images\//,
    ],
    [
      'a path with a terminal sequence',
      ({ files: all }: BundleIndex) => ({
        files: all.map((each) => ({ ...each, path: `${each.path}\u001b]0;x\u0007` })),
      }),
      /Invalid input/,
    ],
  ])('about %s is found', async (_, change, message) => {
    lie(change);
    const { error } = await kboot('bundle', 'verify', at('bundle'));
    expect(error).toMatchObject({
      code: 'E-BUNDLE',
      exit: 3,
      context: { detail: expect.stringMatching(message) as string },
    });
  });
});
