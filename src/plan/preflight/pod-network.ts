import { objectKey } from '../../kube/types.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { HostChange } from '../diff/host.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

const daemonSet = objectKey({
  kind: 'DaemonSet',
  metadata: { namespace: 'kube-flannel', name: 'kube-flannel-ds' },
});

/**
 * Hosts whose Pods are in the network of another CNI, when flannel would be installed: new Pods would be in another
 * network than those that run. On a cluster with flannel, and before the kubelet runs, such a configuration is a leftover,
 * which is put by.
 */
export function podNetworkFindings(
  { networking }: Cluster,
  changes: readonly HostChange[],
  inspections: ReadonlyMap<string, Inspection>,
  api: ClusterObservation | undefined,
): readonly Finding[] {
  if (networking.flannel === undefined || api?.state !== 'present' || api.objects.has(daemonSet)) return [];
  return changes.flatMap(({ host, step }): Finding[] =>
    step.target.kind === 'cni-config' && inspections.get(host)?.kubeletActive === true
      ? [
          {
            check: 'ForeignNetwork',
            level: 'error',
            host,
            message:
              'spec.networking.cni is flannel, but its Pods are in the network of another CNI, whose configuration is in /etc/cni/net.d: new Pods would be in another network than those that run',
            ...remedyFields(remedies.keepCni),
          },
        ]
      : [],
  );
}
