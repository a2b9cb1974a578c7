import { clusterServer } from '../desire/text/address.ts';
import type { Cluster } from '../model/cluster.ts';
import type { Plan } from './types.ts';

/** What every plan for a cluster begins with. */
export function planHeader(
  cluster: Cluster,
  mode: Plan['mode'],
): Pick<Plan, 'apiVersion' | 'kind' | 'cluster' | 'kubernetesVersion' | 'endpoint' | 'mode' | 'hostsFrom'> {
  return {
    apiVersion: 'kboot.dev/v1',
    kind: 'Plan',
    cluster: cluster.name,
    kubernetesVersion: cluster.kubernetesVersion,
    endpoint: clusterServer(cluster),
    mode,
    ...(cluster.hostsFrom !== undefined && { hostsFrom: cluster.hostsFrom }),
  };
}
