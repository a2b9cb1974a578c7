import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readJson } from '../../src/inventory/json-document.ts';
import { positionAt } from '../../src/inventory/position.ts';

const problem = (text: string): string => {
  const { problems, position } = readJson(text, 'the file');
  return problems
    .map(({ offset, message }) => `${position(offset).line}:${position(offset).column}: ${message}`)
    .join('\n');
};

it('reads what JSON.parse reads, with places', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      fc.pre(!text.includes('"__proto__"') && !/\\u|[\u007f-\uffff]/.test(text));
      expect(readJson(text, 'x')).toMatchObject({ data: JSON.parse(text) as unknown, problems: [] });
    }),
  );
  const text = '\uFEFF{\n "a": [1, {"b": "\\"\\\\"}]\n}';
  const { data, place, position } = readJson(text, 'x');
  expect(data).toEqual({ a: [1, { b: '"\\' }] });
  const b = positionAt(place, ['a', 1, 'b']);
  expect([position(b?.key ?? 0), position(b?.value ?? 0)]).toEqual([
    { line: 2, column: 12 },
    { line: 2, column: 17 },
  ]);
});

it('says what is wrong, and where', () => {
  expect(problem('')).toBe('1:1: the file is empty');
  expect(problem('{"a": 1')).toBe('1:1: the file is cut off: this { is never closed');
  expect(problem('{"a": "b')).toBe('1:7: the file is cut off: this text is never closed');
  expect(problem('[1,\n2 3]')).toBe('2:3: JSON needs "," or "]" here');
  expect(problem("{'a': 1}")).toBe('1:2: JSON needs a key in double quotes here');
  expect(problem('{"a" 1}')).toBe('1:6: JSON needs ":" here');
  expect(problem('[1,]')).toBe('1:4: JSON needs a value here');
  expect(problem('01')).toBe('1:2: JSON needs the end of the text here');
  expect(problem('1e999')).toBe('1:1: this number is too large');
  expect(problem('["a\n"]')).toContain('1:2: this text has a line break');
  expect(problem('{"a": 1,\n"a": 2, "__proto__": 3, "b\u202E": 4}')).toBe(
    [
      '2:1: duplicate key "a" in the file',
      '2:9: a key in the file must be plain text',
      '2:25: a key in the file must not contain U+202E, which a terminal obeys or does not show',
    ].join('\n'),
  );
  expect(problem('['.repeat(100_000))).toContain('nested more than 100 levels');
});

it('any text: a value, or problems with places', () => {
  const pieces = fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '1', 'true', 'nul', ' ', '\n', 'a');
  const text = fc.array(pieces, { maxLength: 20 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: 'binary', maxLength: 30 })), (any) => {
      const { problems, position, data } = readJson(any, 'x');
      let parses = true;
      try {
        JSON.parse(any);
      } catch {
        parses = false;
      }
      if (!parses) expect(problems.length).toBeGreaterThan(0);
      if (problems.length === 0) expect(data).toEqual(JSON.parse(any));
      for (const { offset } of problems) {
        const { line, column } = position(offset);
        expect(line >= 1 && column >= 1 && line <= any.split('\n').length).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
