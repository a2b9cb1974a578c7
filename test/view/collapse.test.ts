import { describe, expect, it } from 'vitest';
import { hostOf } from '../../src/plan/steps.ts';
import { collapseInOrder } from '../../src/view/collapse.ts';
import type { PlacedStep } from '../../src/view/placed.ts';
import { shellStep } from '../samples/plan.ts';

const list = (host: string, names: string): PlacedStep[] =>
  names.split('').map((name) => ({ step: shellStep(host, name, { reason: name }), on: { host } }));
const byName = ({ step }: PlacedStep): string => step.reason;
const order = (...steps: readonly PlacedStep[]): string =>
  collapseInOrder(steps, byName)
    .map(({ item }) => item.step.reason)
    .join('');

describe('foldInOrder', () => {
  it('puts a line below all lines that precede it on any of its hosts', () => {
    expect(order(...list('cp-1', 'abcXYd'), ...list('w-1', 'habcd'))).toBe('habcXYd');
    expect(order(...list('w-1', 'abd'), ...list('cp-1', 'aXbYd'))).toBe('aXbYd');
    expect(order(...list('a', 'ab'), ...list('b', 'cd'))).toBe('abcd');
  });

  it('terminates if hosts contradict each other', () => {
    expect(order(...list('a', 'abc'), ...list('b', 'cba'))).toHaveLength(3);
  });

  it('keeps all steps of a line', () => {
    const [fold] = collapseInOrder([...list('a', 'x'), ...list('b', 'x')], byName);
    expect(fold?.items.map(({ on }) => hostOf(on))).toEqual(['a', 'b']);
  });
});
