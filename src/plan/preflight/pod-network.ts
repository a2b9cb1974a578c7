import type { DesiredAddon } from '../../kube/addons.ts';
import { wrapsCniConfig, writesCniConfig } from '../../kube/cni-writer.ts';
import { objectKey, objectTitle } from '../../kube/types.ts';
import { hostsWith, type Cluster } from '../../model/cluster.ts';
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

/** Add-ons that bring a Pod network besides flannel: nodes would use the one whose configuration sorts first. */
export function twoNetworksFindings(
  cluster: Pick<Cluster, 'networking' | 'hosts'>,
  addons: readonly DesiredAddon[],
): readonly Finding[] {
  if (cluster.networking.flannel === undefined) return [];
  const host = hostsWith(cluster, 'control-plane')[0]?.name ?? '';
  return addons.flatMap(({ name, objects }) => {
    const writer = objects.find((object) => writesCniConfig(object) && !wrapsCniConfig(object));
    if (writer === undefined) return [];
    const finding: Finding = {
      check: 'ForeignNetwork',
      level: 'error',
      host,
      message: `spec.networking.cni is flannel, and add-on ${name} brings another Pod network: its ${objectTitle(writer)} writes to /etc/cni/net.d of its nodes`,
      ...remedyFields(remedies.oneNetwork),
    };
    return [finding];
  });
}
