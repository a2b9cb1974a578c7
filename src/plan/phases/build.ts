import type { Stage } from '../../model/stage.ts';
import type { Batch, Dependency, Gate, Phase, Location, Step, Task } from '../types.ts';

/** A phase of batches, without empty ones; undefined if all are empty. */
export function phase(
  id: string,
  stage: Stage,
  title: string,
  after: readonly Dependency[],
  batches: readonly Batch[],
): Phase | undefined {
  const filled = batches.filter(({ tasks, gates }) => tasks.length + gates.length > 0);
  return filled.length === 0 ? undefined : { id, stage, title, after, batches: filled };
}

/** Parallel steps at one location, a task for each; then gates. */
export function together(on: Location, steps: readonly Step[], gates: readonly Gate[] = []): Batch {
  return { tasks: steps.map((step) => ({ on, steps: [step] })), gates };
}

/** One task after another. */
export function oneByOne(tasks: readonly Task[]): Batch[] {
  return tasks.map((task) => ({ tasks: [task], gates: [] }));
}

/** How these phases must have ended, without those that do not exist. */
export function after(need: Dependency['need'], ...phases: readonly (Phase | undefined)[]): Dependency[] {
  return phases.flatMap((each) => (each === undefined ? [] : [{ phase: each.id, need }]));
}

/** The phases that exist. */
export function existing(...phases: readonly (Phase | undefined)[]): Phase[] {
  return phases.filter((each) => each !== undefined);
}
