import { quote } from '../model/shell.ts';

/** What the inspection looks for in files: extended regular expressions, and files as words of a shell, such as `/etc/*.conf`. */
export interface Search {
  readonly files: readonly string[];
  readonly patterns: readonly string[];
}

/** A line of a file that matches. */
export interface FoundLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** A part of a line that matches. */
export interface FoundPart {
  readonly file: string;
  readonly text: string;
}

/**
 * Shell that prints `FILE:NUMBER:LINE` for the lines that match, and keeps that in the variable `lines`. One process for all
 * searches: which pattern counts in which file is decided when the lines are read.
 */
export const searchLines = (searches: readonly Search[]): string =>
  `lines=$(${grep('-sHnE', searches)})\nprintf '%s\\n' "$lines"`;

/** Shell that prints `FILE:PART` for the parts of lines that match, and keeps that in the variable `parts`. */
export const searchParts = (searches: readonly Search[]): string =>
  `parts=$(${grep('-sHoE', searches)})\nprintf '%s\\n' "$parts"`;

function grep(flags: string, searches: readonly Search[]): string {
  const patterns = new Set(searches.flatMap((search) => search.patterns));
  const files = new Set(searches.flatMap((search) => search.files));
  return ['grep', flags, ...[...patterns].map((each) => `-e ${quote(each)}`), '--', ...files].join(' ');
}

/** Parses a line that searchLines printed. None of the files has a colon in its path. */
export function foundLine(entry: string): FoundLine[] {
  const [, file, line, text] = /^(\/[^:]*):(\d+):([\s\S]*)$/.exec(entry) ?? [];
  return file === undefined || text === undefined ? [] : [{ file, line: Number(line), text }];
}

/** Parses a line that searchParts printed. */
export function foundPart(entry: string): FoundPart[] {
  const at = entry.indexOf(':');
  return at > 0 && entry.startsWith('/') ? [{ file: entry.slice(0, at), text: entry.slice(at + 1) }] : [];
}
