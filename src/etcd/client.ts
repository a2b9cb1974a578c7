import http from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { KbootError } from '../model/error.ts';

export interface EtcdCredentials {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface EtcdMember {
  /** Decimal, as the gateway encodes 64-bit numbers. */
  readonly id: string;
  /** Empty until the member has started once. */
  readonly name: string;
  readonly peerURLs: readonly string[];
  /** Empty until the member has started once. */
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
}

export interface KeyCount {
  /** ID of the etcd cluster, decimal. */
  readonly clusterId: string;
  /** The number of keys with the prefix. */
  readonly keys: number;
}

/** One member's client port: its JSON gateway (etcd `--enable-grpc-gateway`, on by default), so gRPC is not needed. */
export interface EtcdClient {
  /** As agreed by the quorum: a member that is cut off from the others does not respond. */
  members(): Promise<readonly EtcdMember[]>;
  addLearner(peerURL: string): Promise<EtcdMember>;
  /** false: the learner is not in sync yet. */
  promote(id: string): Promise<boolean>;
  remove(id: string): Promise<void>;
  /** All data in the format of `etcdctl snapshot save`, in chunks. */
  snapshot(): AsyncIterable<Buffer>;
  /** The cluster ID and the number of keys with a prefix; a linearizable read. */
  countKeys(prefix: string): Promise<KeyCount>;
  /** The value of a key; undefined if it does not exist; a linearizable read. */
  value(key: string): Promise<Buffer | undefined>;
  /** `3.6.8` */
  version(): Promise<string>;
  /** Whether this member is healthy: it answers a linearizable read. */
  healthy(): Promise<boolean>;
  close(): void;
}

const timeoutMs = 10_000;

/** Requests over one TLS connection to a port of a member, one after another. */
export interface EtcdConnection {
  /** Resolves when the response headers arrive. Rejects with KbootError E-ETCD. */
  send(method: 'GET' | 'POST', path: string, body?: object): Promise<http.IncomingMessage>;
  close(): void;
}

/**
 * Opens TLS on a stream to a member's port. Its certificate must be signed by the etcd CA; `name` is the name or
 * address of the member's host, as in its certificate. Rejects with KbootError E-ETCD.
 */
export async function openTls(
  stream: Duplex,
  name: string,
  credentials: EtcdCredentials,
): Promise<EtcdConnection> {
  const socket = tls.connect({
    socket: stream,
    // The certificate is checked against `host`; SNI must not contain an address (RFC 6066 3).
    host: name,
    servername: isIP(name) === 0 ? name : '',
    ca: credentials.caPem,
    cert: credentials.certificatePem,
    key: credentials.keyPem,
    ALPNProtocols: ['http/1.1'],
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => socket.destroy(new Error(`no TLS handshake in ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    const fail = (cause: Error): void => {
      clearTimeout(timer);
      reject(etcdError(name, cause.message, undefined, cause));
    };
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once('error', fail);
    socket.once('close', () => {
      fail(new Error('the connection was closed'));
    });
  });
  socket.on('error', () => undefined);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  // The only connection: the agent keeps it between requests.
  agent.createConnection = () => socket;
  return {
    send(method, path, body) {
      // The agent would wait forever for a closed connection.
      if (socket.destroyed) return Promise.reject(etcdError(name, `${path}: the connection was closed`));
      return send(agent, name, { method, path, body });
    },
    close: () => {
      agent.destroy();
      socket.destroy();
    },
  };
}

/** Opens a member's client port; see openTls. */
export async function openEtcd(
  stream: Duplex,
  name: string,
  credentials: EtcdCredentials,
): Promise<EtcdClient> {
  const connection = await openTls(stream, name, credentials);
  const post = (path: string, body: object): Promise<http.IncomingMessage> =>
    connection.send('POST', path, body);
  const call = async <T>(path: string, body: object): Promise<T> =>
    json<T>(name, path, await post(path, body));
  return {
    async members() {
      const list = await call<{ members?: RawMember[] }>('/v3/cluster/member/list', { linearizable: true });
      return list.members?.map(member) ?? [];
    },
    addLearner: async (peerURL) =>
      member(
        (
          await call<{ member: RawMember }>('/v3/cluster/member/add', {
            peerURLs: [peerURL],
            isLearner: true,
          })
        ).member,
      ),
    async promote(id) {
      try {
        await call('/v3/cluster/member/promote', { ID: id });
        return true;
      } catch (error) {
        if (error instanceof KbootError && /in sync with leader|unhealthy/.test(error.message)) return false;
        throw error;
      }
    },
    async remove(id) {
      await call('/v3/cluster/member/remove', { ID: id });
    },
    snapshot: () => snapshot(name, post),
    async countKeys(prefix) {
      const answer = await call<RawRange>('/v3/kv/range', {
        key: base64(prefix),
        range_end: base64(endOf(prefix)),
        count_only: true,
      });
      return { clusterId: answer.header.cluster_id, keys: Number(answer.count ?? 0) };
    },
    async value(key) {
      const { kvs } = await call<RawRange>('/v3/kv/range', { key: base64(key) });
      return kvs?.[0] === undefined ? undefined : Buffer.from(kvs[0].value ?? '', 'base64');
    },
    version: async () =>
      (await json<{ etcdserver: string }>(name, '/version', await connection.send('GET', '/version')))
        .etcdserver,
    healthy: () =>
      call('/v3/kv/range', { key: base64('health'), limit: '1' }).then(
        () => true,
        () => false,
      ),
    close: () => {
      connection.close();
    },
  };
}

interface RawRange {
  readonly header: { readonly cluster_id: string };
  readonly kvs?: readonly { readonly value?: string }[];
  readonly count?: string;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The first key after all keys with an ASCII prefix. */
function endOf(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

interface RawMember {
  readonly ID: string;
  readonly name?: string;
  readonly peerURLs?: readonly string[];
  readonly clientURLs?: readonly string[];
  readonly isLearner?: boolean;
}

function member(raw: RawMember): EtcdMember {
  return {
    id: raw.ID,
    name: raw.name ?? '',
    peerURLs: raw.peerURLs ?? [],
    clientURLs: raw.clientURLs ?? [],
    isLearner: raw.isLearner ?? false,
  };
}

function send(
  agent: http.Agent,
  name: string,
  { method, path, body }: { method: string; path: string; body: object | undefined },
): Promise<http.IncomingMessage> {
  const text = body === undefined ? '' : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        agent,
        host: name,
        method,
        path,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        timeout: timeoutMs,
      },
      resolve,
    );
    request.on('timeout', () => request.destroy(new Error(`no response in ${timeoutMs / 1000} s`)));
    request.on('error', (cause) => {
      reject(etcdError(name, `${path}: ${cause.message}`));
    });
    request.end(text);
  });
}

/** The body of a response. Throws KbootError E-ETCD with etcd's own message if it refused. */
export async function json<T>(name: string, path: string, response: http.IncomingMessage): Promise<T> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  if (response.statusCode !== 200) throw etcdError(name, `${path}: ${messageOf(text)}`, response);
  return JSON.parse(text) as T;
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text.slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}

/** The gateway streams one JSON object per line, each with a base64 blob. Throws KbootError E-ETCD if the stream breaks off. */
async function* snapshot(
  name: string,
  post: (path: string, body: object) => Promise<http.IncomingMessage>,
): AsyncGenerator<Buffer> {
  const path = '/v3/maintenance/snapshot';
  const response = await post(path, {});
  if (response.statusCode !== 200)
    throw etcdError(name, `${path}: status ${response.statusCode ?? 0}`, response);
  let rest = '';
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield blobOf(line);
    }
    if (rest.trim() !== '') yield blobOf(rest);
  } catch (cause) {
    throw etcdError(name, `${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function blobOf(line: string): Buffer {
  const { result, error } = JSON.parse(line) as { result?: { blob?: string }; error?: { message?: string } };
  if (error !== undefined) throw new Error(error.message ?? 'cut off');
  return Buffer.from(result?.blob ?? '', 'base64');
}

function etcdError(
  name: string,
  message: string,
  response?: http.IncomingMessage,
  cause?: Error,
): KbootError {
  const httpStatus = response?.statusCode;
  return new KbootError('E-ETCD', `etcd on ${name}: ${message}`, {
    host: name,
    ...(cause !== undefined && { cause }),
    ...(httpStatus !== undefined && { httpStatus }),
  });
}
