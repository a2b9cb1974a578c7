import { describePath, offsetOf, positionAt, type Path } from '../inventory/position.ts';
import type { SourceDocument } from '../inventory/source.ts';
import { KbootError } from '../model/error.ts';
import type { Place } from './types.ts';
import type { Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

/** A file of another tool that kboot cannot read: what, and where. */
export function unreadable(
  { file, line, column }: Place,
  problem: string,
  remedy: Text = remedies.correctPlace,
): KbootError {
  return new KbootError('E-USAGE', `${file}:${line}:${column}: ${problem}; nothing was written.`, { remedy });
}

/** A document of another tool, and where its values stand. */
export class ForeignDocument {
  readonly file: string;
  private readonly source: SourceDocument;

  /** Throws KbootError E-USAGE for the first problem of the text. */
  constructor(file: string, source: SourceDocument) {
    this.file = file;
    this.source = source;
    const [problem] = source.problems;
    if (problem !== undefined)
      throw unreadable({ file, ...source.position(problem.offset) }, problem.message);
  }

  get data(): unknown {
    return this.source.data;
  }

  /** The place of a value; of its key, if it has one. */
  at(path: Path): Place {
    const key = positionAt(this.source.place, path)?.key;
    return this.place(key ?? offsetOf(this.source.place, { path }));
  }

  /** The text of a scalar as it is written, `1.30` and not 1.3. */
  sourceText(path: Path): string | undefined {
    return positionAt(this.source.place, path)?.source;
  }

  /** `fault(path, 'must be a list')` names path and place. */
  fault(path: Path, problem: string): KbootError {
    const at = this.place(offsetOf(this.source.place, { path }));
    return unreadable(at, `${describePath(path, 'the file')} ${problem}`);
  }

  private place(offset: number): Place {
    return { file: this.file, ...this.source.position(offset) };
  }
}
