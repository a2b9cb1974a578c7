import { matches, type Selector } from './selector.ts';
import type { KubeObject } from './types.ts';

/** A PodDisruptionBudget, policy/v1. */
export interface Budget extends KubeObject {
  readonly spec?: {
    readonly minAvailable?: number | string;
    readonly maxUnavailable?: number | string;
    readonly selector?: Selector | null;
    readonly unhealthyPodEvictionPolicy?: string;
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly disruptionsAllowed?: number;
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
    readonly expectedPods?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** The budgets that an eviction of a Pod must respect; with more than one, the API refuses the eviction. */
export function budgetsOf(pod: KubeObject, budgets: readonly Budget[]): readonly Budget[] {
  return budgets.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace && matches(spec?.selector, pod.metadata.labels),
  );
}

/** `PodDisruptionBudget shop/db (minAvailable 2; 2 Pods healthy, 2 needed, 0 disruptions allowed)` */
export function budgetText({ metadata: { namespace, name }, spec, status }: Budget): string {
  const rule =
    spec?.minAvailable === undefined
      ? `maxUnavailable ${spec?.maxUnavailable ?? 'not set'}`
      : `minAvailable ${spec.minAvailable}`;
  const { currentHealthy = 0, desiredHealthy = 0, disruptionsAllowed = 0 } = status ?? {};
  return (
    `PodDisruptionBudget ${namespace ?? ''}/${name} (${rule}; ` +
    `currentHealthy ${currentHealthy}, desiredHealthy ${desiredHealthy}, disruptionsAllowed ${disruptionsAllowed})`
  );
}
