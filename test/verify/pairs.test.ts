import { describe, expect, it } from 'vitest';
import { everyPairUpTo, pairs, sampledPeers } from '../../src/verify/pairs.ts';

describe('pairs', () => {
  it('of one node: the node itself', () => {
    expect(pairs(1)).toEqual([[0, 0]]);
    expect(pairs(0)).toEqual([]);
  });

  it('of few nodes: every ordered pair', () => {
    const all = pairs(everyPairUpTo);
    expect(new Set(all.map(([a, b]) => `${a} ${b}`)).size).toBe(everyPairUpTo ** 2);
  });

  it.each([everyPairUpTo + 1, 22, 100, 1001])(
    'of %i nodes: each asks itself and three others, and is asked as often',
    (count) => {
      const all = pairs(count);
      expect(new Set(all.map(([a, b]) => `${a} ${b}`)).size).toBe(count * (sampledPeers + 1));
      for (const side of [0, 1] as const) {
        const times = new Map<number, number>();
        for (const pair of all) times.set(pair[side], (times.get(pair[side]) ?? 0) + 1);
        expect([...times.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
        expect(new Set(times.values())).toEqual(new Set([sampledPeers + 1]));
      }
    },
  );
});
