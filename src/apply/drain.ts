import { plural } from '../model/plural.ts';
import { refused, type KubeClient } from '../kube/client.ts';
import { nodePath, podPath } from '../kube/paths.ts';
import { conditionOf } from '../kube/readiness.ts';
import type { KubeObject } from '../kube/types.ts';
import { KbootError } from '../model/error.ts';
import { cordonNode } from './cordon.ts';
import { until } from './until.ts';

interface DrainOptions {
  readonly timeoutSeconds: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** Called whenever it changes: `waits for default/web-1: Cannot evict pod …`. */
  readonly waiting: (seen: string) => void;
}

/**
 * Cordons a Node and evicts its Pods as `kubectl drain --ignore-daemonsets --delete-emptydir-data --force` does,
 * PodDisruptionBudgets respected. Returns at once if the Node does not exist or is not Ready: its Pods would not be
 * terminated. Throws E-WAIT if Pods are left after `timeoutSeconds`; the Node stays cordoned.
 */
export async function drainNode(kube: KubeClient, node: string, options: DrainOptions): Promise<void> {
  const path = nodePath(node);
  if (!(await cordonNode(kube, node))) return;
  const drained = { value: undefined };
  let left: readonly KubeObject[] = [];
  await until(
    async () => {
      const live = await kube.request('GET', path);
      if (live.status === 404) return drained;
      if (live.status !== 200) throw refused(`reading Node ${node}`, live);
      if (conditionOf(live.body as KubeObject, 'Ready')?.status !== 'True') return drained;
      left = (await podsOn(kube, node)).filter(mustGo);
      const [first] = await Promise.all(left.map((pod) => evict(kube, pod)));
      return first === undefined ? drained : { missing: `${plural(left.length, 'Pod')} left, ${first}` };
    },
    {
      ...options,
      interrupted: 'interrupted while its Pods were evicted',
      timedOut: (missing) =>
        new KbootError('E-WAIT', `not drained after ${options.timeoutSeconds} s: ${missing}`, {
          detail: left.map(title).join('\n'),
          remedy: `Node ${node} stays cordoned. Make these Pods evictable (a PodDisruptionBudget may require more replicas elsewhere first), then run the same command again.`,
        }),
    },
  );
}

const title = ({ metadata: { namespace, name } }: KubeObject): string => `${namespace ?? ''}/${name}`;

async function podsOn(kube: KubeClient, node: string): Promise<readonly KubeObject[]> {
  const path = `/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`;
  const answer = await kube.request('GET', path);
  if (answer.status !== 200) throw refused(`reading the Pods of Node ${node}`, answer);
  return (answer.body as { items: readonly KubeObject[] }).items;
}

/** DaemonSet Pods are created again on a cordoned Node, the kubelet manages mirror Pods, and finished Pods need no eviction. */
function mustGo(pod: KubeObject): boolean {
  const { ownerReferences = [], annotations = {} } = pod.metadata as KubeObject['metadata'] & {
    ownerReferences?: readonly { kind: string; controller?: boolean }[];
  };
  const { phase } = (pod['status'] ?? {}) as { phase?: string };
  return (
    !ownerReferences.some(({ kind, controller }) => kind === 'DaemonSet' && controller === true) &&
    annotations['kubernetes.io/config.mirror'] === undefined &&
    phase !== 'Succeeded' &&
    phase !== 'Failed'
  );
}

/** Requests the eviction of one Pod, once; returns why the Pod still exists. */
async function evict(kube: KubeClient, pod: KubeObject): Promise<string> {
  const { namespace, name, deletionTimestamp } = pod.metadata as KubeObject['metadata'] & {
    deletionTimestamp?: string;
  };
  if (deletionTimestamp !== undefined) return `${title(pod)} is terminating`;
  const answer = await kube.request('POST', `${podPath(pod.metadata)}/eviction`, {
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } },
  });
  // 429: a budget forbids it for now; 404: it no longer exists; 409: it changed; 500: it has several budgets.
  if ([200, 201, 404, 409].includes(answer.status)) return `${title(pod)} is terminating`;
  const { message } = refused(title(pod), answer);
  if (answer.status === 429 || answer.status >= 500) return message;
  throw refused(`evicting Pod ${title(pod)}`, answer);
}
