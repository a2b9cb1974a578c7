import type { KubeClient } from '../kube/client.ts';
import { listAll } from '../kube/list.ts';
import { collectionPath, urlPart } from '../kube/paths.ts';
import { conditionOf, workloadState } from '../kube/readiness.ts';
import type { KubeObject } from '../kube/types.ts';
import { few } from '../model/few.ts';

/** For more nodes than this, one list of all Pods of the namespace is less than a list for each node. */
const fewNodes = 10;

/**
 * `undefined`: every Pod of a workload is Ready; otherwise what was observed instead. A DaemonSet must have a Pod that is Ready
 * on the nodes `awaited`, which its own status may not count yet; those on the nodes `lost` need not be. A Pod from before its
 * Node was registered is of a former Node of that name: the API has it, as it last was, until the garbage collector comes.
 */
export async function workloadReady(
  kube: KubeClient,
  workload: KubeObject | undefined,
  {
    awaited,
    lost,
    node: readNode,
  }: {
    readonly awaited: readonly string[];
    readonly lost: readonly string[];
    readonly node: (name: string) => Promise<KubeObject | undefined>;
  },
): Promise<string | undefined> {
  const state = workloadState(workload);
  if (workload?.kind !== 'DaemonSet') return state;
  const asked = [...awaited, ...(state === undefined ? [] : lost)];
  if (asked.length === 0) return state;
  const pods = await podsOn(kube, workload, asked);
  const there = new Set(pods.map(({ node }) => node));
  const ready = new Set(pods.flatMap(({ node, isReady }) => (isReady ? [node] : [])));
  const excused = lost.filter((node) => there.has(node) && !ready.has(node)).length;
  const late = state && workloadState(workload, excused);
  if (late !== undefined) return late;
  const registered = new Map(
    await Promise.all(awaited.map(async (name) => [name, createdAt(await readNode(name))] as const)),
  );
  const current = new Set(
    pods.flatMap(({ node, isReady, created }) =>
      isReady && created >= (registered.get(node) ?? '') ? [node] : [],
    ),
  );
  const missing = awaited.filter((node) => !current.has(node));
  return missing.length === 0 ? undefined : `its Pod on ${few(missing, 3)} is not ready`;
}

interface SeenPod {
  readonly node: string;
  readonly isReady: boolean;
  readonly created: string;
}

function createdAt(object: KubeObject | undefined): string {
  return object?.metadata.creationTimestamp ?? '';
}

/** Pods of a DaemonSet on some nodes, or on these and others. Throws KbootError E-KUBE-API. */
async function podsOn(
  kube: KubeClient,
  { metadata: { namespace, name } }: KubeObject,
  nodes: readonly string[],
): Promise<readonly SeenPod[]> {
  const all = collectionPath('v1', 'Pod', namespace);
  const paths =
    nodes.length > fewNodes
      ? [all]
      : nodes.map((node) => `${all}?fieldSelector=spec.nodeName%3D${urlPart(node)}`);
  const lists = await Promise.all(
    paths.map((path) =>
      listAll(kube, path, (pod: DaemonPod) => {
        const { deletionTimestamp, ownerReferences = [] } = pod.metadata;
        if (!ownerReferences.some((owner) => owner.kind === 'DaemonSet' && owner.name === name))
          return undefined;
        const isReady = conditionOf(pod, 'Ready')?.status === 'True' && deletionTimestamp === undefined;
        return { node: pod.spec?.nodeName ?? '', isReady, created: createdAt(pod) };
      }),
    ),
  );
  return lists.flat();
}

type DaemonPod = KubeObject & {
  readonly metadata: {
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly spec?: { readonly nodeName?: string };
};
