import { expect, it } from 'vitest';
import { matches, type Selector } from '../../src/kube/selector.ts';

const labels = { app: 'web', tier: 'front' };
const expression = (key: string, operator: string, ...values: readonly string[]): Selector => ({
  matchExpressions: [{ key, operator, values }],
});

it.each<[Selector | null | undefined, boolean]>([
  [undefined, false],
  [null, false],
  [{}, true],
  [{ matchLabels: { app: 'web' } }, true],
  [{ matchLabels: { app: 'db' } }, false],
  [{ matchLabels: { app: 'web', zone: 'a' } }, false],
  [expression('app', 'In', 'web', 'db'), true],
  [expression('zone', 'In', 'a'), false],
  [expression('app', 'NotIn', 'web'), false],
  [expression('zone', 'NotIn', 'a'), true],
  [expression('app', 'Exists'), true],
  [expression('constructor', 'Exists'), false],
  [expression('app', 'DoesNotExist'), false],
  [expression('zone', 'DoesNotExist'), true],
  [expression('app', 'Near', 'web'), false],
  [{ matchLabels: { app: 'web' }, ...expression('tier', 'In', 'back') }, false],
])('%j matches: %s', (selector, expected) => {
  expect(matches(selector, labels)).toBe(expected);
});
