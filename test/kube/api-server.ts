import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { KubeCredentials } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { issueCa } from '../../src/pki/issue.ts';
import { generateRsaKey } from '../../src/pki/keys.ts';
import type { KeyPair } from '../../src/pki/types.ts';
import { connectTo } from '../local-stream.ts';
import { caSpec, context, leafSpec, makeLeaf, sampleCluster } from '../samples/pki.ts';

interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly body: unknown;
}

interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** An API server in this process, over TLS and HTTP/2 with client certificates, that stores objects by path. */
export interface FakeApi {
  readonly port: number;
  readonly credentials: KubeCredentials;
  readonly requests: ApiRequest[];
  readonly objects: Map<string, KubeObject>;
  /** Streams opened to it. */
  readonly streams: Duplex[];
  /** Overrides the server's answer; undefined: no override; 'hang up': the connection ends. */
  answer: (request: ApiRequest) => ApiAnswer | 'hang up' | undefined;
  /** A stream as a host's `forward` returns it. */
  connect(): Promise<Duplex>;
  close(): Promise<void>;
}

export interface FakePki {
  readonly ca: KeyPair;
  readonly credentials: KubeCredentials;
  readonly server: { readonly cert: string; readonly key: string };
}

/** A CA, a server certificate of an API server, and kboot's client certificate. */
export async function fakePki(): Promise<FakePki> {
  const cluster = sampleCluster();
  const using = { ...context, now: new Date() };
  // Its own key: with a shared key, one CA's certificates would verify against another CA.
  const key = await generateRsaKey();
  const ca = { cert: issueCa(caSpec(cluster, 'ca'), key, using), key };
  const server = await makeLeaf(leafSpec(cluster, 'apiserver', 'cp1'), ca, using);
  const client = await makeLeaf(leafSpec(cluster, 'super-admin', 'cp1'), ca, using);
  return { ca, server, credentials: { caPem: ca.cert, certificatePem: client.cert, keyPem: client.key } };
}

/** `anonymous`: clients without a certificate are served, too. */
export async function startApi(
  pki: Pick<FakePki, 'credentials' | 'server'>,
  { anonymous = false } = {},
): Promise<FakeApi> {
  const objects = new Map<string, KubeObject>();
  const requests: ApiRequest[] = [];
  const streams: Duplex[] = [];
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createSecureServer({
    ...pki.server,
    ca: pki.credentials.caPem,
    requestCert: true,
    rejectUnauthorized: !anonymous,
    allowHTTP1: anonymous,
  });
  // A client that only asks whether it is ready.
  if (anonymous)
    server.on('request', ({ httpVersionMajor }, response) => {
      if (httpVersionMajor === 1) response.end('ok');
    });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const request: ApiRequest = {
        method: headers[':method'] ?? '',
        path: headers[':path'] ?? '',
        contentType: headers['content-type'] ?? '',
        body: text === '' ? undefined : JSON.parse(text),
      };
      requests.push(request);
      const answer = api.answer(request) ?? usual(objects, request);
      if (answer === 'hang up') {
        stream.session?.destroy();
        return;
      }
      stream.respond({ ':status': answer.status, 'content-type': 'application/json' });
      stream.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const api: FakeApi = {
    port,
    credentials: pki.credentials,
    requests,
    objects,
    streams,
    answer: () => undefined,
    connect: () => connectTo(port, streams),
    close: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        for (const stream of streams) stream.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
  return api;
}

/** An API server's handling of a request, as far as kboot needs it. */
function usual(objects: Map<string, KubeObject>, { method, path, body }: ApiRequest): ApiAnswer {
  const [name = ''] = path.split('?');
  const found = objects.get(name);
  if (name === '/readyz') return { status: 200, body: 'ok' };
  if (method === 'PATCH' && path.includes('force=true')) {
    objects.set(name, body as KubeObject);
    return { status: found === undefined ? 201 : 200, body };
  }
  if (found === undefined) return { status: 404, body: { kind: 'Status', message: `${name} not found` } };
  if (method === 'PATCH') {
    objects.set(name, merged(found, body) as KubeObject);
  }
  if (method === 'DELETE') objects.delete(name);
  return { status: 200, body: objects.get(name) ?? {} };
}

/** A JSON merge patch (RFC 7386). */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = typeof target === 'object' ? { ...target } : {};
  for (const [key, value] of Object.entries(patch))
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = merged(result[key], value);
  return result;
}
