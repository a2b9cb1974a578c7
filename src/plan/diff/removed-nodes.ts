import { differences } from '../../kube/differences.ts';
import { removedNames, removedNodesObjects, removedNodesRefs } from '../../kube/removed-nodes.ts';
import { objectKey, objectTitle } from '../../kube/types.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import { refOf } from '../target.ts';
import type { ApplyStep, DeleteStep } from '../types.ts';

/**
 * The changes of the list of removed nodes: the names that are in it and those that leave, without those of `members`.
 * The live objects are the record.
 */
export function removedNodesSteps(
  leaving: readonly string[],
  members: readonly string[],
  seen: ClusterObservation,
): (ApplyStep | DeleteStep)[] {
  if (seen.state !== 'present') return [];
  const live = removedNodesRefs.map((ref) => seen.objects.get(objectKey(ref)));
  const recorded = removedNames(live);
  const names = [...new Set([...recorded, ...leaving])].filter((name) => !members.includes(name)).sort();
  const back = recorded.filter((name) => !names.includes(name));
  const reasons = [
    ...(names.length === 0 ? [] : [`refuses the kubelet of ${names.join(', ')}`]),
    ...(back.length === 0 ? [] : [`admits ${back.join(', ')} again`]),
  ];
  const base = (ref: (typeof removedNodesRefs)[number]) =>
    ({
      target: { kind: 'object', ref: refOf(ref) },
      reason: reasons.join('; '),
      effects: [],
      timeoutSeconds: 60,
    }) as const;
  if (names.length === 0)
    return removedNodesRefs
      .filter((_ref, index) => live[index] !== undefined)
      .map((ref) => ({
        ...base(ref),
        type: 'delete',
        id: `cluster: removes ${objectTitle(ref)}`,
        verb: 'delete',
        object: refOf(ref),
      }));
  return removedNodesObjects(names).flatMap((object, index): ApplyStep[] => {
    const now = live[index];
    if (now !== undefined && differences(object, now).length === 0) return [];
    return [
      {
        ...base(object),
        type: 'apply',
        id: `cluster: ${objectTitle(object)}`,
        verb: now === undefined ? 'create' : 'update',
        object,
      },
    ];
  });
}
