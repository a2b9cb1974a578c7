import type { Cluster, Host } from '../../../model/cluster.ts';
import type { Inspection } from '../../../model/inspection.ts';
import type { Place } from '../../../model/past.ts';
import type { Finding } from '../finding.ts';

export type Shortcoming = Omit<Finding, 'host'>;

/** What one host's past has that would break a node. */
export type PastCheck = (host: Host, seen: Inspection, cluster: Cluster) => readonly Shortcoming[];

/** An error before a host takes part in the cluster; then a warning, since it works in spite of it so far. */
export function levelOf(seen: Inspection): Finding['level'] {
  return seen.clusterId !== '' && seen.kubeletActive ? 'warning' : 'error';
}

/** `/etc/sysctl.conf:12` */
export function at({ file, line }: Place): string {
  return `${file}:${line}`;
}
