import type { Stage } from '../../model/stage.ts';
import type { Span } from './record.ts';

/** A piece of work on a lane; `from` and `to` in the unit of its lanes. */
export interface Bar {
  readonly stage: Stage | 'before' | 'healthy';
  readonly text: string;
  /** A second line below the text. */
  readonly more?: string;
  readonly from: number;
  readonly to: number;
  readonly ending?: Span['ending'];
}

/** What goes on in one place, one piece after the other. */
export interface Lane {
  readonly title: string;
  readonly more: string;
  readonly bars: readonly Bar[];
}
