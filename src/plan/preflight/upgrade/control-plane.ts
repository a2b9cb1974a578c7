import { conditionOf } from '../../../kube/readiness.ts';
import { hostsWith } from '../../../model/cluster.ts';
import type { Finding } from '../finding.ts';
import { hasBegun } from './begun.ts';
import { findingAt, isReadyPod, type UpgradeCheckInput } from './input.ts';
import { remedies } from '../remedies.ts';

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/**
 * Every control-plane Node is Ready, and so are its static Pods: an upgrade takes them down one at a time. Once the
 * upgrade has begun these are only warnings, since the run is what repairs a control plane that failed half-way.
 */
export function controlPlaneFindings(input: UpgradeCheckInput): Finding[] {
  const level = hasBegun(input) ? 'warning' : 'error';
  return hostsWith(input.cluster, 'control-plane').flatMap(({ name }) => {
    const node = input.seen.nodes.get(name);
    if (node === undefined) return [];
    const ready = conditionOf(node, 'Ready');
    const repair = remedies.repairBefore({ version: input.from });
    if (ready?.status !== 'True')
      return [
        findingAt(
          name,
          'ControlPlaneNodesReady',
          level,
          `its Node is not Ready${ready?.message === undefined ? '' : `: ${ready.message}`}; an upgrade takes one control plane down at a time, and the others must serve`,
          repair,
        ),
      ];
    const unready = input.seen.pods
      .filter(
        (pod) =>
          pod.metadata.namespace === 'kube-system' &&
          components.some((component) => pod.metadata.name === `${component}-${name}`) &&
          !isReadyPod(pod),
      )
      .map((pod) => pod.metadata.name);
    if (unready.length === 0) return [];
    return [
      findingAt(
        name,
        'StaticPodsReady',
        level,
        `not Ready: ${unready.join(', ')}; an upgrade takes one control plane down at a time, and the others must serve`,
        repair,
      ),
    ];
  });
}
