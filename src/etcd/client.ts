import http from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import * as z from 'zod';
import { KbootError } from '../model/error.ts';
import { bounded } from '../transport/bounded.ts';
import { within } from '../transport/within.ts';
import { etcdError } from './etcd-error.ts';
import { snapshotBlobs } from './snapshot-stream.ts';

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

/** What a member says of itself; it answers without a quorum, too. */
export interface EtcdMemberState {
  readonly id: string;
  /** `3.6.8` */
  readonly version: string;
  /** ID of the leader that it knows; '0': none. */
  readonly leader: string;
  /** Bytes of its database file, and of what is used in it. */
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  /** The last entry of the raft log that it has applied, and the term of the cluster. */
  readonly raftAppliedIndex: number;
  readonly raftTerm: number;
  /** The last revision of its data. */
  readonly revision: number;
  readonly isLearner: boolean;
}

export type EtcdAlarmKind = 'NOSPACE' | 'CORRUPT';

export interface EtcdAlarm {
  readonly memberId: string;
  readonly alarm: EtcdAlarmKind;
}

/** One member's client port: its JSON gateway (etcd `--enable-grpc-gateway`, on by default), so gRPC is not needed. */
export interface EtcdClient {
  /** As agreed by the quorum: a member that is cut off from the others does not respond. `known`: as this member knows them. */
  members(as?: 'agreed' | 'known'): Promise<readonly EtcdMember[]>;
  state(): Promise<EtcdMemberState>;
  /** Needs a quorum. */
  alarms(): Promise<readonly EtcdAlarm[]>;
  disarm(alarm: EtcdAlarm): Promise<void>;
  /** Rewrites this member's database file without its free pages; it does not respond meanwhile. */
  defragment(): Promise<void>;
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
  /**
   * Whether every value below a prefix sorts after `from` and before `before`, decided by etcd itself; false too if there
   * is none. A linearizable read.
   */
  allBetween(prefix: string, from: string, before: string): Promise<boolean>;
  /** The values below a prefix, page by page; each page is a linearizable read of its own. */
  values(prefix: string): AsyncIterable<Buffer>;
  /** `3.6.8` */
  version(): Promise<string>;
  /** Whether this member is healthy: it answers a linearizable read. */
  healthy(): Promise<boolean>;
  close(): void;
}

const timeoutMs = 10_000;
/** For a whole answer, however slowly it comes in; and its bytes: fifty Secrets of the greatest size. */
const answerTimeoutMs = 120_000;
const mostBytes = 128 * 1024 * 1024;
/** A member that defragments 8 GiB on a slow disk. */
const defragmentMs = 600_000;

