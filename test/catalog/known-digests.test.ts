import { describe, expect, it } from 'vitest';
import { imageDigests } from '../../src/catalog/data.ts';
import { catalogDigest, knownDigests, officialName } from '../../src/catalog/known-digests.ts';
import { knownVersions, release } from '../../src/catalog/release.ts';
import { contentsOfRelease } from '../../src/desire/bundle-contents.ts';
import { digestsOf } from '../samples/lock.ts';

describe('the digests of images', () => {
  it('are of images that a known release is installed with, each its own', () => {
    const refs = knownVersions().flatMap((version) =>
      Object.values(contentsOfRelease(release(version), 'registry.k8s.io').images),
    );
    const used = new Set(
      refs.map((ref) => `${officialName(ref) ?? ''}:${ref.slice(ref.lastIndexOf(':') + 1)}`),
    );
    const tables = Object.entries(imageDigests()).filter(([name]) => name !== '_about');
    const all = tables.flatMap(([name, tags]) =>
      Object.entries(tags).map(([tag, digest]) => [`${name}:${tag}`, digest] as const),
    );
    expect(all.filter(([name]) => !used.has(name))).toEqual([]);
    for (const [, digest] of all) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(new Set(all.map(([, digest]) => digest)).size).toBe(all.length);
  });

  it('are the same in every registry, and of no image that is only named alike', () => {
    const official = catalogDigest('registry.k8s.io/coredns/coredns:v1.14.2');
    expect(official).toMatch(/^sha256:e7e6440c/);
    for (const ref of ['127.0.0.1:5000/k8s/coredns:v1.14.2', 'registry.example.com/a/b/coredns:v1.14.2'])
      expect(catalogDigest(ref)).toBe(official);
    for (const ref of [
      'registry.k8s.io/my-pause:3.10.2',
      'registry.k8s.io/pause:3.10.99',
      'x/controller:v0.15.3',
    ])
      expect(catalogDigest(ref)).toBeUndefined();
    expect(officialName('quay.io/metallb/controller:v0.15.3')).toBe('metallb/controller');
  });

  it('give way to those of the lock', () => {
    const ref = 'registry.k8s.io/pause:3.10.2';
    expect(knownDigests(undefined, ref)).toMatchObject({ by: 'catalog' });
    expect(knownDigests({ locked: { [ref]: digestsOf(ref) } }, ref)).toEqual({
      ...digestsOf(ref),
      by: 'lock',
    });
  });
});
