import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { KbootError } from '../model/error.ts';
import { isRecord, isRecordOfTexts } from '../model/record.ts';
import { fieldManager, withClaimed, type Unique } from './owned.ts';
import { objectPath } from './paths.ts';
import { misshapen } from './shape.ts';
import { shapeOf } from './shapes.ts';
import { objectTitle, type KubeObject } from './types.ts';

export interface KubeCredentials {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface KubeResponse {
  readonly status: number;
  /** Parsed JSON, or the text if it is not JSON. Of a successful answer, what shapes.ts lists has its form. */
  readonly body: unknown;
}

export interface KubeRequestOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  /** The body of the answer is a string, even where it could be parsed as JSON: a container's log. */
  readonly asText?: boolean;
  /** A longer answer is an error; default: 64 MiB. */
  readonly maxBytes?: number;
}

/** The Kubernetes API over one stream: HTTP/2, so that many small requests cost one round trip. */
export interface KubeClient {
  request(method: string, path: string, options?: KubeRequestOptions): Promise<KubeResponse>;
  close(): void;
}

/** Requests at a time on one connection, if there are many: an API server accepts 100 to 250 streams. */
export const requestsAtOnce = 50;

const requestTimeoutMs = 20_000;
/** For a whole answer, however slowly it comes in. */
const answerTimeoutMs = 120_000;
/** A page of five hundred big objects. */
const mostBytes = 64 * 1024 * 1024;

/**
 * Bytes that an API server may send ahead. With HTTP/2's own 64 KiB, all that a plan reads takes a round trip for each of them
 * (RFC 9113, 6.9.2).
 */
const windowBytes = 4 * 1024 * 1024;

/**
 * Opens the API on a stream to an API server. The server certificate must be signed by the cluster's CA and
 * carry the name `kubernetes`, as every API server's does.
 * Rejects with KbootError E-KUBE-API when TLS or HTTP/2 cannot be set up.
 */
export async function openKube(stream: Duplex, credentials: KubeCredentials): Promise<KubeClient> {
  const socket = tls.connect({
    socket: stream,
    servername: 'kubernetes',
    ca: credentials.caPem,
    cert: credentials.certificatePem,
    key: credentials.keyPem,
    ALPNProtocols: ['h2'],
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy(new Error('no TLS handshake in 10 s'));
    }, 10_000);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once('error', (cause: Error) => {
      clearTimeout(timer);
      reject(unusable(cause));
    });
    socket.once('close', () => {
      clearTimeout(timer);
      reject(unusable(new Error('the API server closed the connection')));
    });
  });
  const session = http2.connect('https://kubernetes', {
    createConnection: () => socket,
    settings: { initialWindowSize: windowBytes, enablePush: false },
  });
  // Pending requests get their own error; the session's error must not crash the process.
  session.on('error', () => undefined);
  session.once('connect', () => {
    if (!session.destroyed) session.setLocalWindowSize(windowBytes);
  });
  return {
    request: (method, path, options = {}) => request(session, method, path, options),
    close: () => {
      session.destroy();
      socket.destroy();
    },
  };
}

function unusable(cause: Error): KbootError {
  return new KbootError('E-KUBE-API', `cannot use the API server: ${cause.message}`, { cause });
}

function request(
  session: http2.ClientHttp2Session,
  method: string,
  path: string,
  options: KubeRequestOptions,
): Promise<KubeResponse> {
  return new Promise((resolve, reject) => {
    const fail = (message: string, cause?: unknown): void => {
      reject(new KbootError('E-KUBE-API', `${method} ${path}: ${message}`, { cause }));
    };
    if (session.closed || session.destroyed) {
      fail('the connection to the API server is closed');
      return;
    }
    const stream = session.request(
      {
        ':method': method,
        ':path': path,
        accept: options.asText === true ? 'application/json, */*' : 'application/json',
        'user-agent': 'kboot',
        ...(options.body !== undefined && { 'content-type': options.contentType ?? 'application/json' }),
      },
      // By itself, Node sends no body with DELETE.
      { endStream: options.body === undefined },
    );
    let status = 0;
    const chunks: Buffer[] = [];
    stream.setTimeout(requestTimeoutMs, () => {
      stream.close(http2.constants.NGHTTP2_CANCEL);
      fail(`no response in ${requestTimeoutMs / 1000} s`);
    });
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    let bytes = 0;
    const most = options.maxBytes ?? mostBytes;
    const clock = setTimeout(() => {
      stream.close(http2.constants.NGHTTP2_CANCEL);
      fail(`the answer did not end in ${answerTimeoutMs / 1000} s`);
    }, answerTimeoutMs);
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= most) chunks.push(chunk);
      else {
        fail(`the answer is longer than ${most} bytes`);
        stream.close(http2.constants.NGHTTP2_CANCEL);
      }
    });
    stream.on('error', (cause: Error) => {
      fail(cause.message, cause);
    });
    stream.on('close', () => {
      clearTimeout(clock);
      if (status === 0) {
        fail('the connection to the API server ended');
        return;
      }
      const text = Buffer.concat(chunks).toString('utf8');
      const body = options.asText === true ? text : parse(text);
      const shape = status < 300 && options.asText !== true ? shapeOf(method, path) : undefined;
      const wrong = shape && misshapen(body, shape);
      if (wrong === undefined) resolve({ status, body });
      else fail(`the answer is not one of the Kubernetes API: ${wrong}`);
    });
    if (options.body !== undefined) stream.end(JSON.stringify(options.body));
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The live object; undefined if it does not exist. Throws KbootError E-KUBE-API for any other response. */
export async function getObject(kube: KubeClient, object: KubeObject): Promise<KubeObject | undefined> {
  return await getAt(kube, objectPath(object), objectTitle(object));
}

