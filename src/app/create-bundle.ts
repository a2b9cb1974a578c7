import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { artifacts } from '../catalog/artifacts.ts';
import type { Architecture } from '../catalog/data.ts';
import { knownDigests } from '../catalog/known-digests.ts';
import { packageSource } from '../catalog/package-sources.ts';
import type { Release } from '../catalog/release.ts';
import { packagesOf } from '../catalog/systems.ts';
import {
  chartInBundle,
  imagePathInBundle,
  manifestInBundle,
  packagesInBundle,
  programInBundle,
  pathInBundle,
  type BundleContents,
} from '../desire/bundle-contents.ts';
import { fetchChart, titleOf } from '../fetch/chart.ts';
import { download } from '../fetch/download.ts';
import type { Fetched, FetchEvent, Heard } from '../fetch/events.ts';
import { saveImage } from '../fetch/image-archive.ts';
import { fetchPackages } from '../fetch/os-packages/fetch.ts';
import { findImage, type RemoteImage } from '../fetch/registry.ts';
import { openWeb, type Web } from '../fetch/web.ts';
import { below } from '../model/below.ts';
import { KbootError } from '../model/error.ts';
import { plural } from '../model/plural.ts';
import { isLeftover, writeAtomic } from '../store/atomic.ts';
import { borrow, cutDelta } from '../store/bundle-delta.ts';
import { indexBundle } from '../store/bundle-index.ts';
import { fileSha256, type Bundle, type BundleIndex } from '../store/bundle.ts';
import { fileError } from '../store/file-error.ts';
import { remedies } from './remedies.ts';
import { lines, sentences } from '../model/language/text.ts';

export interface CreateOptions {
  readonly directory: string;
  readonly contents: BundleContents;
  readonly arches: readonly Architecture[];
  /** Base URL to use instead of the official hosts. */
  readonly mirror: string | undefined;
  /** Base URL to use instead of the hosts of distributions. */
  readonly packagesMirror?: string | undefined;
  readonly packagesKey?: Buffer | undefined;
  /** Make a delta: leave out files that this bundle has. */
  readonly since?: Bundle | undefined;
  /** Take images that no digest is known of as the registry serves them, and others than the catalog has. */
  readonly allowUnofficial: boolean;
  readonly signal: AbortSignal;
  readonly tell: (event: FetchEvent) => void;
  /** Called with every request. */
  readonly heard: (line: string) => void;
}

/** A file of the bundle. */
interface Part {
  readonly path: string;
  readonly from: string;
  readonly fetch: (web: Web, path: string, heard: Heard) => Promise<Fetched>;
}

/** Few: they share one uplink, and servers rate-limit many concurrent requests. */
const atOnce = 4;

/**
 * Fetches the files that a bundle lacks and writes its index. Files with the right checksum stay; files that differ are
 * replaced. With `since`, it is a delta to that bundle. Throws KbootError E-FETCH that names all files that could not be fetched, E-STATE if the folder cannot be
 * written, E-BUNDLE if it holds another release or no digest is known of an image, E-INTERRUPTED.
 */
export async function createBundle(options: CreateOptions): Promise<BundleIndex> {
  const { directory, contents, signal, since } = options;
  if (!options.allowUnofficial) refuseUnknown(contents);
  const all = options.arches.flatMap((arch) => partsOf(options, arch));
  // Manifests are the same for every architecture.
  const parts = [...new Map(all.map((part) => [part.path, part])).values()];
  refuseOthers(directory, contents.release, options.arches);
  const folders = [...new Set(parts.map(({ path }) => dirname(path)))];
  try {
    for (const folder of folders) await mkdir(join(directory, folder), { recursive: true });
    for (const folder of folders) await tidy(join(directory, folder));
    if (since !== undefined)
      await borrow(
        directory,
        since,
        parts.map(({ path }) => path),
      );
  } catch (cause) {
    throw fileError('Cannot write the bundle', directory, cause);
  }
  const stop = new AbortController();
  const web = openWeb({ signal: AbortSignal.any([signal, stop.signal]), heard: options.heard });
  try {
    const limit = pLimit(atOnce);
    const attempts = parts.map((part) =>
      limit(async () => {
        if (signal.aborted || stop.signal.aborted) return undefined;
        const failure = await fetchPart(web, part, options);
        // A failure that affects all files, such as a full disk, stops the others.
        if (failure !== undefined && failure.code !== 'E-FETCH') stop.abort();
        return failure;
      }),
    );
    const failures = (await Promise.all(attempts)).filter((failure) => failure !== undefined);
    if (signal.aborted)
      throw new KbootError('E-INTERRUPTED', `interrupted; ${directory} is incomplete`, {
        remedy: remedies.fetchAgain,
      });
    if (failures.length > 0) throw together(failures, parts.length, directory);
  } finally {
    web.close();
  }
  const index = await indexBundle(directory, contents.release.kubernetesVersion);
  return since === undefined ? index : await cutDelta(directory, index, since);
}

