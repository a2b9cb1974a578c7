import type { Architecture } from '../catalog/data.ts';
import type { ImageDigests } from '../catalog/release.ts';
import { sha256 } from '../model/digest.ts';
import { KbootError } from '../model/error.ts';
import {
  entryFor,
  indexTypes,
  manifestTypes,
  readConfig,
  readDocument,
  type Descriptor,
  type ImageDocument,
} from '../store/oci.ts';
import { summed } from './download.ts';
import { wrongBytes } from './fetch-error.ts';
import { anonymous } from './registry-login.ts';
import type { Login, Web } from './web.ts';
import { remedies } from './remedies.ts';

/*
 * Pulling an image: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
 */

/** A blob that was read. */
interface Blob extends Descriptor {
  readonly bytes: Buffer;
}

/** An image for one architecture, as stored in its registry. */
export interface RemoteImage {
  readonly ref: string;
  readonly arch: Architecture;
  /** What the tag leads to, if that is not the manifest: it has the digest that is published, and names the manifest. */
  readonly index?: Blob;
  readonly manifest: Blob;
  readonly config: Blob;
  /** Without duplicates. */
  readonly layers: readonly Descriptor[];
  /** A layer as a stream. Throws E-FETCH if its bytes do not match its digest. */
  read(layer: Descriptor, heard: (bytes: number) => void): AsyncIterable<Uint8Array>;
}

const accept = [...indexTypes, ...manifestTypes];

/** Maximum size of manifests and configurations; they usually have a few KB. */
const mostBytes = 4 << 20;

/**
 * Finds an image, `HOST/PATH:TAG`, for Linux on one architecture; its layers are not fetched yet. With
 * `locked`, the image of that digest, whatever the tag leads to. Registries on this
 * machine are accessed over HTTP, as in containerd, all others over HTTPS. Throws KbootError E-FETCH.
 */
export async function findImage(
  web: Web,
  ref: string,
  arch: Architecture,
  locked?: string,
): Promise<RemoteImage> {
  const { base, repository } = placeOf(ref);
  const login = anonymous(web, repository);

  async function* read(
    { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
    heard: (bytes: number) => void = () => undefined,
    kind = 'blobs',
  ): AsyncGenerator<Uint8Array> {
    const { body } = await web.get(new URL(`${base}/${kind}/${digest}`), { accept, login });
    yield* summed(body, `${ref}: ${digest}`, { sha256: digest.slice('sha256:'.length), size }, heard);
  }

  async function found(): Promise<{ readonly index?: Blob; readonly manifest: Blob }> {
    const { document, ...top } = await readTop(web, ref, login, locked);
    if (document.kind === 'manifest') return { manifest: top };
    const chosen = readable(ref, () => entryFor(document.manifests, arch));
    if (chosen === undefined)
      throw notFor(
        arch,
        ref,
        document.manifests.map(({ platform }) => platform?.architecture),
      );
    const { mediaType, digest, size } = chosen;
    const bytes = await whole(read(chosen, undefined, 'manifests'), ref);
    return { index: top, manifest: { mediaType, digest, size, bytes } };
  }

  const { index, manifest } = await found();
  const document = readable(ref, () => readDocument(manifest.bytes, manifest.mediaType));
  if (document.kind !== 'manifest') throw wrongBytes(ref, 'its index leads to another index');
  const { config, layers } = document;
  const configBytes = await whole(read(config), ref);
  const { os, architecture } = readable(`${ref}: ${config.digest}`, () => readConfig(configBytes));
  if (os !== 'linux' || architecture !== arch) throw notFor(arch, ref, [architecture]);
  return {
    ref,
    arch,
    ...(index && { index }),
    manifest,
    config: { ...config, bytes: configBytes },
    layers: [...new Map(layers.map((layer) => [layer.digest, layer])).values()],
    read,
  };
}

/**
 * The digests of an image: of what its tag leads to, and of the manifest for each architecture that it has.
 * Throws KbootError E-FETCH.
 */
export async function findDigests(web: Web, ref: string): Promise<ImageDigests> {
  const { digest, document } = await readTop(web, ref, anonymous(web, placeOf(ref).repository));
  if (document.kind === 'manifest') return { digest };
  const of = (arch: Architecture): ImageDigests | object => {
    const entry = readable(ref, () => entryFor(document.manifests, arch));
    return entry === undefined ? {} : { [arch]: entry.digest };
  };
  return { digest, ...of('amd64'), ...of('arm64') };
}

/** Reads what a tag, or with `locked` that digest, leads to. Throws KbootError E-FETCH. */
async function readTop(
  web: Web,
  ref: string,
  login: Login,
  locked?: string,
): Promise<Blob & { readonly document: ImageDocument }> {
  const { base, tag } = placeOf(ref);
  const answer = await web.get(new URL(`${base}/manifests/${locked ?? tag}`), { accept, login });
  const bytes = await whole(answer.body, ref);
  const digest = `sha256:${sha256(bytes)}`;
  if (locked !== undefined && digest !== locked)
    throw wrongBytes(ref, `has digest ${digest}, expected ${locked}`);
  // Plain file servers state no type of their own.
  const stated = answer.mediaType?.startsWith('application/vnd.') === true ? answer.mediaType : undefined;
  const document = readable(ref, () => readDocument(bytes, stated));
  return { mediaType: document.mediaType, digest, size: bytes.length, bytes, document };
}

/** Throws E-FETCH instead of an Error that says what is wrong with a document. */
function readable<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw wrongBytes(name, `the registry's response ${error instanceof Error ? error.message : ''}`);
  }
}

/** Where a registry has an image, and the tag or digest that leads to it; names without a host are Docker Hub's. */
export function placeOf(ref: string): {
  readonly base: string;
  readonly repository: string;
  readonly tag: string;
} {
  const [, host = '', path = '', tag = ''] =
    /^([^/]+)\/([^@]+)@(sha256:[0-9a-f]{64})$/.exec(ref) ?? /^([^/]+)\/(.+):([^:/]+)$/.exec(ref) ?? [];
  if (host === '')
    throw new KbootError('E-USAGE', `${ref} is not an image reference with host and tag, HOST/PATH:TAG`);
  const scheme = /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/.test(host) ? 'http' : 'https';
  const server = host === 'docker.io' ? 'registry-1.docker.io' : host;
  const repository = host === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return { base: `${scheme}://${server}/v2/${repository}`, repository, tag };
}

function notFor(arch: string, ref: string, found: readonly (string | undefined)[]): KbootError {
  const there = [...new Set(found.filter((each) => each !== undefined && each !== 'unknown'))];
  return new KbootError(
    'E-FETCH',
    `${ref}: not available for linux/${arch}, only for ${there.join(', ') || 'unnamed platforms'}`,
    {
      remedy: remedies.otherRepository,
    },
  );
}

async function whole(body: AsyncIterable<Uint8Array>, ref: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > mostBytes)
      throw wrongBytes(ref, `a manifest or configuration of more than ${mostBytes} bytes`);
  }
  return Buffer.concat(chunks);
}
