import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shellWords } from '../../../src/foreign/ansible/shell-words.ts';

const words = (line: string, comments = false): readonly string[] | string => {
  const found = shellWords(line, comments);
  return 'problem' in found ? found.problem : found.map(({ text }) => text);
};

it('splits as shlex does', () => {
  expect(words(`node1 a='b c' d="e \\"f\\" \\g" h=i\\ j ""`)).toEqual([
    'node1',
    'a=b c',
    'd=e "f" \\g',
    'h=i j',
    '',
  ]);
  expect(words('a b=c#d e', true)).toEqual(['a', 'b=c']);
  expect(words("a b='c#d' # e", true)).toEqual(['a', 'b=c#d']);
  expect(words('a b=c#d', false)).toEqual(['a', 'b=c#d']);
  expect(shellWords('  a  bc')).toEqual([
    { text: 'a', column: 3 },
    { text: 'bc', column: 6 },
  ]);
});

it('says which quote is open', () => {
  expect([words("a 'b"), words('a "b'), words('a \\')]).toEqual([
    'has a quote that is never closed',
    'has a quote that is never closed',
    'ends in a backslash',
  ]);
});

it('any words, quoted, come back', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 12 })), (list) => {
      const line = list.map((each) => `'${each.replaceAll("'", `'"'"'`)}'`).join(' ');
      expect(words(line, true)).toEqual(list);
    }),
  );
});
