import type { KubeObject } from './types.ts';

/** The parts of a Pod that decide whether a drain evicts it. */
interface PodParts {
  readonly metadata: {
    readonly ownerReferences?: readonly { readonly kind: string; readonly controller?: boolean }[];
  };
  readonly spec?: { readonly volumes?: readonly { readonly name: string; readonly emptyDir?: unknown }[] };
  readonly status?: { readonly phase?: string };
}

/** `shop/db-0` */
export function podTitle({ metadata: { namespace, name } }: Pick<KubeObject, 'metadata'>): string {
  return `${namespace ?? ''}/${name}`;
}

/** The kind of a Pod's controller; undefined for a bare Pod, which nothing creates again. */
export function controllerKind(pod: KubeObject): string | undefined {
  const { ownerReferences = [] } = (pod as PodParts & KubeObject).metadata;
  return ownerReferences.find(({ controller }) => controller === true)?.kind;
}

/** DaemonSet Pods are created again on a cordoned Node, the kubelet manages mirror Pods, and finished Pods need no eviction. */
export function mustLeave(pod: KubeObject): boolean {
  const phase = (pod as PodParts).status?.phase;
  return (
    controllerKind(pod) !== 'DaemonSet' &&
    pod.metadata.annotations?.['kubernetes.io/config.mirror'] === undefined &&
    phase !== 'Succeeded' &&
    phase !== 'Failed'
  );
}

export function hasEmptyDir(pod: KubeObject): boolean {
  const { volumes = [] } = (pod as PodParts).spec ?? {};
  return volumes.some(({ emptyDir }) => emptyDir !== undefined && emptyDir !== null);
}

/** Why a drain may not evict a Pod, as the policy states; undefined if it may. Only for a Pod that must leave. */
export function evictionLoss(
  pod: KubeObject,
  policy: { readonly deleteEmptyDirData: boolean; readonly force: boolean },
): 'emptyDir' | 'bare' | undefined {
  if (!policy.force && controllerKind(pod) === undefined) return 'bare';
  return !policy.deleteEmptyDirData && hasEmptyDir(pod) ? 'emptyDir' : undefined;
}
