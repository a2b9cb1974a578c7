import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Budget } from '../../../../src/kube/budgets.ts';
import { upgradeFindings } from '../../../../src/plan/preflight/upgrade/index.ts';
import { budgetSample, podSample, upgradeInput, type SamplePod } from '../../../samples/upgrade.ts';

const labels = { app: 'web' };
const hash = { 'pod-template-hash': '7d9' };
const web = (name: string, node: string, more: Partial<SamplePod> = {}) =>
  podSample({ name, node, of: 'ReplicaSet/web-7d9', labels: { ...labels, ...hash }, ...more });

/** `w-1 error can never be met …` */
function lines(pods: readonly ReturnType<typeof podSample>[], budgets: readonly Budget[]): string[] {
  return upgradeFindings(upgradeInput({ pods, budgets })).map(
    ({ check, level, host, message }) => `${check} ${level} ${host}: ${message}`,
  );
}

it('a budget with a Pod to spare is fine', () => {
  const pods = [web('a', 'w-1'), web('b', 'w-2')];
  expect(
    lines(pods, [budgetSample(labels, { expectedPods: 2, currentHealthy: 2, desiredHealthy: 1 })]),
  ).toEqual([]);
});

it('a budget that demands every Pod can never be met: on each node that is drained', () => {
  const pods = [web('a', 'w-1'), web('b', 'w-2'), web('c', 'cp-1')];
  const budget = budgetSample(labels, { expectedPods: 3, currentHealthy: 3, desiredHealthy: 3 });
  const message =
    'PodDisruptionBudget shop/budget (minAvailable 3; currentHealthy 3, desiredHealthy 3, disruptionsAllowed 0) can never be met: it demands all 3 Pods of Deployment shop/web, so that none may be evicted, ever';
  expect(lines(pods, [budget])).toEqual([
    `PodDisruptionBudget error w-1: ${message}`,
    `PodDisruptionBudget error w-2: ${message}`,
  ]);
});

it.each<[string, Partial<Budget>, number]>([
  ['maxUnavailable: 0', { spec: { maxUnavailable: 0, selector: { matchLabels: labels } } }, 2],
  ['minAvailable: 100%', { spec: { minAvailable: '100%', selector: { matchLabels: labels } } }, 2],
  ['a selector of everything', { spec: { minAvailable: 2, selector: {} } }, 2],
])('%s can never be met', (_case, change, desiredHealthy) => {
  const budget = budgetSample(labels, { expectedPods: 2, currentHealthy: 2, desiredHealthy }, change);
  expect(lines([web('a', 'w-1'), web('b', 'w-1')], [budget])[0]).toContain('can never be met');
});

it('a budget that is at 0 only because Pods are not healthy is a warning that names them', () => {
  const pods = [web('a', 'w-1'), web('b', 'w-2', { ready: false })];
  const budget = budgetSample(labels, { expectedPods: 2, currentHealthy: 1, desiredHealthy: 1 });
  const found = lines(pods, [budget]);
  expect(found).toHaveLength(2);
  expect(found[0]).toMatch(
    /^PodDisruptionBudget warning w-1: .* only because Pods are not healthy: not Ready: shop\/b$/,
  );
});

it('a budget that its controller cannot compute says why', () => {
  const budget = budgetSample(labels, { expectedPods: 0, currentHealthy: 0, desiredHealthy: 0 });
  const conditions = [
    { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'found no controller ref' },
  ];
  const failed = { ...budget, status: { ...budget.status, conditions } };
  expect(lines([web('a', 'w-1')], [failed])[0]).toContain('cannot compute it: found no controller ref');
});

it('unhealthy Pods that may always be evicted hold no drain up', () => {
  const spec = {
    minAvailable: 1,
    selector: { matchLabels: labels },
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
  };
  const budget = budgetSample(labels, { expectedPods: 1, currentHealthy: 0, desiredHealthy: 1 }, { spec });
  expect(lines([web('a', 'w-1', { ready: false })], [budget])).toEqual([]);
});

it('a Pod with several budgets is never evicted', () => {
  const one = budgetSample(labels, { expectedPods: 2, currentHealthy: 2, desiredHealthy: 1 });
  const all = {
    ...one,
    metadata: { namespace: 'shop', name: 'all' },
    spec: { minAvailable: 1, selector: {} },
  };
  const elsewhere = { ...all, metadata: { namespace: 'other', name: 'all' } };
  expect(lines([web('a', 'w-1')], [one, all, elsewhere])).toEqual([
    'PodDisruptionBudget error w-1: the API evicts no Pod that has several PodDisruptionBudgets: shop/a (shop/budget, shop/all)',
  ]);
});

/* For whatever numbers: what is an error never ends by itself, what is a warning may, and the rest never blocks. */
it('judges every budget as the eviction API would', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 0, max: 10 }),
      fc.array(fc.constantFrom('w-1', 'w-2', 'cp-1'), { minLength: 1, maxLength: 8 }),
      fc.nat({ max: 8 }),
      (replicas, desiredHealthy, nodes, unhealthy) => {
        const pods = Array.from({ length: replicas }, (_, index) =>
          web(`p-${index}`, nodes[index % nodes.length] ?? 'w-1', { ready: index >= unhealthy }),
        );
        const currentHealthy = Math.max(0, replicas - unhealthy);
        const budget = budgetSample(labels, { expectedPods: replicas, currentHealthy, desiredHealthy });
        const levels = new Set(lines(pods, [budget]).map((line) => line.split(' ')[1]));
        const isDrained = pods.some(({ spec }) => spec.nodeName !== 'cp-1');
        const wanted =
          !isDrained || currentHealthy > desiredHealthy
            ? []
            : [replicas <= desiredHealthy ? 'error' : 'warning'];
        expect([...levels]).toEqual(wanted);
      },
    ),
  );
});
