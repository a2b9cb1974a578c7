import { stripVTControlCharacters } from 'node:util';
import wrapAnsi from 'wrap-ansi';

/** A row of a plan: its sign and its kind stand before what is worth reading. */
const row = /^(?: {2}[+~!\-$…] \S+ +|warning )/;

/** Blanks at the beginning of a line, behind the colours that go on from the line above. */
const leading = /^((?:\u001B\[[\d;]*m)*) +/;

/**
 * Breaks lines of a text that are wider than `width` columns between their words; what follows stands under where
 * the text of its line began. Diffs, scripts and other lines that are quoted stay as they are.
 */
export function fit(text: string, width: number): string {
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
    .join('\n');
}
