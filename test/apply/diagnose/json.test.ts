import { expect, it } from 'vitest';
import { at, itemsAt, numberAt, textAt } from '../../../src/apply/diagnose/json.ts';

it('returns the value at a path, or undefined if there is none', () => {
  const answer = { a: { b: 'x', n: 3, list: [1, 2] } };
  expect(at(answer, 'a', 'b')).toBe('x');
  expect(textAt(answer, 'a', 'b')).toBe('x');
  expect(textAt(answer, 'a', 'n')).toBe('');
  expect(numberAt(answer, 'a', 'n')).toBe(3);
  expect(numberAt({ n: NaN }, 'n')).toBe(0);
  expect(itemsAt(answer, 'a', 'list')).toEqual([1, 2]);
  expect(itemsAt(answer, 'a', 'b')).toEqual([]);
  for (const other of [undefined, null, 'text', 3, {}, []]) expect(at(other, 'a', 'b')).toBeUndefined();
  expect(at({}, 'constructor')).toBeUndefined();
});

it('reads at most 500 items', () => {
  expect(itemsAt({ items: Array(501).fill(0) }, 'items')).toHaveLength(500);
});
