import type { Cluster, Host, JsonObject } from '../../model/cluster.ts';
import { mergePatch } from './merge.ts';

/**
 * The fields of KubeletConfiguration that the inventory sets for one host: spec.kubelet.config with the host's merged
 * over it. A field that is not in it, or that is removed by null, has kboot's value or the kubelet's default.
 */
export function kubeletConfigOf(cluster: Pick<Cluster, 'kubelet'>, host: Pick<Host, 'kubelet'>): JsonObject {
  const shared = mergePatch({}, cluster.kubelet.config);
  return host.kubelet === undefined ? shared : mergePatch(shared, host.kubelet.config);
}
