import { KbootError } from '../model/error.ts';
import { archiveFiles, type ArchivedFile } from './archive-files.ts';
import { entryFor, indexTypes, manifestTypes, readConfig, readDocument, type IndexEntry } from './oci.ts';
import { strictJson } from './strict-json.ts';
import { remedies } from './remedies.ts';

/** An image in an archive: all of it is there, and is what its digests say. */
export interface ArchivedImage {
  readonly ref: string;
  /** Of what the reference is tagged with when the archive is imported; absent for Docker's format, which has none. */
  readonly digest?: string;
  /** Of an index that the archive holds beside it, which has the image as that of the architecture. */
  readonly index?: string;
}

/** What a reference consists of. */
export const imageRef = /^[a-z0-9][\w.\-/:@]{0,511}$/i;

export type Files = ReadonlyMap<string, ArchivedFile>;

/**
 * Reads an image archive to its end: an OCI layout, or that of `docker save`. Throws KbootError E-BUNDLE if it is anything
 * else, lacks a part of an image, has one that is not what its digest says, is for another platform, or tells one reader
 * other images than another.
 */
export async function archivedImages(file: string, arch: string): Promise<readonly ArchivedImage[]> {
  return (await readArchive(file, arch)).images;
}

/** The same with the files of the archive. */
export async function readArchive(
  file: string,
  arch: string,
): Promise<{ readonly files: Files; readonly images: readonly ArchivedImage[] }> {
  let files: Files;
  let images: readonly ArchivedImage[];
  try {
    files = await archiveFiles(file);
    images =
      files.has('oci-layout') || files.has('index.json') ? ofLayout(files, arch) : ofDocker(files, arch);
    for (const { ref } of images)
      if (!imageRef.test(ref))
        throw new Error(`names an image ${JSON.stringify(ref)}, which is no reference`);
  } catch (cause) {
    throw new KbootError(
      'E-BUNDLE',
      `${file} is not an image archive that kboot can use: it ${cause instanceof Error ? cause.message : ''}`,
      {
        cause,
        remedy: remedies.saveImageAgain,
      },
    );
  }
  if (images.length > 0) return { files, images };
  throw new KbootError('E-BUNDLE', `${file} has no image reference`, {
    remedy: remedies.saveWithTag,
  });
}

/** https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
function ofLayout(files: Files, arch: string): readonly ArchivedImage[] {
  const version = strictJson(documentIn(files, 'oci-layout'), ['imageLayoutVersion']) as {
    imageLayoutVersion?: unknown;
  } | null;
  // containerd takes an archive without it for one of Docker's.
  if (version?.imageLayoutVersion !== '1.0.0') throw new Error('has no oci-layout of version 1.0.0');
  const top = named('index.json', () => readDocument(documentIn(files, 'index.json'), indexTypes[0]));
  if (top.kind !== 'index') throw new Error('has an index.json that is not an index');
  const images = new Map<string, ArchivedImage>();
  for (const entry of top.manifests)
    for (const ref of refsOf(entry)) {
      const known = images.get(ref);
      if (known !== undefined && known.digest !== entry.digest) throw new Error(`has two images as ${ref}`);
      const found = imageOf(files, entry, arch);
      images.set(ref, { ref, digest: entry.digest, ...(found !== undefined && { index: found }) });
    }
  refuseOtherNames(files, images);
  return [...images.values()];
}

/** The names that containerd gives an image: `io.containerd.image.name`, or else the name of the layout if it is a whole reference. */
function refsOf({ annotations = {} }: IndexEntry): readonly string[] {
  const name = annotations['org.opencontainers.image.ref.name'] ?? '';
  const own = annotations['io.containerd.image.name'] ?? (/[/:@]/.test(name) ? name : '');
  return own === '' ? [] : [own];
}

/** Checks that an image is complete. Returns the digest of an index beside it that has it, if there is one. */
function imageOf(files: Files, entry: IndexEntry, arch: string): string | undefined {
  if ((indexTypes as readonly string[]).includes(entry.mediaType)) {
    const index = named(entry.digest, () => readDocument(blobIn(files, entry), entry.mediaType));
    const own = index.kind === 'index' ? entryFor(index.manifests, arch) : undefined;
    if (own === undefined) throw new Error(`has ${entry.digest} without an image for linux/${arch}`);
    refuseIncomplete(files, own, arch);
    return undefined;
  }
  refuseIncomplete(files, entry, arch);
  for (const [path, { bytes, sha256 }] of files) {
    if (path !== `blobs/sha256/${sha256}` || bytes === undefined || !bytes.includes(entry.digest)) continue;
    const above = indexIn(bytes);
    if (above !== undefined && entryFor(above, arch)?.digest === entry.digest) return `sha256:${sha256}`;
  }
  return undefined;
}

function indexIn(bytes: Buffer): readonly IndexEntry[] | undefined {
  try {
    const document = readDocument(bytes);
    return document.kind === 'index' ? document.manifests : undefined;
  } catch {
    return undefined;
  }
}

/** Throws unless manifest, configuration and layers are there, with their digests, for the architecture. */
function refuseIncomplete(files: Files, entry: IndexEntry, arch: string): void {
  if (!(manifestTypes as readonly string[]).includes(entry.mediaType))
    throw new Error(`has ${entry.digest} of the type ${JSON.stringify(entry.mediaType)}`);
  const manifest = named(entry.digest, () => readDocument(blobIn(files, entry), entry.mediaType));
  if (manifest.kind !== 'manifest') throw new Error(`has ${entry.digest}, which is not an image`);
  refuseOtherPlatform(
    named(manifest.config.digest, () => readConfig(blobIn(files, manifest.config))),
    arch,
  );
  for (const layer of manifest.layers) fileOf(files, layer);
}

