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

/** The port of a kubelet's healthz on 127.0.0.1; 0: it has none. */
export function healthzPortOf(cluster: Pick<Cluster, 'kubelet'>, host: Pick<Host, 'kubelet'>): number {
  const stated = kubeletConfigOf(cluster, host)['healthzPort'];
  return typeof stated === 'number' ? stated : 10248;
}

/** The port where a kubelet serves its API. */
export function kubeletPort(cluster: Pick<Cluster, 'kubelet'>, host: Pick<Host, 'kubelet'>): number {
  const stated = kubeletConfigOf(cluster, host)['port'];
  return typeof stated === 'number' ? stated : 10250;
}

/** systemd-resolved's stub in /etc/resolv.conf would loop; this is the file behind it. */
export const resolvedConf = '/run/systemd/resolve/resolv.conf';

/** The file of name servers that the inventory states for a host's kubelet; '' turns it off, undefined: not stated. */
export function statedResolvConf(cluster: Cluster, host: Host): string | undefined {
  const stated = kubeletConfigOf(cluster, host)['resolvConf'];
  return typeof stated === 'string' ? stated : undefined;
}
