import { stripVTControlCharacters } from 'node:util';
import wrapAnsi from 'wrap-ansi';

/** A row of a plan: its sign and its kind, then its text. */
const row = /^(?: {2}[+~!\-$…] \S+ +|warning )/;

/** Spaces at the beginning of a line, after colour codes that continue from the line above. */
const leading = /^((?:\u001B\[[\d;]*m)*) +/;

/**
 * Wraps lines of a text that are wider than `width` columns between words; continuation lines are aligned with the
 * text of their line. Diffs, scripts and other quoted lines are not changed.
 */
export function fit<Text extends string>(text: Text, width: number): Text {
  return text
    .split('\n')
    .flatMap((line) => {
      const plain = stripVTControlCharacters(line);
      if (plain.length <= width || plain.startsWith('      ')) return [line];
      const indent = row.exec(plain)?.[0].length ?? /^ */.exec(plain)?.[0].length ?? 0;
      const [first = '', ...rest] = wrapAnsi(line, width - indent, { trim: false }).split('\n');
      return [
        first.trimEnd(),
        ...rest.map((part) => `${' '.repeat(indent)}${part.replace(leading, '$1').trimEnd()}`),
      ];
    })
    .join('\n') as Text;
}