function refuseOtherPlatform({ os, architecture }: ReturnType<typeof readConfig>, arch: string): void {
  if (os !== 'linux' || architecture !== arch)
    throw new Error(`has an image for ${os}/${architecture}, not for linux/${arch}`);
}

/** Some tools write both indexes, some readers prefer the one, some the other. */
function refuseOtherNames(files: Files, images: ReadonlyMap<string, ArchivedImage>): void {
  if (!files.has('manifest.json')) return;
  for (const ref of manifestsOf(files).flatMap(({ RepoTags }) => RepoTags ?? []))
    if (!images.has(ref) && !images.has(`docker.io/library/${ref}`) && !images.has(`docker.io/${ref}`))
      throw new Error(`has ${JSON.stringify(ref)} in its manifest.json, but not in its index.json`);
}

interface DockerManifest {
  readonly Config?: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Layers?: readonly string[];
}

/** The images of an archive of Docker. Throws an Error as archiveFiles does. */
export function manifestsOf(files: Files): readonly DockerManifest[] {
  const data = named('manifest.json', () =>
    strictJson(documentIn(files, 'manifest.json'), ['Config', 'RepoTags', 'Layers']),
  );
  const isText = (value: unknown): value is string => typeof value === 'string';
  const texts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
  const isManifest = (each: unknown): each is DockerManifest => {
    const { Config, RepoTags, Layers } = (each ?? {}) as Record<string, unknown>;
    const isAbsent = (value: unknown): boolean => value === undefined || value === null;
    return (
      (isAbsent(Config) || isText(Config)) &&
      [RepoTags, Layers].every((list) => isAbsent(list) || texts(list))
    );
  };
  if (!Array.isArray(data) || !data.every(isManifest)) throw new Error('has a manifest.json that is not one');
  return data;
}

/** What `docker save` writes: https://github.com/moby/docker-image-spec */
function ofDocker(files: Files, arch: string): readonly ArchivedImage[] {
  if (!files.has('manifest.json')) throw new Error('has neither index.json nor manifest.json');
  const configs = new Map<string, string>();
  for (const { Config, RepoTags, Layers } of manifestsOf(files)) {
    const config = Config === undefined ? '' : configOf(files, Config, Layers ?? [], arch);
    for (const ref of RepoTags ?? []) {
      if ((configs.get(ref) ?? config) !== config) throw new Error(`has two images as ${ref}`);
      configs.set(ref, config);
    }
  }
  return [...configs.keys()].map((ref) => ({ ref }));
}

/** SHA-256 of an image's configuration. Throws unless it and its layers are there, for the architecture. */
function configOf(files: Files, name: string, layers: readonly string[], arch: string): string {
  const { bytes, sha256 } = files.get(name) ?? {};
  if (bytes === undefined || sha256 === undefined)
    throw new Error(`lacks ${name}, the configuration of an image`);
  const stated = /^(?:blobs\/sha256\/)?([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
  if (stated !== undefined && stated !== sha256) throw new Error(`has ${name}, whose SHA-256 is ${sha256}`);
  const config = named(name, () => readConfig(bytes));
  refuseOtherPlatform(config, arch);
  for (const [index, layer] of layers.entries()) refuseOtherLayer(files, layer, config.diffIds[index]);
  return sha256;
}

function refuseOtherLayer(files: Files, name: string, diffId: string | undefined): void {
  const layer = files.get(name);
  if (layer === undefined) throw new Error(`lacks the layer ${name}`);
  const isCompressed = ['1f8b', '28b5'].includes(layer.head.subarray(0, 2).toString('hex'));
  if (!isCompressed && diffId !== `sha256:${layer.sha256}`)
    throw new Error(`has ${name}, whose SHA-256 ${layer.sha256} is not in the configuration of its image`);
}

function fileOf(
  files: Files,
  { digest, size }: { readonly digest: string; readonly size: number },
): ArchivedFile {
  const path = `blobs/sha256/${digest.slice('sha256:'.length)}`;
  const found = files.get(path);
  if (found === undefined) throw new Error(`lacks ${path}`);
  if (`sha256:${found.sha256}` !== digest) throw new Error(`has ${path}, whose SHA-256 is ${found.sha256}`);
  if (found.size !== size) throw new Error(`has ${path} of ${found.size} bytes, which should have ${size}`);
  return found;
}

function blobIn(files: Files, descriptor: { readonly digest: string; readonly size: number }): Buffer {
  const { bytes } = fileOf(files, descriptor);
  if (bytes !== undefined) return bytes;
  throw new Error(`has a manifest or configuration of ${descriptor.size} bytes`);
}

function documentIn(files: Files, name: string): Buffer {
  const bytes = files.get(name)?.bytes;
  if (bytes !== undefined) return bytes;
  throw new Error(files.has(name) ? `has a ${name} that is too large` : `has no ${name}`);
}

/** Puts the name of a document before what is wrong with it. */
function named<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`has ${name}, which ${error instanceof Error ? error.message : ''}`, { cause: error });
  }
}
