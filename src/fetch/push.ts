import type { ImageBlob, ImageContent, LayerStream } from '../store/image-content.ts';
import { noRegistry, pushError, refusedPush, type Pushing } from './push-error.ts';
import { registryLogin, type Credentials } from './registry-login.ts';
import type { Login, Reply, Sending, Web } from './web.ts';

/*
 * Pushing images: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push
 */

/** A registry that images are pushed to. */
export interface PushRegistry {
  readonly web: Web;
  /** `https://registry.example:5000` */
  readonly origin: string;
  readonly credentials?: Credentials | undefined;
  /** Repositories that have a layer by now, by its digest: another repository takes it from there. */
  readonly layers: Map<string, string>;
}

/** An image for one architecture, and where its layers are read from. */
export interface PushedImage {
  readonly content: ImageContent;
  readonly layers: (digests: ReadonlySet<string>) => AsyncIterable<LayerStream>;
}

export interface PushedAs {
  readonly repository: string;
  /** A tag, or a digest. */
  readonly reference: string;
}

/** Throws KbootError E-PUSH unless the address is a registry that can be reached. */
export async function refuseNoRegistry({ web, origin }: PushRegistry): Promise<void> {
  const url = new URL(`${origin}/v2/`);
  const { status } = await answered(() => web.send(url, { method: 'GET' }));
  if (status !== 200 && status !== 401) throw noRegistry(url, status);
}

/**
 * Pushes the images of one reference, one for each architecture, unless the registry has it: first layers that the
 * repository lacks, then configurations, manifests and, for several architectures, the index of them, which is the reference.
 * Returns the number of bytes of layers that were sent; undefined: the registry has the image. `heard` is called with every
 * part of a layer. Throws KbootError E-PUSH, E-INTERRUPTED, and what reading layers throws.
 */
export async function pushImage(
  registry: PushRegistry,
  { repository, reference }: PushedAs,
  top: ImageBlob,
  images: readonly PushedImage[],
  heard: (bytes: number) => void,
): Promise<number | undefined> {
  const at = repositoryIn(registry, repository);
  const found = await at.send(`manifests/${reference}`, {
    method: 'HEAD',
    headers: { accept: top.mediaType },
  });
  if (found.status === 200 && found.headers['docker-content-digest'] === top.digest) return undefined;
  if (found.status !== 200 && found.status !== 404) throw at.refused(`manifests/${reference}`, found);
  let sent = 0;
  for (const image of images) {
    sent += await pushBlobs(registry, at, image, heard);
    const { manifest } = image.content;
    if (manifest.digest !== top.digest) await at.putManifest(manifest.digest, manifest);
  }
  await at.putManifest(reference, top);
  return sent;
}

/**
 * Pushes an index that names an image that is in the registry. False: the registry does not take it, since it names others
 * that are not. Throws KbootError E-PUSH, E-INTERRUPTED.
 */
export async function pushIndex(
  registry: PushRegistry,
  repository: string,
  index: ImageBlob,
): Promise<boolean> {
  const reply = await repositoryIn(registry, repository).send(`manifests/${index.digest}`, manifestOf(index));
  return reply.status === 201;
}

interface Repository {
  readonly name: string;
  send(path: string | URL, sending: Sending): Promise<Reply>;
  refused(path: string | URL, reply: Reply): Error;
  putManifest(reference: string, manifest: ImageBlob): Promise<void>;
}

function repositoryIn({ web, origin, credentials }: PushRegistry, name: string): Repository {
  const login: Login = registryLogin(web, name, 'pull,push', credentials);
  const urlOf = (path: string | URL): URL =>
    path instanceof URL ? path : new URL(`${origin}/v2/${name}/${path}`);
  const pushing = (path: string | URL): Pushing => ({
    ...{ url: urlOf(path), repository: name, username: credentials?.username },
  });
  const send: Repository['send'] = (path, sending) =>
    answered(() => web.send(urlOf(path), { ...sending, login }));
  const refused: Repository['refused'] = (path, reply) => refusedPush(pushing(path), reply);
  return {
    name,
    send,
    refused,
    async putManifest(reference, manifest) {
      const path = `manifests/${reference}`;
      const reply = await send(path, manifestOf(manifest));
      if (reply.status !== 201) throw refused(path, reply);
    },
  };
}

const manifestOf = ({ mediaType, bytes }: ImageBlob): Sending => ({
  ...{ method: 'PUT', headers: { 'content-type': mediaType }, body: bytes },
});

async function answered(send: () => Promise<Reply>): Promise<Reply> {
  try {
    return await send();
  } catch (error) {
    throw pushError(error);
  }
}

/** Sends the layers and the configuration that a repository lacks. Returns the bytes of layers that were sent. */
async function pushBlobs(
  registry: PushRegistry,
  at: Repository,
  { content, layers }: PushedImage,
  heard: (bytes: number) => void,
): Promise<number> {
  const missing = new Set<string>();
  for (const { digest } of content.layers)
    if (!(await isThere(at, digest)) && !(await isMounted(registry, at, digest))) missing.add(digest);
  let sent = 0;
  if (missing.size > 0)
    for await (const layer of layers(missing)) {
      await upload(at, layer.digest, { size: layer.size, bytes: counted(layer.bytes, heard) });
      sent += layer.size;
    }
  for (const { digest } of content.layers) registry.layers.set(digest, at.name);
  const { digest, bytes } = content.config;
  if (!(await isThere(at, digest))) await upload(at, digest, bytes);
  return sent;
}

async function isThere(at: Repository, digest: string): Promise<boolean> {
  const path = `blobs/${digest}`;
  const reply = await at.send(path, { method: 'HEAD' });
  // Registries that keep blobs elsewhere redirect to them.
  if (reply.status === 200 || (reply.status > 300 && reply.status < 400)) return true;
  if (reply.status === 404) return false;
  throw at.refused(path, reply);
}

/** Has the registry take a layer from another repository of this run. False: it did not. */
async function isMounted({ layers }: PushRegistry, at: Repository, digest: string): Promise<boolean> {
  const from = layers.get(digest);
  if (from === undefined || from === at.name) return false;
  const path = `blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
  return (await at.send(path, { method: 'POST' })).status === 201;
}

/** In one request: what breaks off is sent again by the next run. */
async function upload(at: Repository, digest: string, body: NonNullable<Sending['body']>): Promise<void> {
  const path = 'blobs/uploads/';
  const begun = await at.send(path, { method: 'POST' });
  const { location } = begun.headers;
  if (begun.status !== 202 || location === undefined) throw at.refused(path, begun);
  const to = new URL(location, begun.url);
  if (begun.url.protocol === 'https:' && to.protocol !== 'https:') throw at.refused(to, begun);
  to.searchParams.set('digest', digest);
  const reply = await at.send(to, {
    ...{ method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body },
  });
  if (reply.status !== 201) throw at.refused(to, reply);
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  heard: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    heard(chunk.length);
    yield chunk;
  }
}
