import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cluster, UpgradePolicy } from '../../../src/model/cluster.ts';
import { atOnce, workerBatches, type WorkerTurn } from '../../../src/plan/upgrade/workers.ts';
import { host } from '../../samples/pki.ts';
import { haCluster } from '../world.ts';

function clusterOf(
  count: number,
  maxUnavailable: UpgradePolicy['maxUnavailable'],
  groups: readonly string[] = [],
): Cluster {
  return {
    ...haCluster,
    upgrade: { ...haCluster.upgrade, maxUnavailable },
    hosts: Array.from({ length: count }, (_, index) => {
      const group = groups[index];
      return {
        ...host(`w-${index + 1}`, `10.0.1.${index + 1}`, 'worker'),
        ...(group !== undefined && { upgradeGroup: group }),
      };
    }),
  };
}

const turnsOf = ({ hosts }: Cluster): WorkerTurn[] =>
  hosts.map((each) => ({ host: each, ready: true, begun: false }));
const names = (batches: ReturnType<typeof workerBatches>): string[][] =>
  batches.map((batch) => batch.map(({ name }) => name));

describe('atOnce', () => {
  it.each<[number, UpgradePolicy['maxUnavailable'], number]>([
    [10, 1, 1],
    [10, 3, 3],
    [10, '20%', 2],
    [9, '20%', 1],
    [3, '20%', 1],
    [0, '100%', 1],
  ])('%i workers, maxUnavailable %s: %i', (count, limit, expected) => {
    expect(atOnce(clusterOf(count, limit))).toBe(expected);
  });
});

describe('workerBatches', () => {
  it('the first worker goes alone, then maxUnavailable at a time', () => {
    const cluster = clusterOf(5, 2);
    expect(names(workerBatches(cluster, turnsOf(cluster), 0, true))).toEqual([
      ['w-1'],
      ['w-2'],
      ['w-3', 'w-4'],
      ['w-5'],
    ]);
    expect(names(workerBatches(cluster, turnsOf(cluster), 0, false))).toEqual([
      ['w-1', 'w-2'],
      ['w-3', 'w-4'],
      ['w-5'],
    ]);
  });

  it('workers that are down count, but one always goes', () => {
    const cluster = clusterOf(3, 2);
    expect(names(workerBatches(cluster, turnsOf(cluster), 1, false))).toEqual([['w-1'], ['w-2'], ['w-3']]);
    expect(names(workerBatches(cluster, turnsOf(cluster), 5, false))).toEqual([['w-1'], ['w-2'], ['w-3']]);
  });

  it('one that an earlier run has drained goes first, then one that is not Ready', () => {
    const cluster = clusterOf(3, 1);
    const [first, second, third] = turnsOf(cluster);
    if (first === undefined || second === undefined || third === undefined) throw new Error('three');
    const turns = [first, { ...second, ready: false }, { ...third, begun: true }];
    expect(names(workerBatches(cluster, turns, 0, false))).toEqual([['w-3'], ['w-2'], ['w-1']]);
  });

  it('never takes workers of two groups together, nor more than allowed, and leaves none out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (groups, limit, canary) => {
          const cluster = clusterOf(groups.length, limit, groups);
          const batches = workerBatches(cluster, turnsOf(cluster), 0, canary);
          expect(
            batches
              .flat()
              .map(({ name }) => name)
              .toSorted(),
          ).toEqual(cluster.hosts.map(({ name }) => name).toSorted());
          for (const batch of batches) {
            expect(batch.length).toBeGreaterThan(0);
            expect(batch.length).toBeLessThanOrEqual(limit);
            expect(new Set(batch.map(({ upgradeGroup }) => upgradeGroup)).size).toBe(1);
          }
          const order = batches.map(([first]) => first?.upgradeGroup);
          expect(new Set(order).size).toBe(order.filter((group, index) => group !== order[index - 1]).length);
        },
      ),
    );
  });
});