/** The object at a path; undefined if there is none. Throws KbootError E-KUBE-API, naming `title`, for any other response. */
export async function getAt(kube: KubeClient, path: string, title: string): Promise<KubeObject | undefined> {
  const response = await kube.request('GET', path);
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw refused(`reading ${title}`, response);
  return objectIn(response.body, title);
}

/** An answer as an object of the API. Throws KbootError E-KUBE-API for one that has no name or no form of it. */
export function objectIn(body: unknown, what: string): KubeObject {
  const object = body as Readonly<Record<string, unknown>> | null;
  const metadata = (object?.['metadata'] ?? {}) as Readonly<Record<string, unknown>>;
  const parts = [object?.['spec'], object?.['status'], object?.['data']];
  if (
    typeof metadata['name'] === 'string' &&
    [metadata['labels'], metadata['annotations']].every(
      (each) => each === undefined || isRecordOfTexts(each),
    ) &&
    parts.every((part) => part === undefined || isRecord(part))
  )
    return body as KubeObject;
  throw new KbootError('E-KUBE-API', `reading ${what}: the answer is not an object of the API`);
}

/** The objects of an answer that is a list. Throws KbootError E-KUBE-API for one that is not. */
export function itemsIn(body: unknown, what: string): readonly KubeObject[] {
  const items = (body as { readonly items?: unknown } | null)?.items;
  if (!Array.isArray(items))
    throw new KbootError('E-KUBE-API', `reading ${what}: the answer is not a list of the API`);
  return items.map((item) => objectIn(item, what));
}

/** Server-side apply as field manager `kboot`, taking over fields from other managers (KEP-555). */
export async function applyObject(kube: KubeClient, object: KubeObject): Promise<void> {
  const response = await applyOver(kube, objectPath(object), object);
  if (!isApplied(response)) throw refused(`applying ${objectTitle(object)}`, response);
}

/**
 * The response to an apply. Where the API refuses it since somebody changed the key of an item of a list, such as the port of
 * a Service, of which there are two of one name then, kboot becomes the owner of the other's item and applies again.
 */
export async function applyOver(kube: KubeClient, path: string, object: KubeObject): Promise<KubeResponse> {
  const response = await applyAt(kube, path, object);
  const duplicates = duplicatesIn(response);
  if (duplicates.length === 0) return response;
  const live = await getAt(kube, path, objectTitle(object));
  const managedFields = live && withClaimed(live, object, duplicates);
  if (managedFields === undefined) return response;
  const { resourceVersion } = live?.metadata as { readonly resourceVersion?: string };
  const claim = await kube.request('PATCH', path, {
    body: [
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'replace', path: '/metadata/managedFields', value: managedFields },
    ],
    contentType: 'application/json-patch+json',
  });
  return claim.status === 200 ? await applyAt(kube, path, object) : response;
}

/** The fields of lists in which the API found a value twice, if nothing else is wrong with an object. */
export function duplicatesIn({ status, body }: KubeResponse): readonly Unique[] {
  if (status !== invalid || !isRecord(body) || !isRecord(body['details'])) return [];
  const { causes } = body['details'];
  const found = (Array.isArray(causes) ? causes : []).map((each: unknown) => {
    // Its reason is a code (metav1.CauseType).
    const cause = new Map(Object.entries(isRecord(each) ? each : {}));
    const field = cause.get('field');
    const [, list, name] = /^(.+)\[\d+\]\.(\w+)$/.exec(typeof field === 'string' ? field : '') ?? [];
    if (cause.get('reason') !== 'FieldValueDuplicate' || list === undefined || name === undefined)
      return undefined;
    return { list: list.replaceAll(/\[\d+\]/g, ''), field: name };
  });
  return found.every((each) => each !== undefined) ? found : [];
}

/** The response to the same at a path. `dryRun`: nothing is stored, and the response has the object as it would be. */
export async function applyAt(
  kube: KubeClient,
  path: string,
  object: KubeObject,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<KubeResponse> {
  return await kube.request(
    'PATCH',
    `${path}?fieldManager=${fieldManager}&force=true${dryRun ? '&dryRun=All' : ''}`,
    {
      body: object,
      contentType: 'application/apply-patch+yaml',
    },
  );
}

/** Whether an apply changed, created or found the object. */
export function isApplied({ status }: KubeResponse): boolean {
  return status === 200 || status === 201;
}

/** The status of what no repetition makes valid. */
export const invalid = 422;

/**
 * Whether a request can never succeed as it is: 422, or the error of server-side apply for an object that does not fit the
 * schema of its kind, a Status with 500 and without a reason (apiserver, fieldmanager: "failed to create typed patch object").
 */
export function isInvalid({ status, body }: KubeResponse): boolean {
  const answer = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  return status === invalid || (status === 500 && answer['kind'] === 'Status' && !('reason' in answer));
}

/** The error for an unexpected response, with the API's own message and its status. */
export function refused(doing: string, response: KubeResponse): KbootError {
  const body = response.body as { readonly message?: unknown } | string | null;
  const told = typeof body === 'string' ? body : body?.message;
  const message = typeof told === 'string' ? told.slice(0, 500) : 'without a message';
  return new KbootError('E-KUBE-API', `${doing}: the API answered ${response.status}: ${message}`, {
    httpStatus: response.status,
  });
}
