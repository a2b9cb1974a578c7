import { objectKey } from '../../kube/types.ts';
import type { DesiredCluster } from '../../kube/desired-cluster.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';

/**
 * Workloads of ServiceAccounts that were deleted, by key: a token is bound to the account's UID, and the kubelet keeps
 * it for most of an hour (pkg/kubelet/token), so that these Pods are refused even after the account exists again.
 */
export function withVoidTokens(desired: DesiredCluster, seen: ClusterObservation): ReadonlySet<string> {
  if (seen.state !== 'present') return new Set();
  const objects = desired.objects.map(({ object }) => object);
  const deleted = new Set(
    objects
      .filter((object) => object.kind === 'ServiceAccount' && !seen.objects.has(objectKey(object)))
      .map(({ metadata }) => accountKey(metadata.namespace, metadata.name)),
  );
  return new Set(
    objects
      .filter(({ metadata, spec }) => {
        const name = (spec as Workload | undefined)?.template?.spec?.serviceAccountName;
        return name !== undefined && deleted.has(accountKey(metadata.namespace, name));
      })
      .map(objectKey)
      .filter((key) => seen.objects.has(key)),
  );
}

interface Workload {
  readonly template?: { readonly spec?: { readonly serviceAccountName?: string } };
}

const accountKey = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;
