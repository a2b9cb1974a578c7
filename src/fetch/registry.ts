import * as z from 'zod';
import type { Architecture } from '../catalog/data.ts';
import type { ImageDigests } from '../catalog/release.ts';
import { sha256 } from '../model/digest.ts';
import { KbootError } from '../model/error.ts';
import { summed } from './download.ts';
import { wrongBytes } from './fetch-error.ts';
import { anonymous } from './registry-login.ts';
import type { Web } from './web.ts';

/*
 * Pulling an image: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
 * Format of an image: https://github.com/opencontainers/image-spec
 */

const descriptorSchema = z.object({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
});
const platformSchema = z.object({ os: z.string(), architecture: z.string() });
const indexSchema = z.object({
  manifests: z.array(descriptorSchema.extend({ platform: platformSchema.optional() })),
});
const manifestSchema = z.object({
  mediaType: z.string().optional(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema),
});

/** A blob in a registry, by its digest `sha256:HEX`. */
export type Descriptor = z.infer<typeof descriptorSchema>;

/** A blob that was read. */
interface Blob extends Descriptor {
  readonly bytes: Buffer;
}

/** An image for one architecture, as stored in its registry. */
export interface RemoteImage {
  readonly ref: string;
  readonly arch: Architecture;
  readonly manifest: Blob;
  readonly config: Blob;
  /** Without duplicates. */
  readonly layers: readonly Descriptor[];
  /** A layer as a stream. Throws E-FETCH if its bytes do not match its digest. */
  read(layer: Descriptor, heard: (bytes: number) => void): AsyncIterable<Uint8Array>;
}

const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

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
  const { base, repository, tag } = placeOf(ref);
  const login = anonymous(web, repository);

  async function* read(
    { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
    heard: (bytes: number) => void = () => undefined,
    kind = 'blobs',
  ): AsyncGenerator<Uint8Array> {
    const { body } = await web.get(new URL(`${base}/${kind}/${digest}`), { accept, login });
    yield* summed(body, `${ref}: ${digest}`, { sha256: digest.slice('sha256:'.length), size }, heard);
  }

  async function manifestOf(): Promise<Blob> {
    const answer = await web.get(new URL(`${base}/manifests/${locked ?? tag}`), { accept, login });
    const bytes = await whole(answer.body, ref);
    const found = `sha256:${sha256(bytes)}`;
    if (locked !== undefined && found !== locked)
      throw wrongBytes(ref, `has digest ${found}, expected ${locked}`);
    const index = indexSchema.safeParse(json(bytes));
    if (!index.success) {
      const { mediaType = answer.mediaType ?? '' } = manifestIn(bytes, ref);
      return { mediaType, digest: found, size: bytes.length, bytes };
    }
    const { manifests } = index.data;
    const chosen = manifests.find(
      ({ platform }) => platform?.os === 'linux' && platform.architecture === arch,
    );
    if (chosen === undefined)
      throw notFor(
        arch,
        ref,
        manifests.map(({ platform }) => platform?.architecture),
      );
    const { mediaType, digest, size } = chosen;
    return { mediaType, digest, size, bytes: await whole(read(chosen, undefined, 'manifests'), ref) };
  }

  const manifest = await manifestOf();
  const { config, layers } = manifestIn(manifest.bytes, ref);
  const configBytes = await whole(read(config), ref);
  const made = platformSchema.safeParse(json(configBytes)).data;
  if (made?.os !== 'linux' || made.architecture !== arch) throw notFor(arch, ref, [made?.architecture]);
  return {
    ref,
    arch,
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
  const { base, repository, tag } = placeOf(ref);
  const login = anonymous(web, repository);
  const { body } = await web.get(new URL(`${base}/manifests/${tag}`), { accept, login });
  const bytes = await whole(body, ref);
  const digest = `sha256:${sha256(bytes)}`;
  const index = indexSchema.safeParse(json(bytes));
  if (!index.success) {
    manifestIn(bytes, ref);
    return { digest };
  }
  const of = (arch: Architecture): ImageDigests | object => {
    const found = index.data.manifests.find(
      ({ platform }) => platform?.os === 'linux' && platform.architecture === arch,
    );
    return found === undefined ? {} : { [arch]: found.digest };
  };
  return { digest, ...of('amd64'), ...of('arm64') };
}

/** Where a registry has an image; names without a host are Docker Hub's. */
function placeOf(ref: string): { readonly base: string; readonly repository: string; readonly tag: string } {
  const [, host = '', path = '', tag = ''] = /^([^/]+)\/(.+):([^:/]+)$/.exec(ref) ?? [];
  if (host === '')
    throw new KbootError('E-USAGE', `${ref} is not an image reference with host and tag, HOST/PATH:TAG`);
  const scheme = /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/.test(host) ? 'http' : 'https';
  const server = host === 'docker.io' ? 'registry-1.docker.io' : host;
  const repository = host === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return { base: `${scheme}://${server}/v2/${repository}`, repository, tag };
}

function manifestIn(bytes: Buffer, ref: string): z.infer<typeof manifestSchema> {
  const { data } = manifestSchema.safeParse(json(bytes));
  if (data !== undefined) return data;
  throw wrongBytes(ref, "the registry's response is not an image that kboot can read");
}

function notFor(arch: string, ref: string, found: readonly (string | undefined)[]): KbootError {
  const there = [...new Set(found.filter((each) => each !== undefined && each !== 'unknown'))];
  return new KbootError(
    'E-FETCH',
    `${ref}: not available for linux/${arch}, only for ${there.join(', ') || 'unnamed platforms'}`,
    {
      remedy: 'Use another repository, or leave out this architecture.',
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

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
