import type { DesiredCluster } from '../../kube/desired-cluster.ts';
import { conditionOf } from '../../kube/readiness.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { HostChange } from '../diff/host.ts';
import type { Condition } from '../types.ts';
import { replacedPods } from './effects.ts';

/** Whether a Node or control-plane Pod was observed with the condition Ready. */
export function isReady(seen: ClusterObservation, list: 'pods' | 'nodes', name: string): boolean {
  const object = seen.state === 'present' ? seen[list].get(name) : undefined;
  return object !== undefined && conditionOf(object, 'Ready')?.status === 'True';
}

/** Names of the static Pods whose containers these changes replace: `kube-apiserver-cp-1`. */
export function renewedPods(changes: readonly HostChange[]): ReadonlySet<string> {
  return new Set(
    changes.flatMap(({ host, step }) => replacedPods(step).map((component) => `${component}-${host}`)),
  );
}

/** A control-plane Pod is Ready; a renewed one with a container other than the current one. */
export function podReady(
  pod: DesiredCluster['controlPlanePods'][number],
  seen: ClusterObservation,
  renewed: ReadonlySet<string>,
): Condition {
  const live = seen.state === 'present' && renewed.has(pod.name) ? seen.pods.get(pod.name) : undefined;
  const replaces = live && containerId(live);
  return { kind: 'pod-ready', ...pod, ...(replaces !== undefined && { replaces }) };
}

/** ID of a Pod's first container in its container runtime. */
export function containerId(pod: KubeObject): string | undefined {
  const status = pod['status'] as { containerStatuses?: readonly { containerID?: string }[] } | undefined;
  return status?.containerStatuses?.[0]?.containerID;
}
