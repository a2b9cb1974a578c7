import { sha256 } from '../model/digest.ts';
import { pathIn } from './archive-files.ts';
import { manifestsOf, readArchive, type Files } from './archived-images.ts';
import { tarEntries } from './image-archive.ts';
import { entryFor, manifestTypes, readDocument, type Descriptor } from './oci.ts';

/** A manifest, an index or a configuration. */
export interface ImageBlob extends Descriptor {
  readonly bytes: Buffer;
}

/** What a registry stores of an image for one architecture. */
export interface ImageContent {
  readonly manifest: ImageBlob;
  readonly config: ImageBlob;
  /** Without duplicates. */
  readonly layers: readonly Descriptor[];
  /** An index that names the manifest, among others. */
  readonly index?: ImageBlob;
}

/** A layer as its archive has it. */
export interface LayerStream extends Pick<Descriptor, 'digest' | 'size'> {
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The images of an archive, by reference. */
export interface ImageArchive {
  readonly images: ReadonlyMap<string, ImageContent>;
  /** The layers with these digests, in the order of the archive; each must be read before the next. */
  layers(digests: ReadonlySet<string>): AsyncGenerator<LayerStream, void>;
}

/**
 * Reads an archive as archivedImages does, and throws as it does. An image of `docker save`, which has no manifest, gets one
 * that depends on nothing but the image.
 */
export async function openImageArchive(file: string, arch: string): Promise<ImageArchive> {
  const { files, images } = await readArchive(file, arch);
  const content = ({ ref, digest, index }: (typeof images)[number]): ImageContent =>
    digest === undefined ? ofDocker(files, ref) : ofLayout(files, arch, digest, index);
  return {
    images: new Map(images.map((image) => [image.ref, content(image)])),
    layers: (digests) => layersIn(file, files, digests),
  };
}

function ofLayout(files: Files, arch: string, digest: string, above: string | undefined): ImageContent {
  const top = readDocument(bytesIn(files, digest));
  const entry = top.kind === 'index' ? entryFor(top.manifests, arch) : undefined;
  const manifest = documentIn(files, entry?.digest ?? digest);
  const document = readDocument(manifest.bytes);
  if (document.kind !== 'manifest') throw new Error(`has ${digest}, which is not an image`);
  const index = entry === undefined ? above : digest;
  return {
    manifest,
    config: { ...document.config, bytes: bytesIn(files, document.config.digest) },
    layers: unique(document.layers),
    ...(index !== undefined && { index: documentIn(files, index) }),
  };
}

function documentIn(files: Files, digest: string): ImageBlob {
  const bytes = bytesIn(files, digest);
  return blobOf(bytes, readDocument(bytes).mediaType);
}

function bytesIn(files: Files, digest: string): Buffer {
  const bytes = files.get(`blobs/sha256/${digest.slice('sha256:'.length)}`)?.bytes;
  if (bytes === undefined) throw new Error(`lacks ${digest}`);
  return bytes;
}

function ofDocker(files: Files, ref: string): ImageContent {
  const stated = manifestsOf(files).find(({ RepoTags }) => RepoTags?.includes(ref) === true);
  const bytes = files.get(stated?.Config ?? '')?.bytes;
  if (stated === undefined || bytes === undefined) throw new Error(`lacks the configuration of ${ref}`);
  const config = blobOf(bytes, 'application/vnd.oci.image.config.v1+json');
  const layers = (stated.Layers ?? []).map((name): Descriptor => {
    const layer = files.get(name);
    if (layer === undefined) throw new Error(`lacks the layer ${name}`);
    const mediaType = `application/vnd.oci.image.layer.v1.tar${compression(layer.head)}`;
    return { mediaType, digest: `sha256:${layer.sha256}`, size: layer.size };
  });
  const { mediaType, digest, size } = config;
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestTypes[0],
    config: { mediaType, digest, size },
    layers,
  };
  return {
    manifest: blobOf(Buffer.from(JSON.stringify(manifest)), manifestTypes[0]),
    config,
    layers: unique(layers),
  };
}

/** A blob from its bytes. */
export function blobOf(bytes: Buffer, mediaType: string): ImageBlob {
  return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length, bytes };
}

function compression(head: Buffer): '' | '+gzip' | '+zstd' {
  const magic = head.subarray(0, 2).toString('hex');
  if (magic === '1f8b') return '+gzip';
  return magic === '28b5' ? '+zstd' : '';
}

const unique = (layers: readonly Descriptor[]): readonly Descriptor[] => [
  ...new Map(layers.map((layer) => [layer.digest, layer])).values(),
];

async function* layersIn(
  file: string,
  files: Files,
  digests: ReadonlySet<string>,
): AsyncGenerator<LayerStream, void> {
  const wanted = new Set(digests);
  for await (const entry of tarEntries(file)) {
    const { name, type } = entry.header;
    const found = files.get(pathIn(name));
    const digest = `sha256:${found?.sha256 ?? ''}`;
    const isLayer = type === 'file' || type === 'contiguous-file';
    if (found !== undefined && isLayer && wanted.delete(digest))
      yield { digest, size: found.size, bytes: entry as AsyncIterable<Buffer> };
    entry.resume();
  }
}
