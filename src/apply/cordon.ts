import { refused, type KubeClient, type KubeResponse } from '../kube/client.ts';
import { nodePath } from '../kube/paths.ts';
import type { KubeObject } from '../kube/types.ts';
import { cordonedBy } from '../model/cordon.ts';
import { fieldManager } from '../kube/owned.ts';

/** Cordons a Node, and records that it was kboot, unless it is cordoned already. Returns false if it does not exist. */
export async function cordonNode(kube: KubeClient, node: string): Promise<boolean> {
  const live = await kube.request('GET', nodePath(node));
  if (live.status === 404) return false;
  if (live.status !== 200) throw refused(`reading Node ${node}`, live);
  const { unschedulable } = ((live.body as KubeObject)['spec'] ?? {}) as {
    readonly unschedulable?: boolean;
  };
  if (unschedulable === true) return true;
  const answer = await patch(kube, node, true, 'kboot');
  if (answer.status === 404) return false;
  if (answer.status !== 200) throw refused(`cordoning Node ${node}`, answer);
  return true;
}

/** Uncordons a Node that kboot cordoned; one that somebody else cordoned, or that does not exist, stays as it is. */
export async function uncordonNode(kube: KubeClient, node: string): Promise<void> {
  const live = await kube.request('GET', nodePath(node));
  if (live.status === 404) return;
  if (live.status !== 200) throw refused(`reading Node ${node}`, live);
  if ((live.body as KubeObject).metadata.annotations?.[cordonedBy] !== 'kboot') return;
  const answer = await patch(kube, node, false, null);
  if (answer.status !== 200) throw refused(`uncordoning Node ${node}`, answer);
}

function patch(
  kube: KubeClient,
  node: string,
  unschedulable: boolean,
  by: string | null,
): Promise<KubeResponse> {
  return kube.request('PATCH', `${nodePath(node)}?fieldManager=${fieldManager}`, {
    body: { metadata: { annotations: { [cordonedBy]: by } }, spec: { unschedulable } },
    contentType: 'application/merge-patch+json',
  });
}