/** Requests over one TLS connection to a port of a member, one after another. */
export interface EtcdConnection {
  /** Resolves when the response headers arrive. Rejects with KbootError E-ETCD. */
  send(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    silenceMs?: number,
  ): Promise<http.IncomingMessage>;
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
    send(method, path, body, silenceMs = timeoutMs) {
      // The agent would wait forever for a closed connection: one that etcd ended when it stopped, too.
      if (socket.destroyed || socket.readableEnded || !socket.writable)
        return Promise.reject(etcdError(name, `${path}: the connection was closed`));
      return send(agent, name, { method, path, body, silenceMs });
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
  const post = (path: string, body: object, silenceMs?: number): Promise<http.IncomingMessage> =>
    connection.send('POST', path, body, silenceMs);
  const call = async <T>(path: string, body: object, form: z.ZodType<T>, silenceMs?: number): Promise<T> =>
    json(name, path, await post(path, body, silenceMs), form);
  return {
    async members(as = 'agreed') {
      const body = { linearizable: as === 'agreed' };
      const list = await call('/v3/cluster/member/list', body, memberList);
      return list.members?.map(member) ?? [];
    },
    state: async () => memberState(await call('/v3/maintenance/status', {}, rawState)),
    async alarms() {
      const { alarms = [] } = await call('/v3/maintenance/alarm', { action: 'GET' }, rawAlarms);
      return alarms.flatMap(({ memberID = '0', alarm }) =>
        alarm === 'NOSPACE' || alarm === 'CORRUPT' ? [{ memberId: memberID, alarm }] : [],
      );
    },
    async disarm({ memberId, alarm }) {
      await call('/v3/maintenance/alarm', { action: 'DEACTIVATE', memberID: memberId, alarm }, anything);
    },
    async defragment() {
      await call('/v3/maintenance/defragment', {}, anything, defragmentMs);
    },
    async addLearner(peerURL) {
      const body = { peerURLs: [peerURL], isLearner: true };
      return member((await call('/v3/cluster/member/add', body, z.object({ member: rawMember }))).member);
    },
    async promote(id) {
      try {
        await call('/v3/cluster/member/promote', { ID: id }, anything);
        return true;
      } catch (error) {
        if (error instanceof KbootError && /in sync with leader|unhealthy/.test(error.message)) return false;
        throw error;
      }
    },
    async remove(id) {
      await call('/v3/cluster/member/remove', { ID: id }, anything);
    },
    snapshot: () => snapshotBlobs(name, post),
    async countKeys(prefix) {
      const body = { key: base64(prefix), range_end: base64(endOf(prefix)), count_only: true };
      const answer = await call('/v3/kv/range', body, rawCount);
      return { clusterId: answer.header.cluster_id, keys: Number(answer.count ?? 0) };
    },
    async value(key) {
      const { kvs } = await call('/v3/kv/range', { key: base64(key) }, rawRange);
      return kvs?.[0] === undefined ? undefined : Buffer.from(kvs[0].value ?? '', 'base64');
    },
    async allBetween(prefix, from, before) {
      const of = (result: 'GREATER' | 'LESS', value: string): object => ({
        ...{ target: 'VALUE', result, value: base64(value) },
        ...{ key: base64(prefix), range_end: base64(endOf(prefix)) },
      });
      const compare = [of('GREATER', from), of('LESS', before)];
      return (
        (await call('/v3/kv/txn', { compare }, z.object({ succeeded: z.boolean().optional() }))).succeeded ===
        true
      );
    },
    values: (prefix) => values(name, prefix, (body) => call('/v3/kv/range', body, rawRange)),
    version: async () =>
      (
        await json(
          name,
          '/version',
          await connection.send('GET', '/version'),
          z.object({ etcdserver: z.string() }),
        )
      ).etcdserver,
    healthy: () =>
      call('/v3/kv/range', { key: base64('health'), limit: '1' }, anything).then(
        () => true,
        () => false,
      ),
    close: () => {
      connection.close();
    },
  };
}

const anything = z.object({});

const rawRange = z.object({
  kvs: z.array(z.object({ key: z.string().optional(), value: z.string().optional() })).optional(),
});
type RawRange = z.infer<typeof rawRange>;

const rawCount = z.object({ header: z.object({ cluster_id: z.string() }), count: z.string().optional() });

/** Small enough that a page of big Secrets arrives within the time of a request. */
const pageSize = 50;

async function* values(
  name: string,
  prefix: string,
  range: (body: object) => Promise<RawRange>,
): AsyncGenerator<Buffer> {
  let key = base64(prefix);
  for (;;) {
    const { kvs = [] } = await range({ key, range_end: base64(endOf(prefix)), limit: String(pageSize) });
    for (const { value = '' } of kvs) yield Buffer.from(value, 'base64');
    const last = kvs.at(-1)?.key;
    if (last === undefined || kvs.length < pageSize) return;
    const next = Buffer.concat([Buffer.from(last, 'base64'), Buffer.from([0])]);
    if (next.compare(Buffer.from(key, 'base64')) <= 0) throw etcdError(name, 'its keys have no order');
    key = next.toString('base64');
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The first key after all keys with an ASCII prefix. */
function endOf(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

const rawMember = z.object({
  ID: z.string(),
  name: z.string().optional(),
  peerURLs: z.array(z.string()).optional(),
  clientURLs: z.array(z.string()).optional(),
  isLearner: z.boolean().optional(),
});
const memberList = z.object({ members: z.array(rawMember).optional() });

function member(raw: z.infer<typeof rawMember>): EtcdMember {
  return {
    id: raw.ID,
    name: raw.name ?? '',
    peerURLs: raw.peerURLs ?? [],
    clientURLs: raw.clientURLs ?? [],
    isLearner: raw.isLearner ?? false,
  };
}

/** As the gateway encodes it: zeros are omitted, 64-bit numbers are strings. */
const rawState = z.object({
  header: z.object({ member_id: z.string(), revision: z.string().optional() }),
  version: z.string(),
  leader: z.string().optional(),
  dbSize: z.string().optional(),
  dbSizeInUse: z.string().optional(),
  raftAppliedIndex: z.string().optional(),
  raftTerm: z.string().optional(),
  isLearner: z.boolean().optional(),
});

const rawAlarms = z.object({
  alarms: z.array(z.object({ memberID: z.string().optional(), alarm: z.string().optional() })).optional(),
});

function memberState(raw: z.infer<typeof rawState>): EtcdMemberState {
  return {
    id: raw.header.member_id,
    version: raw.version,
    leader: raw.leader ?? '0',
    dbSize: Number(raw.dbSize ?? 0),
    dbSizeInUse: Number(raw.dbSizeInUse ?? 0),
    raftAppliedIndex: Number(raw.raftAppliedIndex ?? 0),
    raftTerm: Number(raw.raftTerm ?? 0),
    revision: Number(raw.header.revision ?? 0),
    isLearner: raw.isLearner ?? false,
  };
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: object | undefined;
  /** How long the other side may send nothing. */
  readonly silenceMs: number;
}

function send(
  agent: http.Agent,
  name: string,
  { method, path, body, silenceMs }: Request,
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
        timeout: silenceMs,
      },
      (response) => {
        clearTimeout(timer);
        resolve(response);
      },
    );
    const late = (): void => {
      request.destroy(new Error(`no response in ${silenceMs / 1000} s`));
    };
    // A request without an open socket has no timeout of its own.
    const timer = setTimeout(late, silenceMs);
    request.on('timeout', late);
    request.on('error', (cause) => {
      clearTimeout(timer);
      reject(etcdError(name, `${path}: ${cause.message}`));
    });
    request.end(text);
  });
}

/** The body of a response. Throws KbootError E-ETCD with etcd's own message if it refused, and for an answer without the form. */
export async function json<T>(
  name: string,
  path: string,
  response: http.IncomingMessage,
  form: z.ZodType<T>,
): Promise<T> {
  const flood = (): KbootError => etcdError(name, `${path}: the answer is longer than ${mostBytes} bytes`);
  const endless = (): KbootError =>
    etcdError(name, `${path}: the answer did not end in ${answerTimeoutMs / 1000} s`);
  const whole = bounded(response, mostBytes, flood).catch((cause: unknown) => {
    throw cause instanceof KbootError ? cause : etcdError(name, `${path}: ${String(cause)}`);
  });
  let text: string;
  try {
    text = (await within(whole, answerTimeoutMs, endless, () => undefined)).toString('utf8');
  } catch (error) {
    response.destroy();
    throw error;
  }
  if (response.statusCode !== 200) throw etcdError(name, `${path}: ${messageOf(text)}`, response);
  try {
    const { data } = form.safeParse(JSON.parse(text));
    if (data !== undefined) return data;
  } catch {
    // Not JSON.
  }
  throw etcdError(name, `${path}: the answer does not have the form of etcd's`);
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text.slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}
