import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '../../src/model/digest.ts';

/** How a server misbehaves, by path. */
export type Fault = number | 'wrong' | 'cut' | 'long' | 'silent' | 'stuck' | 'slow';

export interface FakeServer {
  readonly origin: string;
  /** `METHOD path` of every request, in order. */
  readonly asked: string[];
  readonly faults: Map<string, Fault>;
  close(): Promise<void>;
}

/** A server on loopback; `answer` gives a path's bytes, has answered itself (undefined), or there is none (404). */
export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => Buffer | undefined | 404,
): Promise<FakeServer> {
  const asked: string[] = [];
  const faults = new Map<string, Fault>();
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(`${request.method ?? ''} ${path}`);
    const fault = faults.get(path.split('?')[0] ?? '');
    if (fault === 'silent') return;
    if (typeof fault === 'number') return void response.writeHead(fault).end('no');
    const bytes = answer(request, response);
    if (bytes === 404) return void response.writeHead(404).end();
    if (bytes === undefined) return;
    if (fault === 'wrong') return void response.end(Buffer.alloc(bytes.length, 'x'));
    if (fault === 'long') return void response.end(Buffer.concat([bytes, bytes]));
    response.setHeader('content-length', bytes.length);
    if (fault === 'slow') return void drip(response, bytes);
    if (fault !== 'cut' && fault !== 'stuck') return void response.end(bytes);
    response.write(bytes.subarray(0, bytes.length / 2), () => {
      if (fault === 'cut') setTimeout(() => response.destroy(), 20);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Sends a body in five parts over more than a second. */
async function drip(response: ServerResponse, bytes: Buffer): Promise<void> {
  const part = Math.ceil(bytes.length / 5);
  for (let at = 0; at < bytes.length; at += part) {
    response.write(bytes.subarray(at, at + part));
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  response.end();
}

/** Fake content of the release file at a path. */
export const fileAt = (path: string): Buffer => Buffer.from(`file ${path} `.repeat(2000));

/** A mirror that has every release file. */
export const startMirror = (): Promise<FakeServer> => serve(({ url = '' }) => fileAt(url.slice(1)));

export interface FakeRegistry extends FakeServer {
  /** `HOST:PORT`, the start of references. */
  readonly host: string;
  /** The server with the blobs; it refuses any request with an Authorization header. */
  readonly storage: FakeServer;
  /** What it has by digest. */
  readonly served: Map<string, Buffer>;
}

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';

/**
 * A registry that has every image. Tags lead to an index for linux/amd64 and linux/arm64, or to `only` one manifest;
 * pulling requires a token for the repository, and blobs are on another server.
 */
export async function startRegistry(only?: 'amd64' | 'arm64'): Promise<FakeRegistry> {
  const blobs = new Map<string, Buffer>();
  const keep = (bytes: Buffer, mediaType: string): { mediaType: string; digest: string; size: number } => {
    const digest = `sha256:${sha256(bytes)}`;
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  const manifest = (name: string, architecture: string): Buffer => {
    const config = json({ os: 'linux', architecture, name });
    const layers = [`layer of ${name} ${architecture} `, 'common layer ', 'common layer '];
    return json({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: keep(config, 'application/vnd.oci.image.config.v1+json'),
      layers: layers.map((text) =>
        keep(Buffer.from(text.repeat(5000)), 'application/vnd.oci.image.layer.v1.tar'),
      ),
    });
  };
  const tagged = (name: string): Buffer => {
    if (only !== undefined) return manifest(name, only);
    const of = (architecture: string): object => ({
      ...keep(manifest(name, architecture), ociManifest),
      platform: { os: 'linux', architecture },
    });
    const attestation = {
      ...keep(json({}), ociManifest),
      platform: { os: 'unknown', architecture: 'unknown' },
    };
    return json({
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [attestation, of('arm64'), of('amd64')],
    });
  };

  const storage = await serve(({ url = '', headers }) =>
    headers.authorization === undefined ? (blobs.get(url.slice(1).split('?')[0] ?? '') ?? 404) : 404,
  );
  const registry: FakeServer = await serve(({ url = '', headers }, response) => {
    const token = new URL(url, 'http://x');
    if (token.pathname === '/token') return json({ token: `for ${token.searchParams.get('scope') ?? ''}` });
    const [, name = '', kind, what = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
    if (headers.authorization !== `Bearer for repository:${name}:pull`) {
      const challenge = `Bearer realm="${registry.origin}/token",service="fake",scope="repository:${name}:pull"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end('{}');
    }
    if (kind === 'blobs')
      return void response.writeHead(307, { location: `${storage.origin}/${what}?signature=secret` }).end();
    if (what.startsWith('sha256:')) return blobs.get(what) ?? 404;
    const bytes = tagged(name);
    keep(bytes, ociIndex);
    return bytes;
  });
  return {
    ...registry,
    host: registry.origin.slice('http://'.length),
    storage,
    served: blobs,
    close: async () => {
      await Promise.all([registry.close(), storage.close()]);
    },
  };
}
