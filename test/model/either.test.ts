import { expect, it } from 'vitest';
import { either } from '../../src/model/either.ts';

it.each([
  [[], undefined, ''],
  [['one'], undefined, 'one'],
  [['one', 'two'], undefined, 'one or two'],
  [['one', 'two', 'three'], ', or ', 'one, two, or three'],
])('of %j: %s', (words, last, text) => {
  expect(either(words, last)).toBe(text);
});
