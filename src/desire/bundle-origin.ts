import { artifacts } from '../catalog/artifacts.ts';
import type { Architecture } from '../catalog/data.ts';
import { knownDigests } from '../catalog/known-digests.ts';
import { knownSum, type ArtifactName, type Release } from '../catalog/release.ts';
import { plural } from '../model/plural.ts';
import type { BundleFile, BundleImage, BundleIndex } from '../store/bundle.ts';
import { isOfficial } from './bundle-fit.ts';
import { pathInBundle } from './bundle-contents.ts';
import { nameOfFile, versionIn } from './release-files.ts';

/**
 * Where something in a bundle is from: `official`: what the lock or the catalog has; `other`: built by somebody, its name is
 * known, and it is something else; `unknown`: nothing says what it should be.
 */
export type Origin = 'official' | 'other' | 'unknown';

/** A file or an image of a bundle, with its origin. */
export interface Originated {
  readonly path: string;
  /** For an image. */
  readonly ref?: string;
  readonly origin: Origin;
  /** `sha256:HEX` of what it is, if that is known. */
  readonly digest?: string;
  /** `sha256:HEX` of what it should be. */
  readonly known?: string;
  readonly by?: 'lock' | 'catalog';
}

/**
 * The origin of every file and image, as bundle.json states them: only `verifyBundle` proves that. `release`: what the catalog
 * or the lock has for the bundle's version, if it has it.
 */
export function originsOf(
  release: Release | undefined,
  { files, images, kubernetesVersion }: Pick<BundleIndex, 'files' | 'images' | 'kubernetesVersion'>,
): readonly Originated[] {
  return [
    ...files
      .filter(({ path }) => !path.startsWith('images/'))
      .map((file) => originOfFile(release, kubernetesVersion, file)),
    ...images.map((image) => originOfImage(release, image)),
  ];
}

function originOfFile(release: Release | undefined, kubernetesVersion: string, file: BundleFile): Originated {
  const { path, sha256 } = file;
  const digest = `sha256:${sha256}`;
  const named = nameOfFile(path);
  const sum = named && sumOf(release, kubernetesVersion, { path, ...named });
  if (sum === undefined) return { path, digest, origin: 'unknown' };
  return {
    ...{ path, digest, origin: sum === sha256 ? 'official' : 'other', known: `sha256:${sum}` },
    by: release?.locked === undefined ? 'catalog' : 'lock',
  };
}

/** The SHA-256 that a file should have: of the release, or else of the version in its name. */
function sumOf(
  release: Release | undefined,
  kubernetesVersion: string,
  { path, name, arch }: { readonly path: string; readonly name: ArtifactName; readonly arch: Architecture },
): string | undefined {
  const own = release && artifacts(release, arch).find((artifact) => pathInBundle(artifact) === path)?.sha256;
  const version = path.startsWith('archives/') ? versionIn(path) : kubernetesVersion.replace(/^v/, '');
  return own ?? (version === undefined || name === 'runc' ? undefined : knownSum(name, version, arch));
}

function originOfImage(release: Release | undefined, image: BundleImage): Originated {
  const { path, ref, digest } = image;
  const known = knownDigests(release, ref);
  const own = { path, ref, ...(digest !== undefined && { digest }) };
  if (known === undefined) return { ...own, origin: 'unknown' };
  const { by } = known;
  return {
    ...{ ...own, origin: isOfficial(known, image) ? 'official' : 'other', by },
    known: known[image.arch as Architecture] ?? known.digest,
  };
}

/** What `up` asks about: hosts get it, and nothing says that it is official. */
export function unofficial(origins: readonly Originated[]): readonly Originated[] {
  return origins.filter(
    ({ origin, path, ref }) =>
      origin === 'other' || (origin === 'unknown' && (ref !== undefined || nameOfFile(path) !== undefined)),
  );
}

/** `bin/linux-amd64/kubelet, 3 more files, registry.k8s.io/pause:3.10.2 and 9 more images` */
export function inShort(list: readonly Originated[]): string {
  const part = (names: readonly string[], noun: string): readonly string[] => {
    const [first, ...rest] = names;
    if (first === undefined) return [];
    return [rest.length === 0 ? first : `${first} and ${plural(rest.length, `more ${noun}`)}`];
  };
  const files = list.flatMap(({ ref, path }) => (ref === undefined ? [path] : []));
  const refs = list.flatMap(({ ref }) => ref ?? []);
  return [...part(files, 'file'), ...part(refs, 'image')].join(', ');
}
