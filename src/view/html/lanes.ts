import type { Stage } from '../../model/stage.ts';
import { hostOf, subjectOfGate } from '../../plan/steps.ts';
import type { Batch, Gate, Location } from '../../plan/types.ts';

/** How work ended; `cut-off`: it has no end event. */
export type BarEnding = 'done' | 'failed' | 'cut-off';

/** A piece of work on a lane; `from` and `to` in the unit of its lanes. */
export interface Bar {
  /** Determines its colour. `healthy`: gates. */
  readonly stage: Stage | 'healthy';
  readonly text: string;
  /** A second line below the text. */
  readonly more?: string;
  readonly from: number;
  readonly to: number;
  readonly ending?: BarEnding;
}

/** The work at one location, one piece after another. */
export interface Lane {
  readonly title: string;
  readonly more: string;
  readonly bars: readonly Bar[];
}

export const operatorTitle = 'this machine';
export const clusterTitle = 'Kubernetes API';

/** Where a gate is drawn: on the host of its batch that it observes, else with the Kubernetes API. */
export function placeOfGate(gate: Gate, { tasks }: Batch): Location {
  const subject = subjectOfGate(gate);
  return tasks.some(({ on }) => subject !== undefined && hostOf(on) === subject)
    ? { host: subject ?? '' }
    : 'cluster';
}

/** The text of the bar of a phase, or of its gates. */
export function barText(stage: Bar['stage'], phase: string): string {
  return stage === 'healthy' ? 'until healthy' : phase;
}
