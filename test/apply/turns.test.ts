import { describe, expect, it } from 'vitest';
import { Held, Turns } from '../../src/apply/turns.ts';

const roll = ['a', 'b', 'c'].map((host) => ({ host, from: 'etcd' as const, waits: [] }));

describe('Turns', () => {
  it('each begins when the one before it ended well', async () => {
    const turns = new Turns(roll);
    const begun = new Set<string>();
    for (const host of ['c', 'b', 'a', 'w']) void turns.begin(host).then(() => begun.add(host));
    const now = async (): Promise<string> => {
      await new Promise((resolve) => setImmediate(resolve));
      return [...begun].sort().join(' ');
    };
    expect(await now()).toBe('a w');
    turns.end('a');
    expect(await now()).toBe('a b w');
    turns.end('b');
    expect(await now()).toBe('a b c w');
  });

  it('after one that failed nobody begins, and each knows who it was', async () => {
    const turns = new Turns(roll);
    turns.end('a', 'a');
    await expect(turns.begin('b')).rejects.toBeInstanceOf(Held);
    turns.end('b', 'a');
    await expect(turns.begin('c')).rejects.toMatchObject({ by: 'a' });
  });
});
