import { once } from 'node:events';
import {
  Agent as HttpAgent,
  request as requestByHttp,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as requestByHttps, type RequestOptions } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { KbootError } from '../model/error.ts';
import { brokenError, shown, silentError, statusError } from './fetch-error.ts';
import { proxyFor, proxyHeaders, tunnel } from './proxy.ts';
import { remedies } from './remedies.ts';

/** The response to a GET: status 200, with the body as a stream. */
export interface Answer {
  readonly mediaType: string | undefined;
  /** Size in bytes, if the server sent it. */
  readonly size: number | undefined;
  /** Throws KbootError E-FETCH if the connection is lost or stalls, E-INTERRUPTED if the run is interrupted. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Answers authentication challenges; credentials for one origin are never sent to another. */
export interface Login {
  /** The Authorization header for an origin; undefined: none. */
  header(origin: string): string | undefined;
  /** Answers a challenge (WWW-Authenticate). False: it cannot be answered. */
  answer(origin: string, challenge: string): Promise<boolean>;
}

export interface GetOptions {
  /** Media types that are accepted. */
  readonly accept?: readonly string[];
  readonly login?: Login;
}

/** A request of any kind. */
export interface Sending {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes can be sent again if the server wants a login first, a stream cannot. */
  readonly body?: Buffer | { readonly size: number; readonly bytes: AsyncIterable<Uint8Array> };
  readonly login?: Login;
}

/** The response to it, whatever its status. */
export interface Reply {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The beginning of the body. */
  readonly text: string;
}

/** How a client of HTTPS decides whom it trusts. */
export interface Trust {
  /** PEM of the CAs, instead of those that Node trusts. */
  readonly ca?: string;
  /** Any certificate will do. */
  readonly anyCertificate?: boolean;
}

/** A client for HTTP and HTTPS. */
export interface Web {
  /**
   * Follows redirects, but none from HTTPS to anything else.
   * Throws KbootError E-FETCH for anything but a 200, E-INTERRUPTED once the run is interrupted.
   */
  get(url: URL, options?: GetOptions): Promise<Answer>;
  /**
   * One request; redirects are not followed. With a login, a challenge is answered once, and the request is sent again.
   * Throws KbootError E-FETCH if there is no complete response, E-INTERRUPTED, and what reading the body throws.
   */
  send(url: URL, sending: Sending): Promise<Reply>;
  close(): void;
}

export interface WebOptions {
  /** Aborts all requests in progress. */
  readonly signal: AbortSignal;
  /** Called for every request with its status. */
  readonly heard?: (line: string) => void;
  /** Maximum time to wait for a response, and for the next 4 KiB of a body. */
  readonly silenceMs?: number;
  readonly trust?: Trust;
}

const mostHops = 10;
/** A body that brings less than this in the time that a server may be silent is one that never ends. */
const leastBytes = 4096;
/** What is read of an answer that is not used, to have its connection for the next request. */
const mostIgnored = 256 * 1024;
/** What is read of the response to a request with a body: an error of a registry has some hundred bytes. */
const mostReply = 64 * 1024;
/** A server that has the whole body checks it before it responds, and moves it to its storage. */
const patience = 5;

/** A client that uses the proxies set in the environment and trusts Node's CAs and those in NODE_EXTRA_CA_CERTS. */
export function openWeb({
  signal,
  heard = () => undefined,
  silenceMs = 60_000,
  trust = {},
}: WebOptions): Web {
  const tls: SecureContextOptions & { rejectUnauthorized?: boolean } = {
    ...(trust.ca !== undefined && { ca: trust.ca }),
    ...(trust.anyCertificate === true && { rejectUnauthorized: false }),
  };
  const agents = {
    ...{ http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true, ...tls }) },
    tls,
  };
  const failed = (url: URL, cause: unknown): KbootError => {
    if (signal.aborted) return new KbootError('E-INTERRUPTED', 'interrupted', { cause });
    return cause instanceof KbootError ? cause : brokenError(url, cause);
  };

  async function ask(url: URL, headers: Record<string, string>): Promise<IncomingMessage> {
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort();
    }, silenceMs);
    try {
      // Also ends the body when the run is interrupted: the timeout for the response no longer applies by then.
      const ended = AbortSignal.any([signal, late.signal]);
      const sent = await prepare(url, { headers, signal: ended }, agents);
      sent.end();
      return await responseTo(sent);
    } catch (cause) {
      throw late.signal.aborted && !signal.aborted ? silentError(url, silenceMs) : failed(url, cause);
    } finally {
      clearTimeout(timer);
    }
  }

  async function* bodyOf(url: URL, response: IncomingMessage): AsyncGenerator<Uint8Array> {
    const timer = setTimeout(() => response.destroy(silentError(url, silenceMs)), silenceMs);
    try {
      let recent = 0;
      for await (const chunk of response as AsyncIterable<Buffer>) {
        recent += chunk.length;
        if (recent >= leastBytes) {
          recent = 0;
          timer.refresh();
        }
        yield chunk;
      }
    } catch (cause) {
      throw failed(url, cause);
    } finally {
      clearTimeout(timer);
    }
  }

  async function get(start: URL, { accept, login }: GetOptions = {}): Promise<Answer> {
    const answered = new Set<string>();
    let url = start;
    for (let hop = 0; hop < mostHops; hop++) {
      const authorization = login?.header(url.origin);
      const response = await ask(url, {
        'user-agent': 'kboot',
        ...(accept && { accept: accept.join(', ') }),
        ...(authorization !== undefined && { authorization }),
      });
      const { statusCode = 0, headers } = response;
      heard(`GET ${shown(url)} ${statusCode}`);
      if (statusCode === 200)
        return {
          mediaType: headers['content-type']?.split(';')[0],
          size: headers['content-length'] === undefined ? undefined : Number(headers['content-length']),
          body: bodyOf(url, response),
        };
      // Reading it to the end frees the connection for the next request.
      ignore(response);
      const challenge = headers['www-authenticate'];
      if (statusCode === 401 && login && challenge !== undefined && !answered.has(url.href)) {
        answered.add(url.href);
        if (!(await login.answer(url.origin, challenge))) throw statusError(url, statusCode);
      } else if (statusCode > 300 && statusCode < 400 && headers.location !== undefined)
        url = redirected(url, headers.location);
      else throw statusError(url, statusCode);
    }
    throw new KbootError('E-FETCH', `${shown(start)}: too many redirects`);
  }

  /** Sends a request with its body. The server may respond before it has all of it: then it does not want the rest. */
  async function exchange(url: URL, { method, headers, body, login }: Sending): Promise<Reply> {
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort();
    }, silenceMs * patience);
    const authorization = login?.header(url.origin);
    const [size, bytes] = Buffer.isBuffer(body)
      ? [body.length, [body]]
      : [body?.size ?? 0, body?.bytes ?? []];
    let ofBody: unknown;
    try {
      const all = {
        'user-agent': 'kboot',
        ...((method === 'POST' || method === 'PUT') && { 'content-length': String(size) }),
        ...headers,
        ...(authorization !== undefined && { authorization }),
      };
      const ended = AbortSignal.any([signal, late.signal]);
      const sent = await prepare(url, { method, headers: all, signal: ended }, agents);
      const responding = responseTo(sent);
      const pouring = pour(bytes, sent, () => timer.refresh()).catch((error: unknown) => {
        ofBody = error;
        sent.destroy();
      });
      responding.catch(() => undefined);
      await Promise.race([responding, pouring]);
      const response = await responding;
      const text = await beginningOf(response, mostReply);
      // What was not sent is not wanted; the connection cannot be used again.
      if (!sent.writableFinished) sent.destroy();
      const status = response.statusCode ?? 0;
      heard(`${method} ${shown(url)} ${status}`);
      return { url, status, headers: response.headers, text };
    } catch (cause) {
      if (late.signal.aborted && !signal.aborted) throw silentError(url, silenceMs * patience);
      throw failed(url, ofBody ?? cause);
    } finally {
      clearTimeout(timer);
    }
  }

  async function send(url: URL, sending: Sending): Promise<Reply> {
    const { login, body } = sending;
    const reply = await exchange(url, sending);
    const challenge = reply.headers['www-authenticate'];
    if (reply.status !== 401 || login === undefined || challenge === undefined) return reply;
    if (body !== undefined && !Buffer.isBuffer(body)) return reply;
    return (await login.answer(url.origin, challenge)) ? await exchange(url, sending) : reply;
  }

  return {
    get,
    send,
    close() {
      for (const agent of [agents.http, agents.https]) agent.destroy();
    },
  };
}

