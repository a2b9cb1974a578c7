import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createBundle, type CreateOptions } from '../../src/app/create-bundle.ts';
import { catalogDigest } from '../../src/catalog/known-digests.ts';
import { catalog, release } from '../../src/catalog/release.ts';
import { contentsOf, contentsOfRelease } from '../../src/desire/bundle-contents.ts';
import { refuseUnfitBundle } from '../../src/desire/bundle-fit.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import type { FetchEvent } from '../../src/fetch/events.ts';
import { sha256 } from '../../src/model/digest.ts';
import { indexBundle } from '../../src/store/bundle-index.ts';
import { openBundle, verifyBundle } from '../../src/store/bundle.ts';
import { freshFolder } from '../cli/folder.ts';
import { freshPlaces } from '../fetch/places.ts';
import { serve } from '../fetch/servers.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';

vi.mock(import('../../src/catalog/artifacts.ts'), async (original) =>
  (await import('../fetch/places.ts')).asMirrored(await original()),
);

const at = freshFolder();
const places = freshPlaces();
let interrupt: AbortController;
let events: FetchEvent[];
beforeEach(() => {
  interrupt = new AbortController();
  events = [];
});

const pool = 'metallb: {pools: [{name: a, addresses: [10.0.0.200-10.0.0.210]}]}';
function clusterOf(text: string): Cluster {
  const { cluster, diagnostics } = parseInventory(text, optionsFor('lab.yaml'));
  if (cluster === undefined) throw new Error(JSON.stringify(diagnostics));
  return cluster;
}

const options = (more: Partial<CreateOptions> = {}): CreateOptions => ({
  directory: at('bundle'),
  contents: contentsOfRelease(release('v1.36.2'), `${places.registry.host}/k8s`),
  arches: ['amd64'],
  mirror: `${places.mirror.origin}/`,
  allowUnofficial: true,
  signal: interrupt.signal,
  tell: (event) => events.push(event),
  heard: () => undefined,
  ...more,
});
const create = (more: Partial<CreateOptions> = {}): ReturnType<typeof createBundle> =>
  createBundle(options(more));
const ended = (type: FetchEvent['type']): string[] =>
  events.filter((event) => event.type === type).map(({ path }) => path);
const kubelet = '/dl.k8s.io/release/v1.36.2/bin/linux/amd64/kubelet';

describe('a bundle', () => {
  it('contains everything that a cluster needs', async () => {
    const index = await create();
    expect(index.kubernetesVersion).toBe('v1.36.2');
    expect(index.files.map(({ path }) => path)).toEqual([
      'archives/linux-amd64/cni-plugins-linux-amd64-v1.9.1.tgz',
      'archives/linux-amd64/containerd-2.2.7-linux-amd64.tar.gz',
      'archives/linux-amd64/crictl-v1.36.0-linux-amd64.tar.gz',
      'archives/linux-amd64/etcd-v3.6.8-linux-amd64.tar.gz',
      'bin/linux-amd64/kubectl',
      'bin/linux-amd64/kubelet',
      'bin/linux-amd64/runc',
      ...[
        'coredns',
        'etcd',
        'flannel-cni-plugin',
        'flannel',
        'kube-apiserver',
        'kube-controller-manager',
        'kube-network-policies',
        'kube-proxy',
        'kube-scheduler',
        'metallb-controller',
        'metallb-speaker',
        'pause',
      ].map((name) => `images/linux-amd64/${name}.tar`),
    ]);
    expect(index.images).toContainEqual({
      ref: `${places.registry.host}/k8s/metallb/speaker:v0.15.3`,
      path: 'images/linux-amd64/metallb-speaker.tar',
      arch: 'amd64',
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      index: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
    });
    await verifyBundle(openBundle({ directory: at('bundle') }));
    refuseUnfitBundle(
      {
        cluster: clusterOf(inventoryWith([`imageRepository: ${places.registry.host}/k8s`, pool])),
        releases: catalog,
        bundle: openBundle({ directory: at('bundle') }),
      },
      'addon',
    );
  });

  it('keeps two architectures apart', async () => {
    const { images } = await create({ arches: ['amd64', 'arm64'] });
    expect(images.filter(({ ref }) => ref.includes('/pause:')).map(({ path }) => path)).toEqual([
      'images/linux-amd64/pause.tar',
      'images/linux-arm64/pause.tar',
    ]);
    expect(existsSync(at('bundle/bin/linux-arm64/kubelet'))).toBe(true);
  });

  it('is not fetched again, except files that are missing or damaged', async () => {
    await create();
    events = [];
    places.mirror.asked.length = 0;
    await create();
    expect([ended('fetched'), places.mirror.asked]).toEqual([[], []]);
    expect(ended('present')).toHaveLength(19);
    writeFileSync(at('bundle/bin/linux-amd64/runc'), 'rotten');
    writeFileSync(at('bundle/images/linux-amd64/pause.tar'), '');
    events = [];
    await create();
    expect(ended('fetched').sort()).toEqual(['bin/linux-amd64/runc', 'images/linux-amd64/pause.tar']);
    await verifyBundle(openBundle({ directory: at('bundle') }));
  });
});

