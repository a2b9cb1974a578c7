import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decide, type Known } from '../../../src/plan/decide.ts';
import { assemble } from '../../../src/plan/assemble.ts';
import { hostOf } from '../../../src/plan/steps.ts';
import type { Plan, Step } from '../../../src/plan/types.ts';
import type { UpgradePolicy } from '../../../src/model/cluster.ts';
import { host } from '../../samples/pki.ts';
import { haCluster, issuedNow, knownOf } from '../world.ts';
import { Simulation, sizedCluster, type HostStart } from './simulation.ts';

const versions = { old: 'v1.35.6', new: 'v1.36.2' };

const start = fc.record({ age: fc.constantFrom('old', 'new' as const), down: fc.boolean() });
const hostStart: fc.Arbitrary<HostStart> = fc.record({
  etcd: start,
  'kube-apiserver': start,
  'kube-controller-manager': start,
  'kube-scheduler': start,
  kubelet: start,
  cordon: fc.constantFrom('none', 'none', 'kboot', 'other' as const),
});

const state = fc
  .record({
    planes: fc.integer({ min: 1, max: 5 }),
    workers: fc.integer({ min: 0, max: 6 }),
    maxUnavailable: fc.constantFrom<UpgradePolicy['maxUnavailable']>(1, 2, '50%'),
    seed: fc.integer({ min: 1, max: 1_000_000 }),
  })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      hosts: fc.array(hostStart, {
        minLength: shape.planes + shape.workers,
        maxLength: shape.planes + shape.workers,
      }),
    }),
  );

/** A pure source of numbers from 0 to 1, so that a failure can be repeated. */
function numbers(seed: number): () => number {
  let value = seed;
  return () => (value = (value * 16_807) % 2_147_483_647) / 2_147_483_647;
}

/** The steps of a plan in an order that its phases and batches allow. */
function* inSomeOrder(
  { phases }: Plan,
  next: () => number,
): Generator<{ step: Step; on: string | undefined }> {
  for (const { batches } of phases)
    for (const { tasks } of batches) {
      const left = tasks.map(({ on, steps }) => ({ on: hostOf(on), steps: [...steps] }));
      for (;;) {
        const open = left.filter(({ steps }) => steps.length > 0);
        const task = open[Math.floor(next() * open.length)];
        const step = task?.steps.shift();
        if (task === undefined || step === undefined) break;
        yield { step, on: task.on };
      }
    }
}

async function knowns(planes: number, workers: number, maxUnavailable: UpgradePolicy['maxUnavailable']) {
  const base = { ...haCluster, upgrade: { ...haCluster.upgrade, maxUnavailable } };
  const cluster = sizedCluster(base, planes, workers, host);
  const old = await issuedNow({ ...cluster, kubernetesVersion: versions.old });
  const next = { ...old, cluster: { ...cluster, kubernetesVersion: versions.new } };
  return { old: knownOf(old), next: knownOf(next) };
}

/** Keys take a while: one PKI for each shape. */
const made = new Map<string, Promise<{ readonly old: Known; readonly next: Known }>>();

it('ends at the new version from every state, whenever it is interrupted, and never breaks a rule on the way', async () => {
  await fc.assert(
    fc.asyncProperty(state, async ({ shape, hosts }) => {
      const { planes, workers, maxUnavailable, seed } = shape;
      const key = JSON.stringify([planes, workers, maxUnavailable]);
      const { old, next } = await (made.get(key) ??
        made.set(key, knowns(planes, workers, maxUnavailable)).get(key) ??
        knowns(planes, workers, maxUnavailable));
      const random = numbers(seed);
      const starts = new Map(
        next.cluster.hosts.map(({ name }, index) => [name, legal(hosts, index, planes)]),
      );
      const simulation = new Simulation(old, next, starts);
      const steps = follow(simulation, next, random);
      expect(simulation.isDone, `after ${steps} steps`).toBe(true);
      expect(simulation.snapshots).toBeLessThanOrEqual(1);
      for (const { name } of next.cluster.hosts) {
        expect(simulation.cordonOf(name)).toBe(starts.get(name)?.cordon === 'other' ? 'other' : 'none');
        // Once more at most: the run was interrupted between its drain and its new kubelet.
        if (starts.get(name)?.kubelet.age === 'new') expect(simulation.drainsOf(name)).toBe(0);
      }
    }),
    { numRuns: Number(process.env['KBOOT_PROPERTY_RUNS'] ?? 12) },
  );
}, 600_000);

/** Decides and applies some steps, again and again, until nothing is left to do. Returns the number of steps. */
function follow(simulation: Simulation, next: Known, random: () => number): number {
  let done = 0;
  for (let round = 0; round < 80; round++) {
    simulation.settle();
    const decision = decide(next, simulation.observe());
    const errors = decision.findings.filter(({ level }) => level === 'error');
    if (errors.length > 0 && round < 3) continue;
    expect(errors).toEqual([]);
    const plan = assemble(next, decision, 'live', []);
    const steps = [...inSomeOrder(plan, random)];
    if (steps.length === 0) return done;
    // Mostly a few steps and a crash; sometimes everything.
    const count = random() < 0.15 ? steps.length : 1 + Math.floor(random() * Math.min(steps.length, 12));
    for (const { step, on } of steps.slice(0, count)) simulation.apply(step, on);
    done += count;
  }
  throw new Error('it does not end');
}

/** A state that an upgrade, or a fault, can leave: it kept the order, and a minority of members is down. */
function legal(hosts: readonly HostStart[], index: number, planes: number): HostStart {
  const own = hosts[index];
  if (own === undefined) throw new Error('too few');
  const all = hosts.slice(0, planes);
  const everyApiServer = all.every((each) => each['kube-apiserver'].age === 'new');
  const everyMember = all.every((each) => each.etcd.age === 'new');
  const spare = Math.ceil(planes / 2) - 1;
  const upTo = (component: 'etcd' | 'kube-apiserver'): boolean =>
    all.slice(0, index).filter((each) => each[component].down).length < spare;
  const api = everyMember ? own['kube-apiserver'].age : 'old';
  const later = everyMember && everyApiServer;
  return {
    ...own,
    etcd: { age: own.etcd.age, down: own.etcd.down && upTo('etcd') },
    'kube-apiserver': { age: api, down: own['kube-apiserver'].down && upTo('kube-apiserver') },
    'kube-controller-manager': {
      ...own['kube-controller-manager'],
      age: later ? own['kube-controller-manager'].age : 'old',
    },
    'kube-scheduler': { ...own['kube-scheduler'], age: later ? own['kube-scheduler'].age : 'old' },
    kubelet: { ...own.kubelet, age: later ? own.kubelet.age : 'old' },
  };
}
