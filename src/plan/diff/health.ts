import { allObjects, type DesiredCluster } from '../../kube/desired-cluster.ts';
import { conditionOf, workloadState } from '../../kube/readiness.ts';
import { objectKey, objectTitle, type KubeObject } from '../../kube/types.ts';
import { cordonedBy } from '../../model/cordon.ts';
import { few } from '../../model/few.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { StuckPod } from '../../observe/stuck-pods.ts';
import { missingBootstrapRoles } from './bootstrap-roles.ts';
import { podNetworkState, podNetworkText, type PodNetworkFacts } from './pod-network.ts';

type Present = ClusterObservation & { readonly state: 'present' };

/** Why Pods cannot start on a host's node, or be reached there; empty if they can. */
export function nodeProblems(
  host: PodNetworkFacts | undefined,
  node: KubeObject | undefined,
  stuck: readonly StuckPod[],
  foreignCni = false,
): readonly string[] {
  const network = host && podNetworkText(podNetworkState(host, node, foreignCni));
  const unavailable = node && conditionOf(node, 'NetworkUnavailable');
  const [first] = stuck;
  return [
    ...(network === undefined ? [] : [network]),
    ...(unavailable?.status === 'True' ? [`NetworkUnavailable: ${unavailable.message ?? ''}`] : []),
    ...(first === undefined
      ? []
      : [
          `${stuck.length === 1 ? 'Pod' : `${stuck.length} Pods, such as`} ${first.namespace}/${first.name} cannot start: ${first.message}`,
        ]),
  ];
}

/** A Node that somebody cordoned, in words. */
export function cordonText(node: KubeObject): string | undefined {
  if (!isCordonedByOthers(node)) return undefined;
  const { name } = node.metadata;
  return `Node ${name} is cordoned, not by kboot: no new Pods are scheduled there. To end it: kubectl uncordon ${name}`;
}

/** Whether kboot cordoned a Node in a run that did not end. */
export function isCordonedByKboot(node: KubeObject): boolean {
  return isCordoned(node) && node.metadata.annotations?.[cordonedBy] === 'kboot';
}

/** Whether somebody else cordoned a Node. */
export function isCordonedByOthers(node: KubeObject): boolean {
  return isCordoned(node) && !isCordonedByKboot(node);
}

function isCordoned(node: KubeObject): boolean {
  return (node['spec'] as { readonly unschedulable?: boolean } | undefined)?.unschedulable === true;
}

/** Objects that the cluster needs and that are missing, and workloads that do not run, in words. */
export function clusterProblems(desired: DesiredCluster, api: Present): readonly string[] {
  const { objects } = api;
  const workload = ({ workload: kind, namespace, name }: DesiredCluster['workloads'][number]): string[] => {
    const live = objects.get(objectKey({ kind, metadata: { namespace, name } }));
    if (live === undefined) return [];
    const title = objectTitle({ kind, metadata: { namespace, name } });
    if (isScaledToZero(live)) return [`${title} is scaled to 0`];
    const state = workloadState(live);
    return state === undefined ? [] : [`${title}: ${state}`];
  };
  const missing = allObjects(desired)
    .filter((object) => !objects.has(objectKey(object)))
    .map(objectTitle)
    .concat(missingBootstrapRoles(api));
  return [
    ...(missing.length === 0 ? [] : [`missing: ${few(missing, 4)}`]),
    ...desired.workloads.flatMap(workload),
  ];
}

/** A Deployment without Pods. kboot keeps another number of replicas than its own, but not none. */
export function isScaledToZero({ kind, spec }: KubeObject): boolean {
  return kind === 'Deployment' && (spec as { readonly replicas?: number } | undefined)?.replicas === 0;
}
