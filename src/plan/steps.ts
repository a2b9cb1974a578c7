import type { Gate, Phase, Location, Plan, Step, Task } from './types.ts';

/** Every task of some phases, in order. */
export function tasksOf(phases: readonly Phase[]): readonly Task[] {
  return phases.flatMap((phase) => phase.batches.flatMap((batch) => batch.tasks));
}

/** Every step of a plan, in order, without rollbacks. */
export function stepsOf({ phases }: Pick<Plan, 'phases'>): readonly Step[] {
  return tasksOf(phases).flatMap((task) => task.steps);
}

/** Every gate of a plan, in order. */
export function gatesOf({ phases }: Pick<Plan, 'phases'>): readonly Gate[] {
  return phases.flatMap((phase) => phase.batches.flatMap((batch) => batch.gates));
}

/** The host of a location; undefined: the cluster, or the operator's machine. */
export function hostOf(place: Location): string | undefined {
  return typeof place === 'string' ? undefined : place.host;
}

/** The host or Node that a gate observes; undefined: the whole cluster. */
export function subjectOfGate({ condition }: Gate): string | undefined {
  if ('node' in condition) return condition.node;
  return 'host' in condition ? condition.host : undefined;
}

/** Whether applying the plan changes anything. */
export function changesAnything(plan: Pick<Plan, 'phases'>): boolean {
  return stepsOf(plan).length > 0;
}

/** Whether the hosts of a phase go one after another: it has several batches of one task each. */
export function isSerial({ batches }: Phase): boolean {
  return batches.length > 1 && batches.every(({ tasks }) => tasks.length <= 1);
}