function ignore(response: IncomingMessage): void {
  let bytes = 0;
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostIgnored) response.destroy();
  });
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  readonly tls: SecureContextOptions & { readonly rejectUnauthorized?: boolean };
}

interface Prepared {
  readonly method?: string;
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
}

/** A request that is not sent yet, through the proxy if there is one for the URL. Throws what the connection throws. */
async function prepare(url: URL, options: Prepared, agents: Agents): Promise<ClientRequest> {
  const proxy = proxyFor(url);
  const sent =
    proxy === undefined
      ? request(url, options, agents)
      : url.protocol === 'http:'
        ? request(
            proxy,
            { ...options, headers: { ...options.headers, ...proxyHeaders(proxy, url) }, path: url.href },
            agents,
          )
        : await through(proxy, url, options, agents);
  // Later errors reach the reader of the response.
  return sent.on('error', () => undefined);
}

async function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

/** Writes a body, and ends the request; `sent` is called whenever the connection has taken something. */
async function pour(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  request: ClientRequest,
  sent: () => void,
): Promise<void> {
  for await (const chunk of bytes) {
    if (!request.write(chunk)) await once(request, 'drain');
    sent();
  }
  request.end();
}

async function beginningOf(response: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > most) break;
  }
  return Buffer.concat(chunks).subarray(0, most).toString('utf8');
}

function request(url: URL, options: RequestOptions, agents: Agents): ClientRequest {
  return url.protocol === 'https:'
    ? requestByHttps(url, { ...options, agent: agents.https })
    : requestByHttp(url, { ...options, agent: agents.http });
}

async function through(proxy: URL, url: URL, options: Prepared, { tls }: Agents): Promise<ClientRequest> {
  const socket = await tunnel(proxy, url, options.signal, tls);
  return requestByHttps(url, { ...options, createConnection: () => socket });
}

function redirected(url: URL, location: string): URL {
  const to = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
  if (to !== undefined && (to.protocol === 'https:' || (to.protocol === 'http:' && url.protocol === 'http:')))
    return to;
  throw new KbootError('E-FETCH', `${shown(url)}: redirects to ${location}`, {
    remedy: remedies.onlyToHttps,
  });
}
