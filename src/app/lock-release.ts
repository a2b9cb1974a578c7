import pLimit from 'p-limit';
import semver from 'semver';
import { artifacts, type Artifact } from '../catalog/artifacts.ts';
import { architectures, componentNames, type Architecture, type Pins } from '../catalog/data.ts';
import { kubeadmPath, kubeadmPins, sumIn, sumPath } from '../catalog/published.ts';
import { catalogDigest, isOfficialPlace, officialName } from '../catalog/known-digests.ts';
import { describeChanges, type LockChange } from '../catalog/lock-changes.ts';
import {
  catalog,
  fileVersion,
  knownSum,
  pinsOf,
  type ArtifactName,
  type FileSums,
  type ImageDigests,
  type Release,
} from '../catalog/release.ts';
import type { LockedRelease } from '../catalog/release-lock.ts';
import { contentsOfRelease } from '../desire/bundle-contents.ts';
import { wrongBytes } from '../fetch/fetch-error.ts';
import { findDigests } from '../fetch/registry.ts';
import { readText } from '../fetch/read-text.ts';
import { openWeb, type Web } from '../fetch/web.ts';
import type { Cluster } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { few } from '../model/few.ts';
import { lines, sentences } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

export interface LockOptions {
  readonly cluster: Cluster;
  /** `v1.36.5` */
  readonly kubernetesVersion: string;
  /** Images of add-ons, as containerd names them; those with a digest in their name are not locked. */
  readonly addonImages: readonly string[];
  /** The releases in the present lock. */
  readonly locked: readonly LockedRelease[];
  readonly signal: AbortSignal;
  /** Called with every request. */
  readonly heard: (line: string) => void;
}

/** What the lock should state for one Kubernetes version. */
export interface LockProposal {
  readonly release: LockedRelease;
  /** What it was compared with; absent: neither the lock nor the catalog has anything comparable. */
  readonly against?: { readonly kubernetesVersion: string; readonly source: 'lock' | 'catalog' };
  readonly changes: readonly LockChange[];
  /** How versions were chosen, where that is not obvious. */
  readonly notes: readonly string[];
}

const atOnce = 6;

/**
 * Fetches the checksums and digests of a Kubernetes version as the projects and registries publish them, from
 * `spec.artifacts.mirror` if there is one. Throws KbootError E-USAGE if kboot does not know the minor, E-FETCH that names
 * everything that could not be read, E-INTERRUPTED.
 */
export async function proposeLock(options: LockOptions): Promise<LockProposal> {
  const { cluster, kubernetesVersion, locked, signal, heard } = options;
  const tagged = options.addonImages.filter((ref) => !ref.includes('@'));
  const mirror = cluster.artifacts.mirror?.replace(/\/+$/, '');
  const at = (path: string): URL => new URL(mirror === undefined ? `https://${path}` : `${mirror}/${path}`);
  const web = openWeb({ signal, heard });
  try {
    const { pins, notes } = await choosePins(web, at, kubernetesVersion, locked);
    const release = await fetchRelease(
      web,
      at,
      { kubernetesVersion, ...pins },
      cluster.imageRepository,
      tagged,
    );
    const own = locked.find((each) => each.kubernetesVersion === kubernetesVersion);
    const kept = withOtherRepositories(release, own);
    const was = comparable(cluster, kubernetesVersion, locked);
    const changes = describeChanges(was, kept);
    return {
      release: kept,
      ...(was && {
        against: {
          kubernetesVersion: was.kubernetesVersion,
          source: was.locked === undefined ? ('catalog' as const) : ('lock' as const),
        },
      }),
      changes,
      notes: [
        ...notes,
        ...otherBuilds(release, own),
        ...(own === undefined ? [] : republished(own, kept, changes)),
      ],
    };
  } finally {
    web.close();
  }
}

/** Files and images that differ from the lock although their version is the same. */
function republished(was: Release, now: Release, changes: readonly LockChange[]): readonly string[] {
  return changes.flatMap((change) => {
    if (change.was === undefined || change.now === undefined || change.kind === 'component') return [];
    const version = ({ kubernetesVersion, ...pins }: Release): string =>
      fileVersion(kubernetesVersion, pins, change.name.split(' ')[0] as ArtifactName);
    if (change.kind === 'file' && version(was) !== version(now)) return [];
    return [
      `${change.name} has changed although its version has not: it was published again, or replaced. Find out why before you use it.`,
    ];
  });
}

