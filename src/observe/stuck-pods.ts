import { refused, type KubeClient, type KubeCredentials } from '../kube/client.ts';
import { conditionOf } from '../kube/readiness.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Reader } from '../transport/types.ts';
import { askServer } from './ask-server.ts';

/** A Pod whose sandbox the kubelet cannot create. */
export interface StuckPod {
  readonly node: string;
  readonly namespace: string;
  readonly name: string;
  /** The kubelet's last message, on one line, shortened. */
  readonly message: string;
}

/** The most objects of either list that are read. */
const most = 500;

/**
 * Pods that wait for a sandbox (condition PodReadyToStartContainers) and have an event FailedCreatePodSandBox: an event
 * alone stays for an hour. Empty if they cannot be read.
 */
export async function observeStuckPods(
  reader: Reader,
  address: string,
  credentials: KubeCredentials,
): Promise<readonly StuckPod[]> {
  const stuck = await askServer(reader, address, credentials, async (kube) => {
    const [pods, events] = await Promise.all([
      items(kube, `/api/v1/pods?fieldSelector=status.phase%3DPending&limit=${most}`),
      items(kube, `/api/v1/events?fieldSelector=reason%3DFailedCreatePodSandBox&limit=${most}`),
    ]);
    return stuckPods(pods, events);
  });
  return stuck ?? [];
}

/** Pure part of observeStuckPods. */
export function stuckPods(pods: readonly KubeObject[], events: readonly KubeObject[]): readonly StuckPod[] {
  const messages = new Map(
    events.map((event) => {
      const { involvedObject, message } = event as unknown as FailedEvent;
      return [involvedObject?.uid ?? '', message ?? ''];
    }),
  );
  return pods.flatMap((pod) => {
    const { uid, namespace = '', name } = pod.metadata as KubeObject['metadata'] & { readonly uid?: string };
    const { nodeName } = (pod['spec'] ?? {}) as { readonly nodeName?: string };
    const message = messages.get(uid ?? '-');
    if (nodeName === undefined || message === undefined) return [];
    if (conditionOf(pod, 'PodReadyToStartContainers')?.status === 'True') return [];
    return [{ node: nodeName, namespace, name, message: message.replace(/\s+/g, ' ').slice(-200) }];
  });
}

interface FailedEvent {
  readonly involvedObject?: { readonly uid?: string };
  readonly message?: string;
}

async function items(kube: KubeClient, path: string): Promise<readonly KubeObject[]> {
  const answer = await kube.request('GET', path);
  if (answer.status !== 200) throw refused(`reading ${path}`, answer);
  return (answer.body as { readonly items: readonly KubeObject[] }).items;
}
