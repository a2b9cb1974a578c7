import pLimit from 'p-limit';
import { refused, type KubeClient, type KubeResponse } from '../kube/client.ts';
import { evictionLoss, mustLeave, podTitle } from '../kube/eviction.ts';
import { nodePath, podPath } from '../kube/paths.ts';
import { conditionOf } from '../kube/readiness.ts';
import { isTransient } from '../kube/transient.ts';
import type { KubeObject } from '../kube/types.ts';
import { KbootError } from '../model/error.ts';
import { plural } from '../model/plural.ts';
import type { DrainPolicy } from '../plan/types.ts';
import { cordonNode, uncordonNode } from './cordon.ts';
import { forbidden, notDrained, type LeftPod } from './drain-errors.ts';
import { until } from './until.ts';

interface DrainOptions {
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** Called whenever it changes: `waits for default/web-1: Cannot evict pod …`. */
  readonly waiting: (seen: string) => void;
}

/** Evictions that are requested at a time. */
const atOnce = 20;

/**
 * Cordons a Node and evicts its Pods as `kubectl drain --ignore-daemonsets` does, PodDisruptionBudgets respected. Returns
 * at once if the Node does not exist or is not Ready: its Pods would not be terminated. Throws, if Pods are left in the
 * end, E-WAIT with the Node cordoned or E-DRAIN with the Node serving as before, as the policy states; E-DRAIN before the
 * first eviction if the policy keeps a Pod.
 */
export async function drainNode(
  kube: KubeClient,
  node: string,
  policy: DrainPolicy,
  options: DrainOptions,
): Promise<void> {
  if (!(await cordonNode(kube, node))) return;
  try {
    await evictAll(kube, node, policy, options);
  } catch (error) {
    // A transient error is retried by the caller, who drains again.
    const isOver = !(error instanceof KbootError && isTransient(error));
    if (policy.leaves === 'serving' && isOver) await serveAgain(kube, node, error);
    throw error;
  }
}

async function evictAll(
  kube: KubeClient,
  node: string,
  policy: DrainPolicy,
  options: DrainOptions,
): Promise<void> {
  const drained = { value: undefined };
  const limit = pLimit(atOnce);
  let left: readonly LeftPod[] = [];
  await until(
    async () => {
      const live = await kube.request('GET', nodePath(node));
      if (live.status === 404) return drained;
      if (live.status !== 200) throw refused(`reading Node ${node}`, live);
      if (conditionOf(live.body as KubeObject, 'Ready')?.status !== 'True') return drained;
      const pods = (await podsOn(kube, node)).filter(mustLeave);
      const kept = pods.filter((pod) => evictionLoss(pod, policy) !== undefined);
      if (kept.length > 0) throw forbidden(node, kept, policy);
      left = await limit.map(pods, async (pod) => ({ pod, ...(await evict(kube, pod, policy)) }));
      const [first] = left;
      return first === undefined ? drained : { missing: `${plural(left.length, 'Pod')} left, ${first.why}` };
    },
    {
      ...options,
      timeoutSeconds: policy.timeoutSeconds,
      interrupted: 'interrupted while its Pods were evicted',
      timedOut: (missing) => notDrained(kube, node, policy, left, missing),
    },
  );
}

/** The failure of the drain is what counts: an uncordon that fails is only mentioned. */
async function serveAgain(kube: KubeClient, node: string, failure: unknown): Promise<void> {
  try {
    await uncordonNode(kube, node);
  } catch (error) {
    if (!(failure instanceof KbootError) || !(error instanceof KbootError)) throw failure;
    throw new KbootError(failure.code, `${failure.message}; ${error.message}`, failure.context);
  }
}

async function podsOn(kube: KubeClient, node: string): Promise<readonly KubeObject[]> {
  const path = `/api/v1/pods?fieldSelector=spec.nodeName%3D${node}`;
  const answer = await kube.request('GET', path);
  if (answer.status !== 200) throw refused(`reading the Pods of Node ${node}`, answer);
  return (answer.body as { items: readonly KubeObject[] }).items;
}

/** Requests the eviction of one Pod, once; returns why the Pod still exists. */
async function evict(
  kube: KubeClient,
  pod: KubeObject,
  { gracePeriodSeconds }: DrainPolicy,
): Promise<Omit<LeftPod, 'pod'>> {
  const { namespace, name, deletionTimestamp } = pod.metadata as KubeObject['metadata'] & {
    readonly deletionTimestamp?: string;
  };
  const terminating = { why: `${podTitle(pod)} is terminating`, answer: 'accepted' } as const;
  if (deletionTimestamp !== undefined) return terminating;
  const answer = await kube.request('POST', `${podPath(pod.metadata)}/eviction`, {
    body: {
      ...{ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } },
      ...(gracePeriodSeconds !== undefined && { deleteOptions: { gracePeriodSeconds } }),
    },
  });
  // 429: a budget forbids it for now; 404: it no longer exists; 409: it changed; 500: it has several budgets.
  if ([200, 201, 404, 409].includes(answer.status) || namespaceGoes(answer)) return terminating;
  const { message } = refused(podTitle(pod), answer);
  if (answer.status === 429) return { why: message, answer: 'budget' };
  if (answer.status >= 500) return { why: message, answer: 'error' };
  throw refused(`evicting Pod ${podTitle(pod)}`, answer);
}

/** Nothing can be created in a namespace that is being deleted, an eviction neither; its Pods are deleted anyway. */
function namespaceGoes({ status, body }: KubeResponse): boolean {
  const { details } = (body ?? {}) as { details?: { causes?: readonly { reason?: string }[] } };
  const causes = new Set(details?.causes?.map((cause) => cause.reason));
  return status === 403 && causes.has('NamespaceTerminating');
}
