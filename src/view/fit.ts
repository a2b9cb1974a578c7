import { stripVTControlCharacters } from 'node:util';
import { wrapAnsi } from 'fast-wrap-ansi';
import { breaksAnywhere, columnsOf, wrap } from './wrap.ts';

/** A row of a plan: its sign and its kind, then its text. */
const row = /^(?: {2}[+~!\-$…] \S+ +|warning )/;

/** Spaces at the beginning of a line, after colour codes that continue from the line above. */
const leading = /^((?:\u001B\[[\d;]*m)*) +/;

/**
 * Wraps lines of a text that are wider than `width` columns between words or Chinese characters; continuation lines are aligned with the
 * text of their line. Diffs, scripts and other quoted lines are not changed.
 */
export function fit<Text extends string>(text: Text, width: number): Text {
  return text
    .split('\n')
    .flatMap((line) => {
      const plain = stripVTControlCharacters(line);
      const chinese = breaksAnywhere(plain);
      if ((chinese ? columnsOf(plain) : plain.length) <= width || plain.startsWith('      ')) return [line];
      const indent = row.exec(plain)?.[0].length ?? /^ */.exec(plain)?.[0].length ?? 0;
      const [first = '', ...rest] = chinese
        ? wrap(line, width - indent)
        : wrapAnsi(line, width - indent, { trim: false }).split('\n');
      return [
        first.trimEnd(),
        ...rest.map((part) => `${' '.repeat(indent)}${part.replace(leading, '$1').trimEnd()}`),
      ];
    })
    .join('\n') as Text;
}
