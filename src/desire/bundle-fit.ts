import { artifacts } from '../catalog/artifacts.ts';
import type { Architecture } from '../catalog/data.ts';
import type { ImageDigests, Release } from '../catalog/release.ts';
import { KbootError } from '../model/error.ts';
import { stagesUntil, type Stage } from '../model/stage.ts';
import type { Bundle, BundleImage } from '../store/bundle.ts';
import { contentsOf, pathInBundle } from './bundle-contents.ts';
import type { Desire } from './context.ts';
import { findInBundle } from './release-files.ts';
import { remedies } from './remedies.ts';

/** Throws KbootError E-BUNDLE that lists all files that the bundle, if there is one, lacks for a run through `until`. */
export function refuseUnfitBundle(
  { cluster, releases, bundle }: Pick<Desire, 'cluster' | 'releases' | 'bundle'>,
  until: Stage,
): void {
  if (bundle === undefined) return;
  if (!stagesUntil(until).includes('control-plane')) return;
  const refs = Object.values(contentsOf(cluster, releases.get(cluster.kubernetesVersion)).images);
  const held = new Set(bundle.images.map(({ ref }) => ref));
  const kubelet = bundle.files.some(({ path }) => /^bin\/linux-[^/]+\/kubelet$/.test(path));
  const missing = [...(kubelet ? [] : ['bin/linux-ARCH/kubelet']), ...refs.filter((ref) => !held.has(ref))];
  if (missing.length > 0)
    throw new KbootError('E-BUNDLE', `the bundle ${bundle.directory} lacks files that this cluster needs`, {
      detail: missing.join('\n'),
      remedy: remedies.bundleForCluster,
    });
}

/** One difference of a bundle from the lock: which file, and both sums. */
function differencesFromLock(
  release: Release,
  locked: NonNullable<Release['locked']>,
  bundle: Bundle,
): string[] {
  const files = (['amd64', 'arm64'] as const).flatMap((arch) =>
    artifacts(release, arch).flatMap((artifact) => {
      const held = findInBundle(bundle, arch, artifact.name);
      if (held === undefined) return [];
      const path = pathInBundle(artifact);
      if (held.path !== path) return [`${held.path} is not ${path}, which the lock has`];
      if (held.sha256 === artifact.sha256) return [];
      return [`${path} has SHA-256 ${held.sha256}, but the lock has ${artifact.sha256}`];
    }),
  );
  const images = bundle.images.flatMap((image) => {
    const { ref, path, arch, digest } = image;
    const wanted = locked[ref];
    if (wanted === undefined || isOfficial(wanted, image)) return [];
    const known = wanted[arch as Architecture] ?? wanted.digest;
    return digest === undefined
      ? [`${path} states no digest of ${ref}, but the lock has ${known}`]
      : [`${path} has digest ${digest} of ${ref}, but the lock has ${known}`];
  });
  return [...files, ...images];
}

/** Whether an image is the one that is known, by its own digest or by that of an index that names it. */
export function isOfficial(
  known: ImageDigests,
  { arch, digest, index }: Pick<BundleImage, 'arch' | 'digest' | 'index'>,
): boolean {
  const isKnown = digest !== undefined && [known.digest, known[arch as Architecture]].includes(digest);
  return isKnown || (index !== undefined && known.digest === index);
}

/** Throws KbootError E-BUNDLE with every file and image that differs from kboot.lock.yaml, if that has the release. */
export function refuseUnlockedBundle(release: Release, bundle: Bundle): void {
  const wrong = release.locked === undefined ? [] : differencesFromLock(release, release.locked, bundle);
  if (wrong.length > 0)
    throw new KbootError('E-BUNDLE', `the bundle ${bundle.directory} differs from kboot.lock.yaml`, {
      detail: wrong.join('\n'),
      remedy: remedies.bundleOfLock,
    });
}
