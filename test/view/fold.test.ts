import { describe, expect, it } from 'vitest';
import { foldInOrder } from '../../src/view/fold.ts';
import type { HostStep } from '../../src/plan/types.ts';
import { hostStep } from '../plan/sample.ts';

const list = (host: string, names: string): HostStep[] => names.split('').map((name) => hostStep(host, name));
const order = (...steps: readonly HostStep[]): string =>
  foldInOrder(steps, ({ resource }) => resource)
    .map(({ step }) => step.resource)
    .join('');

describe('foldInOrder', () => {
  it('puts a line below all that comes before it on any of its hosts', () => {
    expect(order(...list('cp-1', 'abcXYd'), ...list('w-1', 'habcd'))).toBe('habcXYd');
    expect(order(...list('w-1', 'abd'), ...list('cp-1', 'aXbYd'))).toBe('aXbYd');
    expect(order(...list('a', 'ab'), ...list('b', 'cd'))).toBe('abcd');
  });

  it('ends where hosts contradict each other', () => {
    expect(order(...list('a', 'abc'), ...list('b', 'cba'))).toHaveLength(3);
  });

  it('keeps all steps of a line', () => {
    const [fold] = foldInOrder([...list('a', 'x'), ...list('b', 'x')], ({ resource }) => resource);
    expect(fold?.steps.map(({ host }) => host)).toEqual(['a', 'b']);
  });
});
