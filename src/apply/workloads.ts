import { conditionOf, workloadState } from '../kube/readiness.ts';
import type { KubeObject } from '../kube/types.ts';
import { few } from '../model/few.ts';
import type { Look } from './collection-reader.ts';
import type { Brief } from './questions.ts';

/**
 * `undefined`: every Pod of a workload is Ready; otherwise what was observed instead. A DaemonSet must have a Pod that is Ready
 * on the nodes `awaited`, which its own status may not count yet; those on the nodes `lost` need not be. A Pod from before its
 * Node was registered is of a former Node of that name: the API has it, as it last was, until the garbage collector comes.
 */
export async function workloadReady(
  look: Look,
  workload: KubeObject | undefined,
  { awaited, lost }: { readonly awaited: readonly string[]; readonly lost: readonly string[] },
): Promise<string | undefined> {
  const state = workloadState(workload);
  if (workload?.kind !== 'DaemonSet') return state;
  // Only Pods on lost nodes could excuse it.
  if (state !== undefined && lost.length === 0) return state;
  const asked = [...awaited, ...(state === undefined ? [] : lost)];
  if (asked.length === 0) return undefined;
  const all = await look.podsOn(workload.metadata.namespace, asked);
  const pods = all
    .filter((pod) => isOf(pod, workload))
    .map((pod) => ({ node: pod.spec?.nodeName ?? '', isReady: isReady(pod), created: createdAt(pod) }));
  const there = new Set(pods.map(({ node }) => node));
  const ready = new Set(pods.flatMap((pod) => (pod.isReady ? [pod.node] : [])));
  const excused = lost.filter((node) => there.has(node) && !ready.has(node)).length;
  const late = state && workloadState(workload, excused);
  if (late !== undefined) return late;
  const registered = new Map(
    await Promise.all(awaited.map(async (name) => [name, createdAt(await look.node(name))] as const)),
  );
  const current = new Set(
    pods.flatMap((pod) => (pod.isReady && pod.created >= (registered.get(pod.node) ?? '') ? [pod.node] : [])),
  );
  const missing = awaited.filter((node) => !current.has(node));
  return missing.length === 0 ? undefined : `its Pod on ${few(missing, 3)} is not ready`;
}

/** Whether a Pod is one of a DaemonSet's. */
function isOf({ metadata: { ownerReferences = [] } }: Brief, { metadata: { name } }: KubeObject): boolean {
  return ownerReferences.some((owner) => owner.kind === 'DaemonSet' && owner.name === name);
}

function isReady(pod: Brief): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True' && pod.metadata.deletionTimestamp === undefined;
}

function createdAt(object: KubeObject | undefined): string {
  return object?.metadata.creationTimestamp ?? '';
}