function partsOf(
  { contents, mirror, packagesMirror, packagesKey, allowUnofficial, signal }: CreateOptions,
  arch: Architecture,
): readonly Part[] {
  const files = artifacts(contents.release, arch)
    .filter(({ name }) => contents.files.includes(name))
    .map((artifact): Part => {
      const from = mirror === undefined ? artifact.url : below(mirror, artifact.mirrorPath);
      const { sha256 } = artifact;
      return {
        path: pathInBundle(artifact),
        from,
        fetch: (web, path, heard) => download(web, { url: new URL(from), path, sha256 }, heard),
      };
    });
  const images = Object.entries(contents.images).map(([name, ref]): Part => {
    const known = knownDigests(contents.release, ref);
    const held = known?.by === 'catalog' && allowUnofficial ? undefined : known;
    return {
      path: imagePathInBundle(name, arch),
      from: ref,
      fetch: async (web, path, heard) => saveImage(await heldImage(web, ref, arch, held), path, heard),
    };
  });
  const manifests = (contents.manifests ?? []).map(({ url, sha256 }): Part => ({
    path: manifestInBundle(sha256),
    from: url,
    fetch: (web, path, heard) => download(web, { url: new URL(url), path, sha256 }, heard),
  }));
  const programs = (contents.programs ?? []).map(({ url, sha256 }): Part => ({
    path: programInBundle(sha256),
    from: url,
    fetch: (web, path, heard) => download(web, { url: new URL(url), path, sha256 }, heard),
  }));
  const charts = (contents.charts ?? []).map((chart): Part => ({
    path: chartInBundle(chart.sha256),
    from: titleOf(chart),
    fetch: async (_web, path) => {
      const bytes = await fetchChart(chart, [path], signal);
      if ((await fileSha256(path).catch(() => undefined)) === chart.sha256) return 'present';
      await writeAtomic(path, bytes, 0o644);
      return 'fetched';
    },
  }));
  const packages = (contents.packages ?? []).map((system): Part => ({
    path: packagesInBundle(system, arch),
    from: packageSource(system, arch).title,
    fetch: (_web, path) =>
      fetchPackages(path, {
        ...{ system, arch, names: packagesOf(system) },
        ...{ mirror: packagesMirror, key: packagesKey },
      }),
  }));
  return [...files, ...images, ...manifests, ...programs, ...charts, ...packages];
}

/** Finds the image that the lock or the catalog has. Throws as findImage does. */
async function heldImage(
  web: Web,
  ref: string,
  arch: Architecture,
  held: ReturnType<typeof knownDigests>,
): Promise<RemoteImage> {
  try {
    return await findImage(web, ref, arch, held?.digest);
  } catch (error) {
    if (held?.by !== 'catalog' || !(error instanceof KbootError) || error.code !== 'E-FETCH') throw error;
    throw new KbootError('E-FETCH', `${error.message} (the official image is ${held.digest})`, {
      ...error.context,
      remedy: sentences(error.context.remedyText, remedies.ownBuilds),
    });
  }
}

/** Throws E-BUNDLE that names the images of which neither the lock nor the catalog has a digest. */
function refuseUnknown({ images, release }: BundleContents): void {
  const unknown = unheldImages({ images, release });
  if (unknown.length === 0) return;
  throw new KbootError(
    'E-BUNDLE',
    `no digest is known of ${plural(unknown.length, 'image')}: ${unknown.join(', ')}`,
    {
      remedy: remedies.noDigests,
    },
  );
}

/** The images of which neither the lock nor the catalog has a digest. */
export function unheldImages({
  images,
  release,
}: Pick<BundleContents, 'images' | 'release'>): readonly string[] {
  return Object.values(images).filter((ref) => knownDigests(release, ref) === undefined);
}

/** Fetches one file; returns the error if it could not be fetched. */
async function fetchPart(
  web: Web,
  { path, from, fetch }: Part,
  { directory, tell }: CreateOptions,
): Promise<KbootError | undefined> {
  tell({ type: 'fetching', path, from });
  const file = join(directory, path);
  try {
    const type = await fetch(web, file, (bytes, total) => {
      tell({ type: 'bytes', path, bytes, total });
    });
    tell({ type, path, from, size: (await stat(file)).size });
    return undefined;
  } catch (error) {
    if (!(error instanceof KbootError)) throw error;
    if (error.code !== 'E-INTERRUPTED') tell({ type: 'unfetched', path, from, message: error.message });
    return error;
  }
}

/** Removes partial files of a killed run. */
async function tidy(folder: string): Promise<void> {
  for (const name of readdirSync(folder).filter(isLeftover)) await rm(join(folder, name));
}

/** An archive of another version would be used instead of the fetched one. */
function refuseOthers(directory: string, release: Release, arches: readonly Architecture[]): void {
  const others = arches.flatMap((arch) => {
    const known = artifacts(release, arch).map(pathInBundle);
    const folder = `archives/linux-${arch}`;
    const there = existsSync(join(directory, folder)) ? readdirSync(join(directory, folder)) : [];
    return there
      .filter((name) => !isLeftover(name))
      .map((name) => `${folder}/${name}`)
      .filter((path) => !known.includes(path));
  });
  if (others.length === 0) return;
  throw new KbootError(
    'E-BUNDLE',
    `${directory} contains archives that do not belong to Kubernetes ${release.kubernetesVersion}`,
    {
      detail: others.join('\n'),
      remedy: remedies.otherBundleFolder,
    },
  );
}

function together(failures: readonly KbootError[], all: number, directory: string): KbootError {
  const fatal = failures.find(({ code }) => code !== 'E-FETCH' && code !== 'E-INTERRUPTED');
  if (fatal !== undefined) return fatal;
  const shown = failures.slice(0, 18).map(({ message }) => message);
  const more = failures.length - shown.length;
  return new KbootError(
    'E-FETCH',
    `${failures.length} of ${all} files could not be fetched into ${directory}`,
    {
      detail: [...shown, ...(more === 0 ? [] : [`and ${more} more`])].join('\n'),
      remedy: lines(...failures.map(({ context }) => context.remedyText)),
    },
  );
}
