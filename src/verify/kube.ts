import type { KubeClient } from '../kube/client.ts';
import { refused } from '../kube/client.ts';
import type { KubeObject } from '../kube/types.ts';
import { KbootError } from '../model/error.ts';

/**
 * An API client over the first of `openers` that connects: one connection, reopened when it is lost, so that cleanup
 * works after the first control plane died. Requests must be idempotent.
 */
export function steadyKube(openers: readonly (() => Promise<KubeClient>)[]): KubeClient {
  let current: Promise<KubeClient> | undefined;
  const open = async (): Promise<KubeClient> => {
    let last: unknown = new KbootError('E-KUBE-API', 'no control-plane host is connected');
    for (const opener of openers) {
      try {
        return await opener();
      } catch (error) {
        last = error;
      }
    }
    throw last;
  };
  const client = (): Promise<KubeClient> => (current ??= open());
  const drop = (): void => {
    const dropped = current;
    current = undefined;
    dropped?.then((kube) => {
      kube.close();
    }, ignore);
  };
  return {
    async request(method, path, options) {
      const used = client();
      try {
        return await (await used).request(method, path, options);
      } catch {
        if (current === used) drop();
        return await (await client()).request(method, path, options);
      }
    },
    close: drop,
  };
}

/** The objects at a path; throws KbootError E-KUBE-API for any other response. */
export async function listObjects(kube: KubeClient, path: string): Promise<readonly KubeObject[]> {
  const response = await kube.request('GET', path);
  if (response.status !== 200) throw refused(`reading ${path}`, response);
  return (response.body as { readonly items: readonly KubeObject[] }).items;
}

/** Resolves after `ms`, or when the signal is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal?.aborted === true) done();
    else signal?.addEventListener('abort', done, { once: true });
  });
}

function ignore(): void {
  // A connection that could not be opened need not be closed.
}
