import { refused, type KubeClient } from '../kube/client.ts';
import { collectionPath, nodePath, podPath } from '../kube/paths.ts';
import { conditionOf } from '../kube/readiness.ts';
import type { KubeObject } from '../kube/types.ts';
import { KbootError } from '../model/error.ts';
import { podCIDRsOf } from '../plan/diff/pod-network.ts';
import { until } from './until.ts';
import { remedies } from './remedies.ts';

interface RestartOptions {
  readonly timeoutSeconds: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** Called whenever it changes. */
  readonly waiting: (seen: string) => void;
}

/**
 * Deletes flannel's Pod on a Node once the Node has a podCIDR, and waits until a new one is Ready: it has written its
 * subnet file by then. Throws E-WAIT after `timeoutSeconds`.
 */
export async function restartFlannel(kube: KubeClient, node: string, options: RestartOptions): Promise<void> {
  const deadline = Date.now() + options.timeoutSeconds * 1000;
  /** Both waits share the time. */
  const untilMet = (look: () => Promise<string | undefined>): Promise<void> =>
    until(
      async () => {
        const missing = await look();
        return missing === undefined ? { value: undefined } : { missing };
      },
      {
        ...options,
        timeoutSeconds: (deadline - Date.now()) / 1000,
        interrupted: `interrupted while flannel restarted on ${node}`,
        timedOut: (missing) =>
          new KbootError('E-WAIT', `not after ${options.timeoutSeconds} s: ${missing}`, {
            remedy: remedies.flannelLog({ node }),
          }),
      },
    );
  await untilMet(async () => {
    const live = await kube.request('GET', nodePath(node));
    if (live.status === 404) return 'its Node is not registered';
    if (live.status !== 200) throw refused(`reading Node ${node}`, live);
    return podCIDRsOf(live.body as KubeObject).length > 0
      ? undefined
      : 'the controller manager has not assigned a podCIDR to its Node';
  });
  const old = await podsOn(kube, node);
  for (const pod of old) {
    const answer = await kube.request('DELETE', podPath(pod.metadata));
    if (answer.status !== 200 && answer.status !== 404)
      throw refused(`deleting Pod ${pod.metadata.name}`, answer);
  }
  const former = new Set(old.map(uidOf));
  await untilMet(async () => {
    const [pod] = (await podsOn(kube, node)).filter((each) => !former.has(uidOf(each)));
    if (pod === undefined) return "flannel's new Pod does not exist yet";
    const ready = conditionOf(pod, 'Ready');
    return ready?.status === 'True' ? undefined : (ready?.message ?? "flannel's new Pod is not Ready");
  });
}

async function podsOn(kube: KubeClient, node: string): Promise<readonly KubeObject[]> {
  const selector = `labelSelector=app%3Dflannel&fieldSelector=spec.nodeName%3D${node}`;
  const answer = await kube.request('GET', `${collectionPath('v1', 'Pod', 'kube-flannel')}?${selector}`);
  if (answer.status !== 200) throw refused(`reading flannel's Pods on Node ${node}`, answer);
  return (answer.body as { readonly items: readonly KubeObject[] }).items;
}

function uidOf({ metadata }: KubeObject): string {
  return (metadata as KubeObject['metadata'] & { readonly uid?: string }).uid ?? metadata.name;
}
