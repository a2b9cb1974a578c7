import { expect, it } from 'vitest';
import { few } from '../../src/model/few.ts';

it('lists the first items and counts the others', () => {
  expect(few([], 2)).toBe('');
  expect(few(['a', 'b'], 2)).toBe('a, b');
  expect(few(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
});
