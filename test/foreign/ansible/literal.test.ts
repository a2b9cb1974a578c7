import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pythonValue } from '../../../src/foreign/ansible/literal.ts';

it('reads what ast.literal_eval of Python reads', () => {
  const literals: readonly (readonly [string, unknown])[] = [
    ['22', 22],
    ['-5', -5],
    ['1_000', 1000],
    ['0x10', 16],
    ['0o17', 15],
    ['1.10', 1.1],
    ['1e3', 1000],
    ['.5', 0.5],
    ['True', true],
    ['None', null],
    ['"it is"', 'it is'],
    ['\'a\' "b"', 'ab'],
    [String.raw`"\x41\u0042\n\q"`, 'AB\n\\q'],
    ["[1, 'two', (3,), (4)]", [1, 'two', [3], 4]],
    ["{'a': {'b': True}, 'c': []}", { a: { b: true }, c: [] }],
    ['{1, 2}', [1, 2]],
    ['5 # of them', 5],
    ['[]', []],
  ];
  for (const [text, value] of literals) expect([text, pythonValue(text)]).toEqual([text, value]);
});

it('leaves what is no literal as it is', () => {
  const texts = ['true', '0644', '10.0.0.1', 'v1.30.4', '', 'a b', '"open', '[a]', '{', "'''a'''", '12:30'];
  for (const text of [...texts, '9'.repeat(30), '--x', '"a"b', '[,]', '{{ ip }}', '[1 2]'])
    expect(pythonValue(text)).toBe(text);
});

it('any text: a value or the text itself, however deep', () => {
  const pieces = fc.constantFrom('[', ']', '{', '}', '(', ')', ',', ':', "'", '"', '\\', '1', 'a', ' ', '#');
  const texts = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(texts, fc.string({ unit: 'binary', maxLength: 40 })), (text) => {
      const value = pythonValue(text);
      expect(JSON.parse(JSON.stringify(value))).toEqual(value);
    }),
  );
  expect(pythonValue('['.repeat(100_000))).toBe('['.repeat(100_000));
  // A list of strings that Python and JSON write the same way.
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z '0-9]*$/)), (list) => {
      expect(pythonValue(JSON.stringify(list))).toEqual(list);
    }),
  );
});
