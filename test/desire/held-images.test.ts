import { describe, expect, it } from 'vitest';
import { catalogDigest } from '../../src/catalog/known-digests.ts';
import { withReleases, type Releases } from '../../src/catalog/release.ts';
import type { Desire } from '../../src/desire/context.ts';
import { desireHost } from '../../src/desire/host.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import type { ImageResource } from '../../src/resource/types.ts';
import type { BundleImage } from '../../src/store/bundle.ts';
import { unissued } from '../samples/desire.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';
import { digestsOf, lockedRelease } from '../samples/lock.ts';

const pause = 'registry.k8s.io/pause:3.10.2';
const digest = `sha256:${'5'.repeat(64)}`;

/** The images of the control plane, by their first reference. */
function imagesOf(spec: readonly string[], more: Partial<Desire> = {}): ReadonlyMap<string, ImageResource> {
  const { cluster } = parseInventory(inventoryWith(spec), optionsFor('lab.yaml'));
  const [host] = cluster?.hosts ?? [];
  if (cluster === undefined || host === undefined) throw new Error('the inventory is not valid');
  const resources = desireHost({ ...unissued(cluster), ...more }, host, assumedFacts);
  const images = resources.filter((each) => each.kind === 'image');
  return new Map(images.map((image) => [image.refs[0] ?? '', image]));
}

/** A bundle with release files that nobody looks at, and one image. */
function bundleOf(image: Partial<BundleImage>): Pick<Desire, 'bundle'> {
  const path = 'images/linux-amd64/pause.tar';
  const rest = [
    ...['bin/linux-amd64/runc', 'bin/linux-amd64/kubelet', 'bin/linux-amd64/kubectl'],
    ...['archives/linux-amd64/containerd-2.2.7.tgz', 'archives/linux-amd64/cni-plugins-1.tgz'],
  ];
  return {
    bundle: {
      ...{ apiVersion: 'kboot.dev/v1', kind: 'Bundle', kubernetesVersion: 'v1.36.2', directory: '/b' },
      files: [path, ...rest].map((each) => ({ path: each, size: 1, sha256: '0'.repeat(64), arch: 'amd64' })),
      images: [{ ref: pause, path, arch: 'amd64', ...image }],
    },
  };
}

describe('images that hosts pull', () => {
  it('are held to the catalog, if they are from the official registries and it has their digests', () => {
    const images = imagesOf([]);
    expect(images.get(pause)?.digests).toEqual({ [pause]: [catalogDigest(pause)] });
    expect(images.get('registry.k8s.io/kube-apiserver:v1.36.2')?.digests).toBeDefined();
    expect(images.get('ghcr.io/flannel-io/flannel:v0.28.9')?.digests).toBeUndefined();
  });

  it('are held to the lock alone in a registry of one’s own, which may have other builds', () => {
    const spec = ['imageRepository: registry.example.com/k8s'];
    const own = 'registry.example.com/k8s/pause:3.10.2';
    expect(imagesOf(spec).get(own)?.digests).toBeUndefined();
    const releases: Releases = withReleases([
      lockedRelease('v1.36.2', { repository: 'registry.example.com/k8s' }),
    ]);
    const { digest: index, amd64 } = digestsOf(own);
    expect(imagesOf(spec, { releases }).get(own)?.digests).toEqual({ [own]: [index, amd64] });
  });
});

describe('images of a bundle', () => {
  it('that an index in their archives proves to be official are held to their own digests too', () => {
    const index = catalogDigest(pause) ?? '';
    const { digests } = imagesOf([], bundleOf({ digest, index })).get(pause) ?? {};
    expect(digests).toEqual({ [pause]: [index, digest] });
  });

  it('that are other builds are held to nothing but their files', () => {
    for (const image of [{}, { digest }, { digest, index: digest }])
      expect(imagesOf([], bundleOf(image)).get(pause)?.digests).toBeUndefined();
  });

  it('that an add-on needs go to hosts, even if kboot itself has no use for them', () => {
    const ref = 'ghcr.io/flannel-io/flannel:v0.28.9';
    const spec = ['networking: { cni: none }', 'addons: [{ name: own, manifests: [{ path: ./own.yaml }] }]'];
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'own' } };
    const addons = new Map([['own', [{ ...pod, spec: { containers: [{ name: 'own', image: ref }] } }]]]);
    expect(imagesOf(spec, bundleOf({ ref })).has(ref)).toBe(false);
    expect(imagesOf(spec, { ...bundleOf({ ref }), addons }).has(ref)).toBe(true);
  });
});
