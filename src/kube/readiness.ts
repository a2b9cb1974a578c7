import type { KubeObject } from './types.ts';

interface StatusCondition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

/** A condition of an object's status by its type. */
export function conditionOf(object: KubeObject, type: string): StatusCondition | undefined {
  const status = object['status'] as { conditions?: readonly StatusCondition[] } | undefined;
  return status?.conditions?.find((condition) => condition.type === type);
}

/** The version that the kubelet of a Node reported last: `v1.36.2`. */
export function kubeletVersionOf(node: KubeObject | undefined): string | undefined {
  const status = node?.['status'] as { nodeInfo?: { kubeletVersion?: string } } | undefined;
  return status?.nodeInfo?.kubeletVersion;
}

interface WorkloadStatus {
  readonly observedGeneration?: number;
  readonly desiredNumberScheduled?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberReady?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
}

/**
 * undefined if every Pod of a DaemonSet, Deployment or StatefulSet runs the newest template and is Ready; else how many do.
 * `excused`: how many of them need not.
 */
export function workloadState(object: KubeObject | undefined, excused = 0): string | undefined {
  if (object === undefined) return 'does not exist yet';
  const status = (object['status'] ?? {}) as WorkloadStatus;
  const generation = (object.metadata as { generation?: number }).generation ?? 0;
  if ((status.observedGeneration ?? 0) < generation) return 'not yet observed by its controller';
  const daemonSet = object.kind === 'DaemonSet';
  const spec = object['spec'] as { replicas?: number } | undefined;
  const desired = daemonSet ? (status.desiredNumberScheduled ?? 0) : (spec?.replicas ?? 1);
  const updated = daemonSet ? status.updatedNumberScheduled : status.updatedReplicas;
  const ready = daemonSet ? status.numberReady : status.readyReplicas;
  const good = Math.min(updated ?? 0, ready ?? 0);
  // `kubectl rollout status` waits for them, too.
  const former = daemonSet ? 0 : (status.replicas ?? 0) - (updated ?? 0);
  if (good >= desired && former > 0)
    return `${former} former ${former === 1 ? 'Pod has' : 'Pods have'} not ended`;
  return good >= desired - excused && desired > 0 ? undefined : `${good} of ${desired} Pods ready`;
}

/** The annotation of a Pod template by which `kubectl rollout restart` starts Pods anew. */
export const restartedAt = 'kubectl.kubernetes.io/restartedAt';