it('a bundle has the charts of add-ons by their digest, which are not fetched again', async () => {
  const archive = Buffer.from('the archive of a chart');
  const chart = { name: 'shop', version: '1.2.3', sha256: sha256(archive) };
  const charts = await serve(({ url }) =>
    url === '/shop.tgz'
      ? archive
      : Buffer.from(JSON.stringify({ entries: { shop: [{ version: '1.2.3', urls: ['shop.tgz'] }] } })),
  );
  vi.stubEnv('XDG_CACHE_HOME', at('cache'));
  const all = contentsOfRelease(release('v1.36.2'), `${places.registry.host}/k8s`);
  const contents = { ...all, images: {}, charts: [{ ...chart, repository: charts.origin }] };
  const path = `charts/${chart.sha256}.tgz`;
  expect((await create({ contents })).files.map((file) => file.path)).toContain(path);
  await verifyBundle(openBundle({ directory: at('bundle') }));
  await charts.close();
  events = [];
  await create({ contents });
  expect([ended('fetched'), ended('present')]).toEqual([[], expect.arrayContaining([path])]);
  const other = { ...chart, sha256: '0'.repeat(64), repository: charts.origin };
  await expect(create({ contents: { ...contents, charts: [other] } })).rejects.toMatchObject({
    code: 'E-FETCH',
  });
});

