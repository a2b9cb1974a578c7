import { budgetsOf, budgetText, type Budget } from '../../../kube/budgets.ts';
import { podTitle } from '../../../kube/eviction.ts';
import { few } from '../../../model/few.ts';
import { plural } from '../../../model/plural.ts';
import type { PodSeen } from '../../../observe/upgrade/observation.ts';
import type { Finding } from '../finding.ts';
import { findingAt, isReadyPod, workloadOf, type UpgradeCheckInput } from './input.ts';
import { podsThatLeave } from './pods.ts';
import { remedies } from '../remedies.ts';

/** Budgets under which a drain cannot end: those that can never be met, and those that cannot now. */
export function budgetFindings(input: UpgradeCheckInput): Finding[] {
  const unready = input.seen.pods.filter((pod) => !isReadyPod(pod));
  return [...podsThatLeave(input)].flatMap(([node, pods]) => {
    const covered = pods.map((pod) => ({ pod, budgets: budgetsOf(pod, input.seen.budgets) }));
    const held = new Map<Budget, PodSeen[]>();
    for (const { pod, budgets } of covered)
      for (const budget of budgets) held.set(budget, [...(held.get(budget) ?? []), pod]);
    return [
      ...severalBudgets(node, covered),
      ...[...held].flatMap(([budget, own]) => exhausted(node, budget, own, unready)),
    ];
  });
}

/** The API answers 500 to the eviction of a Pod with more than one budget (pkg/registry/core/pod/storage/eviction.go). */
function severalBudgets(
  node: string,
  covered: readonly { readonly pod: PodSeen; readonly budgets: readonly Budget[] }[],
): Finding[] {
  const several = covered.filter(({ budgets }) => budgets.length > 1);
  const [first] = several;
  if (first === undefined) return [];
  const names = first.budgets.map(({ metadata: { namespace, name } }) => `${namespace ?? ''}/${name}`);
  return [
    findingAt(
      node,
      'PodDisruptionBudget',
      'error',
      `the API evicts no Pod that has several PodDisruptionBudgets: ${few(
        several.map(({ pod }) => podTitle(pod)),
        3,
      )} (${names.join(', ')})`,
      remedies.oneBudget,
    ),
  ];
}

function exhausted(
  node: string,
  budget: Budget,
  pods: readonly PodSeen[],
  unreadyPods: readonly PodSeen[],
): Finding[] {
  const { status = {}, metadata } = budget;
  const { disruptionsAllowed = 0, expectedPods = 0, desiredHealthy = 0, currentHealthy = 0 } = status;
  if (disruptionsAllowed > 0) return [];
  // A Pod that is not Ready may be evicted all the same.
  const isFree = isAlwaysAllowed(budget) && pods.every((pod) => !isReadyPod(pod));
  if (isFree) return [];
  const workloads = few([...new Set(pods.map(workloadOf))], 3);
  const text = budgetText(budget);
  const failed = syncFailure(budget);
  if (failed !== undefined)
    return [
      findingAt(
        node,
        'PodDisruptionBudget',
        'error',
        `${text} forbids every eviction of ${workloads}, since its controller cannot compute it: ${failed}`,
        remedies.correctBudget({ namespace: metadata.namespace ?? '', name: metadata.name }),
      ),
    ];
  if (desiredHealthy >= expectedPods && expectedPods > 0)
    return [
      findingAt(
        node,
        'PodDisruptionBudget',
        'error',
        `${text} can never be met: it demands all ${plural(expectedPods, 'Pod')} of ${workloads}, so that none may be evicted, ever`,
        remedies.scaleUp,
      ),
    ];
  const unready = unreadyPods.filter((pod) => budgetsOf(pod, [budget]).length > 0);
  const which =
    unready.length === 0
      ? `${currentHealthy} of ${expectedPods} are healthy`
      : `not Ready: ${few(unready.map(podTitle), 3)}`;
  return [
    findingAt(
      node,
      'PodDisruptionBudget',
      'warning',
      `${text} forbids an eviction of ${workloads} now, only because Pods are not healthy: ${which}`,
      remedies.drainWaits,
    ),
  ];
}

function isAlwaysAllowed({ spec }: Budget): boolean {
  return spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow';
}

/**
 * The controller's message if it could not compute a budget, as for Pods of something that it cannot scale
 * (pkg/controller/disruption/disruption.go).
 */
function syncFailure({ status: { conditions = [] } = {} }: Budget): string | undefined {
  const causes = new Set(conditions.map((condition) => condition.reason));
  return causes.has('SyncFailed')
    ? few(
        conditions.flatMap(({ message }) => message ?? []),
        1,
      )
    : undefined;
}
