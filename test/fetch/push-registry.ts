import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { sha256 } from '../../src/model/digest.ts';

/** A registry that takes images. */
export interface PushRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly blobs: Map<string, Buffer>;
  /** By `REPOSITORY REFERENCE`: tags and digests. */
  readonly manifests: Map<string, { readonly digest: string; readonly type: string; readonly bytes: Buffer }>;
  /** `METHOD path` of every request, in order. */
  readonly asked: string[];
  /** The next requests that begin with a text get a status with a body, or lose their connection (`cut`). */
  readonly faults: { readonly begins: string; readonly then: number | 'cut'; readonly text?: string }[];
  close(): Promise<void>;
}

export interface PushRegistryOptions {
  /** Who may push: nobody has to log in without. */
  readonly user?: { readonly name: string; readonly password: string; readonly by: 'basic' | 'token' };
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
  /** An index is taken even if it names manifests that are not there. */
  readonly anyIndex?: boolean;
  /** Where it listens; default: a free port of loopback. */
  readonly at?: { readonly address: string; readonly port: number };
}

interface Part {
  readonly digest: string;
}
interface Document {
  readonly config?: Part;
  readonly layers?: readonly Part[];
  readonly manifests?: readonly Part[];
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md, as the reference implementation answers. */
export async function startPushRegistry(options: PushRegistryOptions = {}): Promise<PushRegistry> {
  const { user, tls, anyIndex = false, at = { address: '127.0.0.1', port: 0 } } = options;
  const basic = user && `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;
  const blobs: PushRegistry['blobs'] = new Map();
  const manifests: PushRegistry['manifests'] = new Map();
  const held = new Set<string>();
  const asked: string[] = [];
  const faults: PushRegistry['faults'] = [];

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request;
    asked.push(`${method} ${url}`);
    const fault = faults.findIndex(({ begins }) => `${method} ${url}`.startsWith(begins));
    if (fault >= 0) {
      const [{ then, text = '' } = { then: 500 as const, text: '' }] = faults.splice(fault, 1);
      if (then !== 'cut') return void response.writeHead(then).end(text);
      return void request.once('data', () => request.socket.destroy());
    }
    const { pathname, searchParams } = new URL(url, origin);
    const [, name = '', what = '', rest = ''] = /^\/v2\/(.+?)\/(blobs|manifests)\/(.*)$/.exec(pathname) ?? [];
    const scope = `repository:${name}:pull,push`;
    if (pathname === '/token') {
      if (headers.authorization !== basic) response.writeHead(401);
      return void response.end(JSON.stringify({ token: `for ${searchParams.get('scope') ?? ''}` }));
    }
    const wanted = user?.by === 'token' ? `Bearer for ${scope}` : basic;
    if (wanted !== undefined && headers.authorization !== wanted) {
      const challenge =
        user?.by === 'token'
          ? `Bearer realm="${origin}/token",service="fake",scope="${scope}"`
          : 'Basic realm="fake"';
      return void response
        .writeHead(401, { 'www-authenticate': challenge })
        .end('{"errors":[{"code":"UNAUTHORIZED"}]}');
    }
    if (pathname === '/v2/') return void response.end('{}');
    if (what === 'manifests') {
      await manifest(request, response, name, rest);
      return;
    }
    if (method === 'HEAD') return void response.writeHead(held.has(`${name} ${rest}`) ? 200 : 404).end();
    if (method === 'GET') {
      const bytes = held.has(`${name} ${rest}`) ? blobs.get(rest) : undefined;
      return void response.writeHead(bytes ? 200 : 404, { 'content-length': bytes?.length ?? 0 }).end(bytes);
    }
    if (method === 'POST') {
      const mount = searchParams.get('mount') ?? '';
      if (held.has(`${searchParams.get('from') ?? ''} ${mount}`)) {
        held.add(`${name} ${mount}`);
        return void response.writeHead(201).end();
      }
      return void response.writeHead(202, { location: `/v2/${name}/blobs/uploads/1?_state=a%3D` }).end();
    }
    const bytes = await bodyOf(request);
    const digest = `sha256:${sha256(bytes)}`;
    if (method !== 'PUT' || digest !== searchParams.get('digest')) return void response.writeHead(400).end();
    blobs.set(digest, bytes);
    held.add(`${name} ${digest}`);
    response.writeHead(201).end();
  };

  async function manifest(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    reference: string,
  ): Promise<void> {
    const found = manifests.get(`${name} ${reference}`);
    if (request.method === 'HEAD' || request.method === 'GET') {
      if (found === undefined) return void response.writeHead(404).end();
      const { digest, type, bytes } = found;
      const headers = {
        'docker-content-digest': digest,
        'content-type': type,
        'content-length': bytes.length,
      };
      return void response.writeHead(200, headers).end(request.method === 'GET' ? bytes : undefined);
    }
    const bytes = await bodyOf(request);
    const digest = `sha256:${sha256(bytes)}`;
    const { config, layers = [], manifests: children = [] } = JSON.parse(bytes.toString()) as Document;
    const parts = [...(config === undefined ? [] : [config]), ...layers];
    const lacks =
      parts.some((part) => !held.has(`${name} ${part.digest}`)) ||
      (!anyIndex && children.some((child) => !manifests.has(`${name} ${child.digest}`)));
    if (lacks || (reference.startsWith('sha256:') && reference !== digest))
      return void response.writeHead(400).end('{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}');
    const kept = { digest, type: request.headers['content-type'] ?? '', bytes };
    for (const each of [reference, digest]) manifests.set(`${name} ${each}`, kept);
    response.writeHead(201).end();
  }

  const listener: RequestListener = (request, response) => {
    handle(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(at.port, at.address, resolve));
  const host = `${at.address}:${(server.address() as AddressInfo).port}`;
  const origin = `${tls === undefined ? 'http' : 'https'}://${host}`;
  return {
    ...{ host, blobs, manifests, asked, faults },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
