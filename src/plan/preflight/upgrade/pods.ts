import { evictionLoss, mustLeave, podTitle } from '../../../kube/eviction.ts';
import { few } from '../../../model/few.ts';
import type { PodSeen } from '../../../observe/upgrade/observation.ts';
import type { Finding } from '../finding.ts';
import { findingAt, type UpgradeCheckInput } from './input.ts';
import { remedies } from '../remedies.ts';

/** Pods that a drain would evict, by Node, in the order of the drains. */
export function podsThatLeave({ seen, drains }: UpgradeCheckInput): ReadonlyMap<string, readonly PodSeen[]> {
  const byNode = new Map<string, PodSeen[]>(drains.map((node) => [node, []]));
  for (const pod of seen.pods) if (mustLeave(pod)) byNode.get(pod.spec.nodeName ?? '')?.push(pod);
  return byNode;
}

/** Pods that spec.upgrade.drain keeps: their drain would fail before its first eviction. */
export function keptPodFindings(input: UpgradeCheckInput): Finding[] {
  const { drain } = input.cluster.upgrade;
  return [...podsThatLeave(input)].flatMap(([node, pods]) => {
    const those = (why: ReturnType<typeof evictionLoss>): readonly string[] =>
      pods.filter((pod) => evictionLoss(pod, drain) === why).map(podTitle);
    const bare = those('bare');
    const local = those('emptyDir');
    return [
      ...(bare.length === 0
        ? []
        : [
            findingAt(
              node,
              'BarePods',
              'error',
              `Pods without a controller, which nothing creates again once the node is drained: ${few(bare, 5)}`,
              remedies.barePods,
            ),
          ]),
      ...(local.length === 0
        ? []
        : [
            findingAt(
              node,
              'EmptyDirPods',
              'error',
              `Pods with an emptyDir volume, whose content a drain deletes: ${few(local, 5)}`,
              remedies.emptyDirPods,
            ),
          ]),
    ];
  });
}
