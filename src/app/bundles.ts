import type { Releases } from '../catalog/release.ts';
import { refuseUnlockedBundle } from '../desire/bundle-fit.ts';
import { KbootError } from '../model/error.ts';
import { openBundle, type Bundle } from '../store/bundle.ts';
import type { GivenBundle } from '../store/bundle-folder.ts';
import { holdToSigners } from '../store/bundle-signature.ts';
import { remedies } from './remedies.ts';

/** The given bundles, by the Kubernetes version that each is for. */
export type Bundles = ReadonlyMap<string, Bundle>;

/** Opens every given bundle. Throws KbootError E-BUNDLE as `openBundle` does, and if two are for one version. */
export function openBundles(given: readonly GivenBundle[]): Bundles {
  const bundles = new Map<string, Bundle>();
  for (const each of given) {
    const bundle = openBundle(each);
    const { kubernetesVersion, directory } = bundle;
    const other = bundles.get(kubernetesVersion);
    if (other !== undefined && other.directory !== directory)
      throw new KbootError(
        'E-BUNDLE',
        `the bundles ${other.directory} and ${directory} are both for Kubernetes ${kubernetesVersion}`,
        { remedy: remedies.oneOfTheBundles },
      );
    bundles.set(kubernetesVersion, bundle);
  }
  return bundles;
}

/** The bundles, and what they are held to. */
export interface BundleChoice {
  readonly bundles: Bundles;
  readonly releases: Releases;
  /** The operator vouches for bundles that differ from kboot.lock.yaml. */
  readonly allowUnofficial: boolean;
  /** Who must have signed bundles: public keys, or files of them. Absent: nobody. */
  readonly signers?: readonly string[] | undefined;
}

/**
 * The bundle for a version; undefined if no bundle was given. Throws KbootError E-BUNDLE if no given bundle is for that
 * version, or if the one that is lacks a trusted signature or differs from the lock.
 */
export function bundleFor(
  { bundles, releases, allowUnofficial, signers }: BundleChoice,
  kubernetesVersion: string,
): Bundle | undefined {
  const bundle = bundles.get(kubernetesVersion);
  if (bundle !== undefined && signers !== undefined) holdToSigners(bundle, signers);
  if (bundle !== undefined && !allowUnofficial) refuseUnlockedBundle(releases.get(kubernetesVersion), bundle);
  if (bundle !== undefined || bundles.size === 0) return bundle;
  const all = [...bundles.values()];
  const listed = all.map((each) => `${each.directory} is for Kubernetes ${each.kubernetesVersion}`);
  throw new KbootError(
    'E-BUNDLE',
    `${all.length === 1 ? 'the bundle' : 'no bundle fits:'} ${listed.join(', ')}, but ${kubernetesVersion} is needed`,
    {
      remedy: remedies.bundleOfVersion,
    },
  );
}
