import { refused, type KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/types.ts';
import { listObjects, pause } from './kube.ts';

const ours = /^kboot-verify-[0-9a-f]{8}$/;
/** No run takes this long; a younger namespace may belong to a run in progress elsewhere. */
const runMinutes = 10;

/**
 * Deletes the namespaces of runs that ended without cleanup and returns their names, without waiting.
 * Age is measured against this run's own namespace, which must exist: both times are the API server's.
 */
export async function removeLeftovers(kube: KubeClient, own: string): Promise<readonly string[]> {
  const all = await listObjects(
    kube,
    '/api/v1/namespaces?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dkboot',
  );
  const now = createdAt(all.find(({ metadata }) => metadata.name === own));
  const old = all
    .filter((each) => ours.test(each.metadata.name) && each.metadata.name !== own)
    .filter((each) => now - createdAt(each) > runMinutes * 60_000)
    .map(({ metadata }) => metadata.name);
  await Promise.all(old.map((name) => deleteNamespace(kube, name)));
  return old;
}

/** Deletes a namespace and everything in it. Resolves to true once the API no longer has it, to false after `timeoutMs`. */
export async function removeNamespace(
  kube: KubeClient,
  name: string,
  timeoutMs: number,
  pollMs = 500,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  await deleteNamespace(kube, name);
  for (;;) {
    const { status } = await kube.request('GET', `/api/v1/namespaces/${name}`);
    if (status === 404) return true;
    if (Date.now() > deadline) return false;
    await pause(pollMs);
  }
}

async function deleteNamespace(kube: KubeClient, name: string): Promise<void> {
  const answer = await kube.request('DELETE', `/api/v1/namespaces/${name}`);
  // 409: it is already being deleted.
  if (![200, 202, 404, 409].includes(answer.status)) throw refused(`deleting Namespace ${name}`, answer);
}

function createdAt(object: KubeObject | undefined): number {
  return Date.parse(object?.metadata.creationTimestamp ?? '');
}
