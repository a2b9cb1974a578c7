import type { SeenKey } from '../foreign/types.ts';
import { grouped } from './brought-keys.ts';
import { paragraph } from './paragraph.ts';
import { view } from './printable.ts';

/** What became of every key of another tool's file, and what was guessed. `width`: of the terminal. */
export const broughtText = view(composeBroughtText);

function composeBroughtText(brought: {
  readonly from: string;
  readonly keys: readonly SeenKey[];
  readonly guesses: readonly string[];
  readonly width: number;
}): string {
  const { from, keys, guesses, width } = brought;
  const { taken, left } = grouped(keys);
  const wrapped = (text: string, indent: string): string => paragraph(text, width, indent);
  return [
    ...(guesses.length === 0 ? [] : ['Guessed; correct what is wrong in the file:']),
    ...guesses.map((guess) => wrapped(guess, '  ')),
    ...(taken.length === 0 ? [] : [`Taken over from ${from}:`]),
    ...taken.flatMap(({ became, why, places }) => [
      wrapped(`${became}${why === '' ? '' : `: ${why}`}`, '  '),
      ...places.map((each) => wrapped(each, '      ')),
    ]),
    ...(left.length === 0 ? [] : [`Not taken over from ${from}:`]),
    ...left.flatMap(({ why, places }) => [
      wrapped(why, '  '),
      ...places.map((each) => wrapped(each, '      ')),
    ]),
  ].join('\n');
}
