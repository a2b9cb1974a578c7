import type { Stage } from '../model/stage.ts';

/** How much of a cluster a plan is about. */
export interface PlanScope {
  readonly until: Stage;
  /** Only these hosts change; empty: all. */
  readonly limit: readonly string[];
  readonly ignore: readonly string[];
}
