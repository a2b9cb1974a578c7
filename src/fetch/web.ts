import { once } from 'node:events';
import {
  Agent as HttpAgent,
  request as requestByHttp,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as requestByHttps, type RequestOptions } from 'node:https';
import { KbootError } from '../model/error.ts';
import { brokenError, shown, silentError, statusError } from './fetch-error.ts';
import { proxyFor, proxyHeaders, tunnel } from './proxy.ts';

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

/** A client for GET over HTTP and HTTPS. */
export interface Web {
  /**
   * Follows redirects, but none from HTTPS to anything else.
   * Throws KbootError E-FETCH for anything but a 200, E-INTERRUPTED once the run is interrupted.
   */
  get(url: URL, options?: GetOptions): Promise<Answer>;
  close(): void;
}

export interface WebOptions {
  /** Aborts all requests in progress. */
  readonly signal: AbortSignal;
  /** Called for every request with its status. */
  readonly heard?: (line: string) => void;
  /** Maximum time to wait for a response, and for the next 4 KiB of a body. */
  readonly silenceMs?: number;
}

const mostHops = 10;
/** A body that brings less than this in the time that a server may be silent is one that never ends. */
const leastBytes = 4096;
/** What is read of an answer that is not used, to have its connection for the next request. */
const mostIgnored = 256 * 1024;

/** A client that uses the proxies set in the environment and trusts Node's CAs and those in NODE_EXTRA_CA_CERTS. */
export function openWeb({ signal, heard = () => undefined, silenceMs = 60_000 }: WebOptions): Web {
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
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
      return await send(url, headers, agents, ended);
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

  return {
    get,
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
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
}

/** Sends a GET, through the proxy if there is one for the URL. Throws what the connection throws. */
async function send(
  url: URL,
  headers: Record<string, string>,
  agents: Agents,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const proxy = proxyFor(url);
  const sent =
    proxy === undefined
      ? request(url, { headers, signal }, agents)
      : url.protocol === 'http:'
        ? request(
            proxy,
            { headers: { ...headers, ...proxyHeaders(proxy, url) }, path: url.href, signal },
            agents,
          )
        : await through(proxy, url, { headers, signal });
  // Later errors reach the reader of the response.
  sent.on('error', () => undefined).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

function request(url: URL, options: RequestOptions, agents: Agents): ClientRequest {
  return url.protocol === 'https:'
    ? requestByHttps(url, { ...options, agent: agents.https })
    : requestByHttp(url, { ...options, agent: agents.http });
}

async function through(
  proxy: URL,
  url: URL,
  options: RequestOptions & { readonly signal: AbortSignal },
): Promise<ClientRequest> {
  const socket = await tunnel(proxy, url, options.signal);
  return requestByHttps(url, { ...options, createConnection: () => socket });
}

function redirected(url: URL, location: string): URL {
  const to = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
  if (to !== undefined && (to.protocol === 'https:' || (to.protocol === 'http:' && url.protocol === 'http:')))
    return to;
  throw new KbootError('E-FETCH', `${shown(url)}: redirects to ${location}`, {
    remedy: 'kboot does not follow this redirect: from HTTPS, only to HTTPS.',
  });
}
