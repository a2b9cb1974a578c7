import { openKube, type KubeClient } from '../kube/client.ts';
import { KbootError } from '../model/error.ts';
import type { Reader } from '../transport/types.ts';
import type { ApplyContext, Excluded } from './context.ts';
import type { Materials } from './payload.ts';

type KubeContext = Pick<ApplyContext, 'connections' | 'apiHosts'> & {
  materials(): Promise<Pick<Materials, 'kubeCredentials'>>;
};

/** A connection that is opened when it is needed, and again after `close`. */
export class Reopened {
  readonly #open: () => Promise<KubeClient>;
  /** Also while it is being opened. */
  #kube: Promise<KubeClient> | undefined;

  constructor(open: () => Promise<KubeClient>) {
    this.#open = open;
  }

  client(): Promise<KubeClient> {
    if (this.#kube !== undefined) return this.#kube;
    const opening = this.#open();
    this.#kube = opening;
    opening.catch(() => {
      if (this.#kube === opening) this.#kube = undefined;
    });
    return opening;
  }

  close(): void {
    void this.#kube?.then(
      (client) => {
        client.close();
      },
      () => undefined,
    );
    this.#kube = undefined;
  }
}

/** Access to the API: one connection for all requests, through the first control-plane host that answers. */
export class KubeConnection {
  #context: KubeContext;
  #excluded: Excluded;
  readonly #shared = new Reopened(() => this.open());

  constructor(context: KubeContext, excluded: Excluded) {
    this.#context = context;
    this.#excluded = excluded;
  }

  /** Whether every control plane failed earlier: nothing can be asked of the API any more. */
  get isCutOff(): boolean {
    return this.#context.apiHosts.every(({ host }) => this.#excluded.has(host));
  }

  /** The connection for all requests; a new one after `close`. */
  client(): Promise<KubeClient> {
    return this.#shared.client();
  }

  close(): void {
    this.#shared.close();
  }

  /** A separate connection to the first API server that answers, or to that of the host `only`. */
  async open(only?: string): Promise<KubeClient> {
    const materials = await this.#context.materials();
    const credentials = materials.kubeCredentials();
    let last: unknown = new KbootError('E-KUBE-API', 'no control-plane host is connected');
    for (const { host, address } of this.#context.apiHosts) {
      const connection = this.#context.connections.get(host);
      if (connection === undefined || this.#excluded.has(host)) continue;
      if (only !== undefined && host !== only) continue;
      try {
        return await openKube(await connection.reader.forward(address, 6443), credentials);
      } catch (error) {
        last = error;
      }
    }
    throw last instanceof KbootError
      ? last
      : new KbootError(
          'E-KUBE-API',
          `the API does not answer: ${last instanceof Error ? last.message : String(last)}`,
        );
  }

  /** A separate connection to an address that `host` can reach. */
  async openAt(host: string, address: string, port: number): Promise<KubeClient> {
    const materials = await this.#context.materials();
    return await openKube(await this.reader(host).forward(address, port), materials.kubeCredentials());
  }

  /** Throws KbootError E-CONNECT if there is no connection to the host. */
  reader(host: string): Reader {
    const connection = this.#context.connections.get(host);
    if (connection !== undefined) return connection.reader;
    throw new KbootError('E-CONNECT', 'there is no connection to this host', { host });
  }
}
