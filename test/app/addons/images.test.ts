import { describe, expect, it } from 'vitest';
import { imagesToPull } from '../../../src/app/addons/images.ts';
import type { Registry } from '../../../src/model/cluster.ts';
import { addonOf } from '../../samples/addons.ts';

const addons = [
  addonOf('a', {
    images: ['busybox', 'quay.io/a/b:1', 'registry.example.com/k8s/own:1', 'registry.k8s.io/pause:3.10'],
  }),
];
const mirrorOf = (host: string): Registry => ({
  host,
  mirrors: [
    { url: 'https://mirror.example.com', capabilities: ['pull'], skipVerify: false, overridePath: false },
  ],
});
const notes = (
  imageRepository: string,
  hosts: readonly string[],
  held?: readonly string[],
): readonly string[] =>
  imagesToPull(
    { addons, imageRepository, containerd: { config: {}, registries: hosts.map(mirrorOf) } },
    new Map(),
    held && { images: held.map((ref) => ({ ref, path: ref, arch: 'amd64', digest: '' })) },
  );

describe('imagesToPull', () => {
  it('says nothing without a bundle and another repository', () => {
    expect(notes('registry.k8s.io', [])).toEqual([]);
  });

  it('names what a bundle lacks', () => {
    expect(notes('registry.k8s.io', [], ['quay.io/a/b:1'])).toEqual([
      'the bundle lacks 3 images of add-ons: docker.io/library/busybox:latest, registry.example.com/k8s/own:1, registry.k8s.io/pause:3.10; nodes pull them from the registry. `kboot bundle create DIR --inventory FILE` fetches what add-ons need',
    ]);
  });

  it('with spec.imageRepository, names the registries of add-ons that have no mirror', () => {
    const note = (hosts: string, needs: string): string =>
      `images of add-ons come from ${hosts}, not from spec.imageRepository: nodes that cannot reach ${needs} in spec.containerd.registries, or a bundle with these images`;
    expect(notes('registry.example.com/k8s', [])).toEqual([
      note('docker.io, quay.io, registry.k8s.io', 'them need mirrors'),
    ]);
    expect(notes('registry.example.com/k8s', ['docker.io', 'registry.k8s.io'])).toEqual([
      note('quay.io', 'it need a mirror of it'),
    ]);
    expect(notes('registry.example.com/k8s', ['_default'])).toEqual([]);
  });
});
