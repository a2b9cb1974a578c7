import { stripVTControlCharacters } from 'node:util';
import { visible } from '../../model/visible.ts';
import { redactLog } from '../../plan/diff/redact.ts';

/** Lines about one subject: its name, and indented findings. Raw: `bounded` makes them printable. */
export type Section = readonly string[];

/** Bounds of a whole diagnosis. */
export const maxLines = 60;
export const maxWidth = 400;

/** Longer lines of a host or of the API are cut before any other processing. */
const maxRead = 4000;

/**
 * The text of a diagnosis: without secrets, with control characters escaped and equal single lines once, at most 60
 * lines of 400 characters. The first lines are kept.
 */
export function bounded(sections: readonly Section[]): string {
  const seen = new Set<string>();
  const lines = sections.flatMap((section) => {
    const shown = printable(section);
    const [first] = shown;
    if (shown.length === 1 && first !== undefined && seen.has(first)) return [];
    if (first !== undefined) seen.add(first);
    return shown;
  });
  if (lines.length <= maxLines) return lines.join('\n');
  const kept = lines.slice(0, maxLines - 1);
  return [...kept, `… ${lines.length - kept.length} more lines are not shown`].join('\n');
}

/** The lines of one section without secrets and control characters, each at most 400 characters wide. */
function printable(section: Section): string[] {
  const plain = section.slice(0, 2 * maxLines).map((line) => oneLine(line.slice(0, maxRead)));
  return redactLog(plain.join('\n'))
    .split('\n')
    .map((line) => elided(line.trimEnd()))
    .filter((line) => line !== '');
}

function oneLine(text: string): string {
  const plain = stripVTControlCharacters(text).replaceAll(/[\r\n]+$/g, '');
  return visible(plain.replaceAll(/[\t\r\n]+/g, ' '));
}

/** The end of a message often contains the cause, so a long one loses its middle. */
function elided(line: string): string {
  const tail = Math.floor(maxWidth * 0.4);
  const short =
    line.length <= maxWidth ? line : `${line.slice(0, maxWidth - tail - 3)} … ${line.slice(-tail)}`;
  // Half a character at the edge of a cut.
  return short.replaceAll(/\p{Surrogate}/gu, '�');
}

/** The prefix of the container runtime before each line of a container (the CRI's log format). */
const criPrefix = /^\d{4}-\d\d-\d\dT\S+ (?:stdout|stderr) [FP] /;

/** The last lines of a log, indented; if a Go program panicked in them, starting at the panic. */
export function logLines(log: string, count: number, indent = '    '): string[] {
  const lines = log
    .slice(-200_000)
    .split('\n')
    .map((line) => line.replace(criPrefix, ''))
    .filter((line) => line.trim() !== '');
  const panic = lines.findLastIndex((line) => /^(?:panic: |fatal error: )/.test(line));
  const from = panic < 0 || panic > lines.length - count ? -count : panic;
  return lines
    .slice(from)
    .slice(0, count)
    .map((line) => indent + line);
}

/** `w-1 and w-2`; `w-1, w-2, w-3 and 4 others`. */
export function someOf(names: readonly string[], max: number): string {
  const shown = names.slice(0, max);
  const others = names.length - shown.length;
  if (others > 0) return `${shown.join(', ')} and ${others} ${others === 1 ? 'other' : 'others'}`;
  return [shown.slice(0, -1).join(', '), ...shown.slice(-1)].filter((part) => part !== '').join(' and ');
}
