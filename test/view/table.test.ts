import { expect, it } from 'vitest';
import { table } from '../../src/view/table.ts';

const rows = [
  ['CODE', 'EXIT', 'MEANS'],
  ['E-ONE', '3', 'one two three four five six seven'],
  ['E-TWO', '10', 'two'],
];

it('has columns two spaces apart', () => {
  expect(table(rows, new Set([1]))).toBe(
    'CODE   EXIT  MEANS\nE-ONE     3  one two three four five six seven\nE-TWO    10  two',
  );
});

it('wraps the last column where lines would be too wide', () => {
  expect(table(rows, new Set([1]), 34)).toBe(
    'CODE   EXIT  MEANS\nE-ONE     3  one two three four\n             five six seven\nE-TWO    10  two',
  );
});
