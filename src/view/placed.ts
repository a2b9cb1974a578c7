import { hostOf } from '../plan/steps.ts';
import { conditionText, targetText } from '../plan/target.ts';
import type { Gate, Phase, Location, Plan, Step } from '../plan/types.ts';

/** A step with its location. */
export interface PlacedStep {
  readonly step: Step;
  readonly on: Location;
}

/** The steps of one phase, in order, each with its location. */
export function placedSteps({ batches }: Phase): readonly PlacedStep[] {
  return batches.flatMap(({ tasks }) =>
    tasks.flatMap(({ on, steps }) => steps.map((step) => ({ step, on }))),
  );
}

/** Every step of a plan, in order, each with its location. */
export function allPlaced({ phases }: Pick<Plan, 'phases'>): readonly PlacedStep[] {
  return phases.flatMap(placedSteps);
}

/** The host or Node of a step; undefined: the whole cluster. */
export function subjectOf({ step, on }: PlacedStep): string | undefined {
  if (step.type === 'node') return step.node;
  return hostOf(on) ?? (step.target.kind === 'etcd-member' ? step.target.name : undefined);
}

/** Where a step or gate is in its plan. */
export interface Located {
  readonly phase: Phase;
  /** undefined: not on a host. */
  readonly host: string | undefined;
}

/** Where every step, rollback and gate of a plan is, by its id. */
export function locate({ phases }: Pick<Plan, 'phases'>): ReadonlyMap<string, Located> {
  const found = new Map<string, Located>();
  for (const phase of phases)
    for (const { tasks, gates } of phase.batches) {
      for (const { on, steps, rollback = [] } of tasks)
        for (const { id } of [...steps, ...rollback]) found.set(id, { phase, host: hostOf(on) });
      for (const { id } of gates) found.set(id, { phase, host: undefined });
    }
  return found;
}

/** A step or gate in words: `file /etc/crictl.yaml`, `Node w-1 Ready`. */
export function itemText(item: Step | Gate): string {
  return item.type === 'wait' ? conditionText(item.condition) : targetText(item.target);
}