/** Images of another repository than the official one that are not the official images, nor locked before. */
function otherBuilds({ locked }: LockedRelease, own: LockedRelease | undefined): readonly string[] {
  const others = Object.entries(locked).flatMap(([ref, { digest }]) => {
    const known = catalogDigest(ref);
    const isNew = own?.locked[ref] === undefined;
    return known !== undefined && known !== digest && isNew ? [ref] : [];
  });
  if (others.length === 0) return [];
  return [
    `other builds than the official ones: ${few(others, 3)}. Lock them only if they are your own, or from somebody you trust.`,
  ];
}

/** What a version is compared with: itself, or else the inventory's. */
function comparable(
  cluster: Cluster,
  version: string,
  locked: readonly LockedRelease[],
): Release | undefined {
  const known = (each: string): Release | undefined =>
    locked.find(({ kubernetesVersion }) => kubernetesVersion === each) ??
    (catalog.versions.includes(each) ? catalog.get(each) : undefined);
  return known(version) ?? known(cluster.kubernetesVersion);
}

/**
 * The versions of the components: the newest of the catalog's for the minor, those that the lock has for the minor, and,
 * for a Kubernetes version that the catalog does not have, what kubeadm of that version uses.
 */
async function choosePins(
  web: Web,
  at: (path: string) => URL,
  version: string,
  locked: readonly LockedRelease[],
): Promise<{ readonly pins: Pins; readonly notes: readonly string[] }> {
  const minor = version.split('.').slice(0, 2).join('.');
  const sources: Partial<Pins>[] = [
    ...locked.filter(({ kubernetesVersion }) => kubernetesVersion.startsWith(`${minor}.`)),
  ];
  const own = pinsOf(version);
  if (own !== undefined) sources.push(own);
  const [first] = sources;
  if (first === undefined) throw unknownMinor(minor);
  if (catalog.versions.includes(version)) return { pins: newestOf(sources), notes: [] };
  try {
    const pins = kubeadmPins(await readText(web, at(kubeadmPath(version))), version);
    if (pins === undefined) throw wrongBytes(at(kubeadmPath(version)).href, 'does not state the versions');
    return { pins: newestOf([...sources, pins]), notes: [] };
  } catch (error) {
    if (!(error instanceof KbootError) || error.code === 'E-INTERRUPTED') throw error;
    const note = `etcd, CoreDNS and pause are those that kboot knows for ${minor}: what kubeadm ${version} uses could not be read (${error.message})`;
    return { pins: newestOf(sources), notes: [note] };
  }
}

/** The newest version of each component. At least one source has them all. */
function newestOf(sources: readonly Partial<Pins>[]): Pins {
  const order = (version: string): semver.SemVer | string =>
    semver.coerce(version, { includePrerelease: true }) ?? '0.0.0';
  return Object.fromEntries(
    componentNames.map((name) => {
      const found = sources.flatMap((source) => source[name] ?? []);
      return [name, found.sort((a, b) => semver.rcompare(order(a), order(b)))[0]];
    }),
  ) as unknown as Pins;
}

function unknownMinor(minor: string): KbootError {
  const known = [...new Set(catalog.versions.map((version) => version.split('.').slice(0, 2).join('.')))];
  return new KbootError('E-USAGE', `this kboot knows nothing about Kubernetes ${minor}`, {
    remedy: sentences(
      remedies.knownMinors({ known: known.join(', ') }),
      minor === 'v1.37' ? remedies.etcd37 : undefined,
      remedies.newerKboot,
    ),
  });
}

