import { randomBytes } from 'node:crypto';
import type { KubeClient } from '../../kube/client.ts';
import type { HostConnection } from '../../transport/types.ts';
import { hostScript, readHost, type HostAnswer, type HostQuestion } from './host-logs.ts';
import { textAt } from './json.ts';
import { logPath } from './paths.ts';
import type { Pod } from './pod.ts';

/** How a diagnosis reaches hosts and the API. */
export interface DiagnoseAccess {
  /** By the name of the host, which is also that of its Node. */
  readonly connections: ReadonlyMap<string, Pick<HostConnection, 'reader'>>;
  /** Hosts that run an API server; absent: every connected host may be one. */
  readonly apiHosts?: readonly { readonly host: string }[];
  /** A client of the first API server that answers; it stays open. */
  kube(): Promise<KubeClient>;
}

/** The value that was read, or briefly why it was not. `status` is that of an HTTP response. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string; readonly status?: number };

/**
 * Time limits: for opening the API, where several API servers may be tried; for one request; and for one script on a
 * host, whose commands have their own limits.
 */
const openMs = 8_000;
const requestMs = 5_000;
const scriptMs = 9_000;
const maxJsonBytes = 16 * 1024 * 1024;
const maxLogBytes = 64 * 1024;

/** Reads for a diagnosis, within one time limit for all of them. Nothing here throws or rejects. */
export class Sources {
  readonly access: DiagnoseAccess;
  readonly #deadline: number;
  /** Opened once: a failure is not retried. */
  #client: Promise<Answer<KubeClient>> | undefined;

  constructor(access: DiagnoseAccess, totalMs: number) {
    this.access = access;
    this.#deadline = Date.now() + totalMs;
  }

  /** Hosts that may run an API server. */
  get apiHosts(): readonly string[] {
    return this.access.apiHosts?.map(({ host }) => host) ?? [...this.access.connections.keys()];
  }

  isConnected(host: string): boolean {
    return this.access.connections.has(host);
  }

  /** A JSON response of the API. */
  async get(path: string): Promise<Answer<unknown>> {
    return await this.#request(path, { maxBytes: maxJsonBytes });
  }

  /** A text of the API, such as the log of a container. */
  async text(path: string): Promise<Answer<string>> {
    const answer = await this.#request(path, { asText: true, maxBytes: 2 * maxLogBytes });
    if (!answer.ok) return answer;
    return { ok: true, value: typeof answer.value === 'string' ? answer.value : '' };
  }

  /** The last lines of one container, through the API. */
  async log(
    pod: Pick<Pod, 'namespace' | 'name'>,
    container: string,
    previous: boolean,
    lines: number,
  ): Promise<Answer<string>> {
    return await this.text(logPath(pod, container, { previous, lines, bytes: maxLogBytes }));
  }

  /** Logs and units of one host; one exec. */
  async host(name: string, question: HostQuestion): Promise<Answer<HostAnswer>> {
    const nonce = randomBytes(12).toString('hex');
    const output = await this.read(name, hostScript(question, nonce));
    return output.ok ? { ok: true, value: readHost(question, nonce, output.value) } : output;
  }

  /** The output of a read-only script on a host. */
  async read(host: string, script: string): Promise<Answer<string>> {
    const reader = this.access.connections.get(host)?.reader;
    if (reader === undefined) return { ok: false, why: 'kboot is not connected to this host' };
    return await this.#within(scriptMs, async (timeoutMs) => {
      const { stdout } = await reader.read(script, { timeoutMs });
      return { ok: true, value: stdout };
    });
  }

  async #request(
    path: string,
    options: { readonly asText?: boolean; readonly maxBytes: number },
  ): Promise<Answer<unknown>> {
    this.#client ??= this.#within(openMs, async () => ({ ok: true, value: await this.access.kube() }));
    const client = await this.#client;
    if (!client.ok) return client;
    return await this.#within(requestMs, async () => {
      const { status, body } = await client.value.request('GET', path, options);
      if (status === 200) return { ok: true, value: body };
      return { ok: false, status, why: `the API answered ${status}: ${messageOf(body)}` };
    });
  }

  async #within<T>(limitMs: number, read: (timeoutMs: number) => Promise<Answer<T>>): Promise<Answer<T>> {
    const timeoutMs = Math.min(limitMs, this.#deadline - Date.now());
    if (timeoutMs <= 0) return { ok: false, why: 'no time was left to read it' };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Answer<T>>((resolve) => {
      timer = setTimeout(() => {
        resolve({ ok: false, why: `no answer in ${Math.ceil(timeoutMs / 1000)} s` });
      }, timeoutMs);
    });
    try {
      return await Promise.race([read(timeoutMs), late]);
    } catch (error) {
      return { ok: false, why: messageOfError(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}

export function messageOfError(error: unknown): string {
  return error instanceof Error ? error.message : 'an unknown error';
}

/** The message of an error response: that of a Status, or its text. */
function messageOf(body: unknown): string {
  if (typeof body !== 'string') return textAt(body, 'message') || '(no message)';
  try {
    return textAt(JSON.parse(body), 'message') || body;
  } catch {
    return body;
  }
}
