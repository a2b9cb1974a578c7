import { conditionOf } from '../../kube/readiness.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { ClusterObservation, ClusterWants } from '../cluster-wants.ts';
import type { Condition, OnHostStep } from '../types.ts';

/** Whether a Node or control-plane Pod was seen with the condition Ready. */
export function isReady(seen: ClusterObservation, list: 'pods' | 'nodes', name: string): boolean {
  const object = seen.state === 'present' ? seen[list].get(name) : undefined;
  return object !== undefined && conditionOf(object, 'Ready')?.status === 'True';
}

/** Whether a step replaces the container of a static Pod that runs; another mode of its manifest does not. */
export function renewsPod(step: OnHostStep): boolean {
  if (!step.resource.startsWith('static-pod ')) return false;
  return step.verb === 'restart' || (step.verb === 'update' && !step.reason.startsWith('mode '));
}

/** Names of the static Pods whose container steps replace: `kube-apiserver-cp-1`. */
export function renewedPods(steps: readonly OnHostStep[]): ReadonlySet<string> {
  return new Set(
    steps.filter(renewsPod).map(({ resource, host }) => `${resource.replace('static-pod ', '')}-${host}`),
  );
}

/** That a control-plane Pod is Ready; one that is renewed, with another container than the one seen now. */
export function podReady(
  pod: ClusterWants['controlPlanePods'][number],
  seen: ClusterObservation,
  renewed: ReadonlySet<string>,
): Condition {
  const live = seen.state === 'present' && renewed.has(pod.name) ? seen.pods.get(pod.name) : undefined;
  const former = live && containerId(live);
  return { kind: 'pod-ready', ...pod, ...(former !== undefined && { former }) };
}

/** ID of a Pod's first container, as its runtime gave it. */
export function containerId(pod: KubeObject): string | undefined {
  const status = pod['status'] as { containerStatuses?: readonly { containerID?: string }[] } | undefined;
  return status?.containerStatuses?.[0]?.containerID;
}
