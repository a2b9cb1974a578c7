import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Turns, type Turn } from '../../src/apply/turns.ts';

const hosts = Array.from({ length: 40 }, (_, index) => `w-${index}`);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A turn for each host; those that have begun, in order. */
function line(
  names: readonly string[],
  few: number,
  most: number,
): { turns: Turns; begun: Map<string, Turn> } {
  const turns = new Turns({ few, most, order: hosts });
  const begun = new Map<string, Turn>();
  for (const name of names)
    void turns.take(name).then((turn) => {
      begun.set(name, turn);
    });
  return { turns, begun };
}
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

/** Lets time pass while hosts are sent files: this machine sends `line` bytes a second, and each host takes `own` at most. */
async function pass(
  begun: ReadonlyMap<string, Turn>,
  seconds: number,
  line: number,
  own: (host: string) => number,
): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    const share = line / begun.size;
    for (const [host, turn] of begun) turn.sent(Math.min(share, own(host)));
    await vi.advanceTimersByTimeAsync(1000);
  }
}

describe('Turns', () => {
  it('lets a few hosts begin, and as one ends the first of those that wait', async () => {
    const { begun } = line(['w-9', 'w-8', 'w-7', 'w-1', 'w-3'], 2, 2);
    await settle();
    expect([...begun.keys()]).toEqual(['w-9', 'w-8']);
    begun.get('w-8')?.end();
    begun.get('w-8')?.end();
    await settle();
    expect([...begun.keys()]).toEqual(['w-9', 'w-8', 'w-1']);
    begun.get('w-9')?.end();
    begun.get('w-1')?.end();
    await settle();
    expect([...begun.keys()]).toEqual(['w-9', 'w-8', 'w-1', 'w-3', 'w-7']);
  });

  it('gives the next file of a host its turn before those that are behind it', async () => {
    const { turns, begun } = line(['w-1', 'w-2', 'w-3'], 1, 1);
    await settle();
    begun.get('w-1')?.end();
    const again = turns.take('w-1');
    await settle();
    (await again).end();
    await settle();
    expect([...begun.keys()]).toEqual(['w-1', 'w-2']);
  });

  it('keeps to a few where this machine has no more to give', async () => {
    const { begun } = line(hosts, 8, 30);
    await settle();
    await pass(begun, 120, 1e6, () => 1e6);
    // Trials in vain: nobody who has begun is stopped.
    expect(begun.size).toBeLessThan(8 + 5);
  });

  it('goes up to the most where each host takes little', async () => {
    const { begun } = line(hosts, 8, 30);
    await settle();
    await pass(begun, 120, 1e9, () => 1e4);
    expect(begun.size).toBe(30);
  });

  it('lets others begin beside hosts that take next to nothing', async () => {
    const { begun } = line(hosts, 8, 30);
    await settle();
    await pass(begun, 60, 1e7, (host) => (Number(host.slice(2)) < 8 ? 100 : 1e6));
    expect(begun.size).toBeGreaterThan(8 + 8);
  });

  it('ends its trials with those that wait', async () => {
    const { begun } = line(hosts.slice(0, 9), 8, 30);
    await settle();
    for (const turn of begun.values()) turn.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(begun.size).toBe(9);
    expect(vi.getTimerCount()).toBe(0);
  });
});