/** The checksums and digests of a release. */
async function fetchRelease(
  web: Web,
  at: (path: string) => URL,
  wanted: Pins & { readonly kubernetesVersion: string },
  imageRepository: string,
  addonImages: readonly string[],
): Promise<LockedRelease> {
  const limit = pLimit(atOnce);
  const texts = new Map<string, Promise<string>>();
  const text = (path: string): Promise<string> => {
    const reading = texts.get(path) ?? limit(() => readText(web, at(path)));
    texts.set(path, reading);
    return reading;
  };
  const blank = Object.fromEntries(architectures.map((arch) => [arch, {}])) as unknown as FileSums;
  const draft: Release = { ...wanted, files: blank };
  const refs = [
    ...new Set([...Object.values(contentsOfRelease(draft, imageRepository).images), ...addonImages]),
  ];
  const readSum = async (artifact: Artifact): Promise<readonly [string, string]> => {
    const url = at(sumPath(artifact));
    const sum = sumIn(await text(sumPath(artifact)), artifact.fileName);
    if (sum === undefined) throw wrongBytes(url.href, `has no SHA-256 of ${artifact.fileName}`);
    refuseOtherSum(artifact, sum, wanted, url);
    return [artifact.name, sum];
  };
  const sumsOf = (arch: Architecture): Promise<readonly PromiseSettledResult<readonly [string, string]>[]> =>
    Promise.allSettled(artifacts(draft, arch).map(readSum));
  const [amd64, arm64, digests] = await Promise.all([
    sumsOf('amd64'),
    sumsOf('arm64'),
    Promise.allSettled(
      refs.map((ref) =>
        limit(async (): Promise<readonly [string, ImageDigests]> => {
          const found = await findDigests(web, ref);
          refuseOtherImage(ref, found.digest);
          return [ref, found];
        }),
      ),
    ),
  ]);
  refuseFailures([...amd64, ...arm64, ...digests]);
  const read = <T>(results: readonly PromiseSettledResult<readonly [string, T]>[]): Record<string, T> =>
    Object.fromEntries(results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
  const files = { amd64: read(amd64), arm64: read(arm64) } as unknown as FileSums;
  return { ...wanted, files, locked: read(digests) };
}

/** A release does not change: another sum than the catalog's means that a mirror, or somebody, replaced the file. */
function refuseOtherSum(
  { name, arch }: Artifact,
  sum: string,
  wanted: Pins & { readonly kubernetesVersion: string },
  url: URL,
): void {
  const known = knownSum(name, fileVersion(wanted.kubernetesVersion, wanted, name), arch);
  if (known !== undefined && known !== sum)
    throw wrongBytes(url.href, `states SHA-256 ${sum}, but kboot's catalog has ${known}`);
}

/** A mirror may have builds of its own; the registry of the project itself serves the same image under a tag for ever. */
function refuseOtherImage(ref: string, digest: string): void {
  const known = catalogDigest(ref);
  if (isOfficialPlace(ref) && known !== undefined && known !== digest)
    throw wrongBytes(ref, `has digest ${digest}, but kboot's catalog has ${known}`);
}

/** Throws one error for everything that could not be read. */
function refuseFailures(results: readonly PromiseSettledResult<unknown>[]): void {
  const errors = results.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
  const bug = errors.find((error) => !(error instanceof KbootError));
  if (bug instanceof Error) throw bug;
  const known = errors.filter((error) => error instanceof KbootError);
  const [first] = known;
  if (first === undefined) return;
  const interrupted = known.find(({ code }) => code === 'E-INTERRUPTED');
  if (interrupted !== undefined) throw interrupted;
  const messages = [...new Set(known.map(({ message }) => message))];
  throw new KbootError(
    'E-FETCH',
    `${messages.length} of the checksums and digests could not be read; nothing was written`,
    {
      detail: messages.join('\n'),
      remedy: lines(...known.map(({ context }) => context.remedyText)),
    },
  );
}

/**
 * Another inventory of the folder may take the same images from another repository, and have add-ons of its own: what the
 * lock has for them stays.
 */
function withOtherRepositories(release: LockedRelease, own: LockedRelease | undefined): LockedRelease {
  const nameAndTag = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);
  const current = new Set(Object.keys(release.locked).map(nameAndTag));
  const ofAddon = (ref: string): boolean =>
    officialName(ref) === undefined && !/\/kube-network-policies:[^/]*$/.test(ref);
  const others = Object.entries(own?.locked ?? {}).filter(
    ([ref]) => current.has(nameAndTag(ref)) || ofAddon(ref),
  );
  return { ...release, locked: { ...Object.fromEntries(others), ...release.locked } };
}
