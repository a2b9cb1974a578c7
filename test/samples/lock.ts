import { release } from '../../src/catalog/release.ts';
import type { LockedRelease } from '../../src/catalog/release-lock.ts';
import { contentsOfRelease } from '../../src/desire/bundle-contents.ts';
import { sha256 } from '../../src/model/digest.ts';

/** Digests that a lock might have for an image. */
export const digestsOf = (ref: string): { digest: string; amd64: string; arm64: string } => ({
  digest: `sha256:${sha256(`${ref} index`)}`,
  amd64: `sha256:${sha256(`${ref} amd64`)}`,
  arm64: `sha256:${sha256(`${ref} arm64`)}`,
});

/** The catalog's release of a version as a lock would have it, for images of a repository; `as`: under another version. */
export function lockedRelease(
  version = 'v1.36.2',
  { repository = 'registry.k8s.io', as = version } = {},
): LockedRelease {
  const own = { ...release(version), kubernetesVersion: as };
  const refs = Object.values(contentsOfRelease(own, repository).images);
  return { ...own, locked: Object.fromEntries(refs.map((ref) => [ref, digestsOf(ref)])) };
}
