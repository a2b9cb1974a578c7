import type { Taken } from './environment.ts';
import type { Path, Position } from './position.ts';
import type { Locate, TextProblem } from './syntax.ts';

/** One document of a text, and where each of its values is. */
export interface SourceDocument {
  /** JSON-shaped; undefined where the text could not be read. */
  readonly data: unknown;
  readonly place: Position;
  readonly problems: readonly TextProblem[];
  /** Paths whose value could not be read; no further problems are reported for them. */
  readonly unreadable: readonly Path[];
  /** What values have of the environment, by path. */
  readonly taken: readonly TakenAt[];
  /** 1-based. */
  readonly position: Locate;
}

/** What the value at a path has of the environment. */
export interface TakenAt {
  readonly path: Path;
  readonly taken: readonly Taken[];
}

/** A document that could not be read. */
export function unreadDocument(problems: readonly TextProblem[], position: Locate): SourceDocument {
  return {
    data: undefined,
    place: { value: 0, children: new Map() },
    problems,
    unreadable: [],
    taken: [],
    position,
  };
}
