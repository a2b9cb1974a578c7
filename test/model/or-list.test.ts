import { expect, it } from 'vitest';
import { orList } from '../../src/model/or-list.ts';

it.each([
  [[], undefined, ''],
  [['one'], undefined, 'one'],
  [['one', 'two'], undefined, 'one or two'],
  [['one', 'two', 'three'], ', or ', 'one, two, or three'],
])('of %j: %s', (words, last, text) => {
  expect(orList(words, last)).toBe(text);
});
