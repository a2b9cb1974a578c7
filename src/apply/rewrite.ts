import pLimit from 'p-limit';
import { refused, type KubeClient } from '../kube/client.ts';
import { listAll } from '../kube/list.ts';
import { objectPath } from '../kube/paths.ts';
import { objectTitle, type KubeObject } from '../kube/types.ts';
import type { EncryptableResource } from '../model/encryption.ts';
import { few } from '../model/few.ts';
import { KbootError } from '../model/error.ts';
import { remedies } from './remedies.ts';

const kinds: Readonly<Record<EncryptableResource, string>> = { secrets: 'Secret', configmaps: 'ConfigMap' };

/** Requests at a time. */
const atOnce = 8;
/** Of one object that others change at the same time. */
const attempts = 10;

interface RewriteOptions {
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** Called while it goes on: `1200 of 5000 secrets`. */
  readonly waiting: (seen: string) => void;
}

/**
 * Writes every object of a resource once more, unchanged: the API server stores it again if etcd holds it in another way
 * than it writes now, and does nothing otherwise. An object that somebody changes meanwhile is read and written again;
 * one that is deleted needs nothing. Throws KbootError E-STEP with the names of objects that could not be written, E-KUBE-API
 * if the API cannot be used, E-TIMEOUT, E-INTERRUPTED.
 */
export async function rewriteAll(
  kube: KubeClient,
  resource: EncryptableResource,
  { timeoutSeconds, signal, waiting }: RewriteOptions,
): Promise<void> {
  const kind = kinds[resource];
  const names = await listAll(kube, `/api/v1/${resource}`, ({ metadata }: KubeObject) => ({
    name: metadata.name,
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
  }));
  const deadline = Date.now() + timeoutSeconds * 1000;
  const failed = new Map<string, KbootError>();
  let done = 0;
  let reported = Date.now();
  const one = async (metadata: KubeObject['metadata']): Promise<void> => {
    if (signal.aborted) throw new KbootError('E-INTERRUPTED', `interrupted after ${done} of ${names.length}`);
    if (Date.now() > deadline)
      throw new KbootError('E-TIMEOUT', `${done} of ${names.length} ${resource} in ${timeoutSeconds} s`, {
        remedy: remedies.rewriteRest,
      });
    const object = { apiVersion: 'v1', kind, metadata };
    const error = await rewrite(kube, object);
    if (error !== undefined) failed.set(objectTitle(object), error);
    done++;
    if (Date.now() - reported > 2000) {
      reported = Date.now();
      waiting(`${done} of ${names.length} ${resource}`);
    }
  };
  const limit = pLimit(atOnce);
  const results = await Promise.allSettled(names.map((name) => limit(one, name)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  const [first] = failed.values();
  if (first !== undefined)
    throw new KbootError(
      'E-STEP',
      `${failed.size} of ${names.length} ${resource} could not be rewritten, such as ${few([...failed.keys()], 5)}: ${first.message}`,
      {
        remedy: remedies.keysStay,
      },
    );
}

/** undefined: it is written, or does not exist any more. Throws the error of a connection that is lost. */
async function rewrite(kube: KubeClient, object: KubeObject): Promise<KbootError | undefined> {
  const path = objectPath(object);
  let error: KbootError | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const live = await kube.request('GET', path);
    if (live.status === 404) return undefined;
    if (live.status !== 200) return refused(`reading ${objectTitle(object)}`, live);
    const answer = await kube.request('PUT', path, { body: live.body });
    if (answer.status === 200 || answer.status === 404) return undefined;
    error = refused(`updating ${objectTitle(object)}`, answer);
    if (answer.status !== 409) return error;
  }
  return error;
}