describe('images of a registry that has others under the official tags', () => {
  const contents = (): CreateOptions['contents'] => {
    const all = contentsOfRelease(release('v1.36.2'), `${places.registry.host}/k8s`);
    const known = Object.entries(all.images).filter(([, ref]) => catalogDigest(ref) !== undefined);
    return { ...all, files: [], images: Object.fromEntries(known) };
  };

  it('are refused, each of them, by tag and by digest', async () => {
    const forged = { contents: contents(), allowUnofficial: false };
    const count = Object.keys(forged.contents.images).length;
    expect(count).toBe(7);
    await expect(create(forged)).rejects.toMatchObject({
      code: 'E-FETCH',
      message: `7 of 7 files could not be fetched into ${at('bundle')}`,
      context: {
        detail: expect.stringMatching(
          /pause\/manifests\/sha256:f548e0e8\w+: HTTP status 404 \(the official image is sha256:f548e0e8/,
        ) as string,
        remedy: expect.stringContaining('`kboot lock INVENTORY` pins them') as string,
      },
    });
    for (const ref of Object.values(forged.contents.images)) {
      const path = ref.slice(places.registry.host.length, ref.lastIndexOf(':'));
      places.registry.faults.set(`/v2${path}/manifests/${catalogDigest(ref) ?? ''}`, 'wrong');
      places.registry.served.set(catalogDigest(ref) ?? '', Buffer.from('{"schemaVersion":2}'));
    }
    await expect(create(forged)).rejects.toMatchObject({
      message: `7 of 7 files could not be fetched into ${at('bundle')}`,
      context: { detail: expect.stringMatching(/has digest sha256:\w+, expected sha256:f548e0e8/) as string },
    });
    expect(ended('fetched')).toEqual([]);
  });

  it('are fetched if the operator vouches for them', async () => {
    expect((await create({ contents: contents(), allowUnofficial: true })).images).toHaveLength(7);
  });
});

describe('failures', () => {
  it('are all named; the rest is fetched, no partial file is kept, and the next run repairs it', async () => {
    places.mirror.faults.set(kubelet, 'wrong');
    places.mirror.faults.set(kubelet.replace('kubelet', 'kubectl'), 404);
    places.registry.faults.set('/v2/k8s/pause/manifests/3.10.2', 500);
    await expect(create()).rejects.toMatchObject({
      code: 'E-FETCH',
      message: `3 of 19 files could not be fetched into ${at('bundle')}`,
      context: {
        detail: expect.stringMatching(
          /kubelet: has SHA-256 .*\n.*kubectl: HTTP status 404\n.*3\.10\.2: HTTP status 500$/,
        ) as string,
        remedy: expect.stringContaining('The file does not exist.') as string,
      },
    });
    expect(ended('fetched')).toHaveLength(16);
    expect(readdirSync(at('bundle/bin/linux-amd64'))).toEqual(['runc']);
    expect(existsSync(at('bundle/bundle.json'))).toBe(false);
    places.mirror.faults.clear();
    places.registry.faults.clear();
    events = [];
    await create();
    expect(ended('present')).toHaveLength(16);
  });

  it('an interrupted run leaves no partial file; the next run cleans up after a killed one', async () => {
    places.mirror.faults.set(kubelet, 'silent');
    const running = create({
      tell: (event) => {
        if (event.type === 'fetching' && event.path.endsWith('kubelet'))
          setTimeout(() => {
            interrupt.abort();
          }, 100);
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'E-INTERRUPTED', exit: 130 });
    const names = readdirSync(at('bundle'), { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const half = join(at('bundle/bin/linux-amd64'), `.kubelet.${'a'.repeat(16)}.tmp`);
    writeFileSync(half, 'half');
    places.mirror.faults.clear();
    const { files } = await create({ signal: new AbortController().signal });
    expect([existsSync(half), files.length]).toEqual([false, 19]);
  });

  it('a folder that cannot be written ends it at once', async () => {
    mkdirSync(at('bundle/archives/linux-amd64/containerd-2.2.7-linux-amd64.tar.gz/in-the-way'), {
      recursive: true,
    });
    await expect(create()).rejects.toMatchObject({ code: 'E-STATE' });
    // Of 19, those that were under way at the same time may still end.
    expect(ended('fetched').length).toBeLessThan(12);
    writeFileSync(at('file'), '');
    await expect(create({ directory: at('file') })).rejects.toMatchObject({ code: 'E-STATE' });
  });

  it('archives of another version are refused before anything is fetched', async () => {
    mkdirSync(at('bundle/archives/linux-amd64'), { recursive: true });
    writeFileSync(at('bundle/archives/linux-amd64/containerd-1.7.0-linux-amd64.tar.gz'), '');
    await expect(create()).rejects.toMatchObject({
      code: 'E-BUNDLE',
      context: { detail: 'archives/linux-amd64/containerd-1.7.0-linux-amd64.tar.gz' },
    });
    expect([places.mirror.asked, places.registry.asked]).toEqual([[], []]);
  });
});

describe('a delta', () => {
  const files = (name: string): string[] =>
    readdirSync(at(name), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.\w+$|kube|runc$/.test(path) && !/^images\/[^/]+$/.test(path))
      .sort();

  it('has only what the other bundle lacks; alone it is refused, laid over it, it is the whole', async () => {
    const whole = await create({ directory: at('whole') });
    await create({ directory: at('base') });
    const changed = ['bin/linux-amd64/kubelet', 'images/linux-amd64/pause.tar'];
    rmSync(at(`base/${changed[0] ?? ''}`));
    writeFileSync(at(`base/${changed[1] ?? ''}`), readFileSync(at('base/images/linux-amd64/etcd.tar')));
    rmSync(at('base/images/linux-amd64/etcd.tar'));
    const base = await indexBundle(at('base'), 'v1.36.1');
    events = [];
    const delta = await create({ directory: at('delta'), since: { ...base, directory: at('base') } });
    expect(ended('fetched').sort()).toEqual([...changed, 'images/linux-amd64/etcd.tar'].sort());
    expect(files('delta')).toEqual(['bundle.json', ...ended('fetched')].sort());
    expect(delta).toEqual({ ...whole, since: { kubernetesVersion: 'v1.36.1' } });
    expect(() => openBundle({ directory: at('delta') })).toThrow(
      `${at('delta')} is a delta: ${whole.files.length - 3} of its ${whole.files.length} files are in the bundle for Kubernetes v1.36.1 that it was made since`,
    );
    // The other bundle is as it was, and again the same comes out.
    await verifyBundle(openBundle({ directory: at('base') }));
    events = [];
    await create({ directory: at('delta'), since: { ...base, directory: at('base') } });
    expect(ended('fetched')).toEqual([]);
    cpSync(at('delta'), at('base'), { recursive: true });
    await verifyBundle(openBundle({ directory: at('base') }));
    expect(files('base')).toEqual(files('whole'));
  });
});

describe('the contents of a bundle', () => {
  const names = (text: string): string[] => {
    const { files, images } = contentsOf(clusterOf(text), release('v1.36.2'));
    return [...files, ...Object.keys(images).map((name) => `${name}.tar`)];
  };

  it('include MetalLB if the inventory has it, and etcd as image, as archive, or not at all', () => {
    const etcd = (text: string): string[] => names(text).filter((name) => name.startsWith('etcd'));
    expect(etcd(inventoryWith())).toEqual(['etcd.tar']);
    expect(etcd(inventoryWith().replace('[worker]', '[etcd]'))).toEqual(['etcd']);
    const others =
      'etcd: {external: {endpoints: ["https://10.0.0.9:2379"], caFile: a, certFile: b, keyFile: c}}';
    expect(etcd(inventoryWith([others]))).toEqual([]);
    expect(names(inventoryWith())).not.toContain('metallb-speaker.tar');
    expect(names(inventoryWith([pool]))).toContain('metallb-speaker.tar');
  });
});

it('fetches from the official hosts if no other source is named', async () => {
  // A proxy that lets nobody through: nothing leaves this machine.
  vi.stubEnv('https_proxy', places.mirror.origin);
  const contents = contentsOfRelease(release('v1.36.2'), 'registry.k8s.io');
  await expect(create({ contents, mirror: undefined })).rejects.toMatchObject({ code: 'E-FETCH' });
  const asked = events.flatMap((event) => (event.type === 'unfetched' ? [event.from] : []));
  expect(asked).toHaveLength(19);
  expect(asked).toContain('https://dl.k8s.io/release/v1.36.2/bin/linux/amd64/kubelet');
  expect(asked).toContain('registry.k8s.io/coredns/coredns:v1.14.2');
});
