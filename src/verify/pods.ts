import type { KubeClient } from '../kube/client.ts';
import { conditionOf } from '../kube/readiness.ts';
import type { KubeObject } from '../kube/types.ts';
import { byFamily, type Addresses } from './family.ts';
import { listObjects, pause } from './kube.ts';

/** Addresses of a node's Pod, or why it is not Ready. */
export type PodState = { readonly addresses: Addresses } | { readonly why: string };

interface Wait {
  readonly namespace: string;
  /** Name of the DaemonSet, and its Pods' label `app`. */
  readonly app: string;
  /** Nodes that must have a Ready Pod. */
  readonly nodes: readonly string[];
  readonly timeoutMs: number;
  readonly pollMs?: number;
}

/**
 * Waits until every node has a Ready Pod of a DaemonSet, the timeout expires, or `signal` is aborted.
 * Returns the state of each node's Pod at that time.
 */
export async function waitForPods(
  kube: KubeClient,
  { namespace, app, nodes, timeoutMs, pollMs = 300 }: Wait,
  signal: AbortSignal,
  onReady: (ready: number) => void,
): Promise<ReadonlyMap<string, PodState>> {
  const deadline = Date.now() + timeoutMs;
  const base = `/api/v1/namespaces/${namespace}`;
  for (;;) {
    const over = Date.now() > deadline || signal.aborted;
    const ready = await readyPods(kube, namespace, app);
    onReady(ready);
    // The DaemonSet is small; the Pods are read once it reports enough of them Ready.
    if (ready >= nodes.length || over) {
      const pods = await listObjects(kube, `${base}/pods?labelSelector=app%3D${app}`);
      const byNode = new Map(pods.map((pod) => [nodeOf(pod), pod]));
      if (over || nodes.every((node) => isReady(byNode.get(node)))) {
        const missing = nodes.some((node) => !isReady(byNode.get(node)));
        const events = missing ? await warnings(kube, base) : new Map<string, string>();
        return new Map(nodes.map((node) => [node, stateOf(byNode.get(node), events, app)]));
      }
    }
    await pause(pollMs, signal);
  }
}

async function readyPods(kube: KubeClient, namespace: string, app: string): Promise<number> {
  const { body } = await kube.request('GET', `/apis/apps/v1/namespaces/${namespace}/daemonsets/${app}`);
  const { status } = (body ?? {}) as { readonly status?: { readonly numberReady?: number } };
  return typeof status === 'object' ? (status.numberReady ?? 0) : 0;
}

/** The newest warning about each object of the namespace, by the object's name. */
async function warnings(kube: KubeClient, base: string): Promise<Map<string, string>> {
  const events = await listObjects(kube, `${base}/events?fieldSelector=type%3DWarning`);
  const when = (event: KubeObject): string => {
    const { lastTimestamp, eventTime } = event as KubeEvent;
    return lastTimestamp ?? eventTime ?? '';
  };
  return new Map(
    [...events]
      .sort((a, b) => when(a).localeCompare(when(b)))
      .map((event) => {
        const { name } = event['involvedObject'] as { readonly name: string };
        return [name, `${String(event['reason'])}: ${String(event['message'])}`];
      }),
  );
}

interface KubeEvent {
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

interface PodStatus {
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip: string }[];
  readonly containerStatuses?: readonly {
    readonly state?: {
      readonly waiting?: { readonly reason?: string; readonly message?: string };
      readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
    };
  }[];
}

const statusOf = (pod: KubeObject): PodStatus => pod['status'] ?? {};
const nodeOf = (pod: KubeObject): string =>
  ((pod['spec'] ?? {}) as { readonly nodeName?: string }).nodeName ?? '';

function isReady(pod: KubeObject | undefined): boolean {
  return (
    pod !== undefined && conditionOf(pod, 'Ready')?.status === 'True' && statusOf(pod).podIP !== undefined
  );
}

function stateOf(pod: KubeObject | undefined, events: ReadonlyMap<string, string>, app: string): PodState {
  if (pod === undefined) return { why: events.get(app) ?? 'the DaemonSet created no Pod on this node' };
  const status = statusOf(pod);
  if (isReady(pod))
    return { addresses: byFamily(status.podIPs?.map(({ ip }) => ip) ?? [status.podIP ?? '']) };
  const { waiting, terminated } = status.containerStatuses?.[0]?.state ?? {};
  const parts = [
    waiting === undefined ? undefined : [waiting.reason, waiting.message].filter(Boolean).join(': '),
    terminated === undefined
      ? undefined
      : `${terminated.reason ?? 'ended'} with status ${terminated.exitCode ?? '?'}`,
    events.get(pod.metadata.name),
    waiting === undefined && terminated === undefined ? conditionMessage(pod) : undefined,
  ].filter((part) => part !== undefined && part !== '');
  return { why: parts.length === 0 ? 'not Ready in time' : parts.join('; ').slice(0, 500) };
}

function conditionMessage(pod: KubeObject): string | undefined {
  return ['PodScheduled', 'Ready']
    .map((type) => conditionOf(pod, type))
    .find((condition) => condition?.status === 'False')?.message;
}
