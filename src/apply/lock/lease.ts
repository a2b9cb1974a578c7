import { setTimeout as sleep } from 'node:timers/promises';
import { refused, type KubeClient, type KubeResponse } from '../../kube/client.ts';
import type { KubeConnection } from '../kube-connection.ts';
import { decodeHolder, encodeHolder, type Holder } from './holder.ts';

const path = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const name = 'kboot';
const annotation = 'kboot.dev/holder';
const dropTries = 3;

interface Lease {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string };
}

/** The API, once it answers; after `close`, it is asked over a new connection. */
export type LeaseApi = Pick<KubeConnection, 'client' | 'close'>;

/** Another run holds the Lease. */
export interface HeldLease {
  readonly holder: Holder | undefined;
  /** Changes with every heartbeat. */
  readonly renewed: string;
}

/**
 * The lock of a cluster as the Lease kube-system/kboot, where `kubectl` shows it: etcd's quorum has one holder, whichever
 * hosts a run reaches. It exists while it is held.
 */
export class LeaseLock {
  #api: LeaseApi;
  #holder: Holder;
  #leaseSeconds: number;
  #since: string;

  constructor(api: LeaseApi, holder: Holder, staleMs: number) {
    this.#api = api;
    this.#holder = holder;
    this.#leaseSeconds = Math.round(staleMs / 1000);
    this.#since = microTime();
  }

  /**
   * Takes the Lease, or renews it, if it is free, ours, or that of a holder who may be robbed: `isDead`. Returns the holder
   * otherwise.
   * Rejects with KbootError E-KUBE-API if the API does not answer, or refuses.
   */
  async take(isDead: (held: HeldLease) => boolean): Promise<HeldLease | undefined> {
    return await this.#ask((client) => this.#take(client, isDead));
  }

  /** Deletes the Lease if it is still ours. */
  async drop(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await this.#ask(async (client) => {
          const found = await readLease(client);
          if (found !== undefined && heldOf(found).holder?.token === this.#holder.token)
            await deleteLease(client, found);
        });
        return;
      } catch (error) {
        // The API server that was asked before may have just restarted.
        if (tries >= dropTries) throw error;
        await sleep(500);
      }
    }
  }

  async #ask<T>(question: (client: KubeClient) => Promise<T>): Promise<T> {
    try {
      return await question(await this.#api.client());
    } catch (error) {
      this.#api.close();
      throw error;
    }
  }

  async #take(client: KubeClient, isDead: (held: HeldLease) => boolean): Promise<HeldLease | undefined> {
    for (;;) {
      const found = await readLease(client);
      const held = found && heldOf(found);
      // An earlier lock of this run, whose Lease could not be deleted while its API server restarted, is ours, too.
      if (held !== undefined && held.holder?.run !== this.#holder.run && !isDead(held)) return held;
      const response = await this.#write(client, found);
      if (response.status < 300) return undefined;
      // Another run wrote it in the meantime.
      if (response.status !== 409 && response.status !== 404) throw refused('taking the Lease', response);
      await sleep(50);
    }
  }

  async #write(client: KubeClient, found: Lease | undefined): Promise<KubeResponse> {
    const { user, host, pid, command } = this.#holder;
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        ...{ name, namespace: 'kube-system', annotations: { [annotation]: encodeHolder(this.#holder) } },
        ...(found && { resourceVersion: found.metadata.resourceVersion }),
      },
      spec: {
        holderIdentity: `${user}@${host}, process ${pid}: ${command}`,
        leaseDurationSeconds: this.#leaseSeconds,
        acquireTime: this.#since,
        renewTime: microTime(),
      },
    };
    return found === undefined
      ? await client.request('POST', path, { body })
      : await client.request('PUT', `${path}/${name}`, { body });
  }
}

/** Who has the Lease; undefined if nobody has. Rejects with KbootError E-KUBE-API. */
export async function leaseHolder(client: KubeClient): Promise<HeldLease | undefined> {
  const lease = await readLease(client);
  return lease && heldOf(lease);
}

/** Deletes the Lease of `token`; false if it is another's. */
export async function removeLease(client: KubeClient, token: string | undefined): Promise<boolean> {
  const lease = await readLease(client);
  if (lease === undefined || heldOf(lease).holder?.token !== token) return false;
  await deleteLease(client, lease);
  return true;
}

async function readLease(client: KubeClient): Promise<Lease | undefined> {
  const response = await client.request('GET', `${path}/${name}`);
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw refused('reading the Lease', response);
  return response.body as Lease;
}

async function deleteLease(client: KubeClient, { metadata }: Lease): Promise<void> {
  const { uid, resourceVersion } = metadata;
  const response = await client.request('DELETE', `${path}/${name}`, {
    body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } },
  });
  // Another run has written it in the meantime, or deleted it.
  if (![200, 202, 404, 409].includes(response.status)) throw refused('deleting the Lease', response);
}

function heldOf({ metadata, spec }: Lease): HeldLease {
  return {
    holder: decodeHolder(metadata.annotations?.[annotation] ?? ''),
    renewed: `${spec?.renewTime ?? ''} ${metadata.resourceVersion}`,
  };
}

/** As Kubernetes writes a MicroTime. */
const microTime = (): string => new Date().toISOString().replace('Z', '000Z');
