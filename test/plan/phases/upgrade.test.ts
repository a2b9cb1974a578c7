import { beforeAll, describe, expect, it } from 'vitest';
import type { Desire } from '../../../src/desire/context.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import { KbootError } from '../../../src/model/error.ts';
import { assemble } from '../../../src/plan/assemble.ts';
import { decide } from '../../../src/plan/decide.ts';
import { hostOf, stepsOf } from '../../../src/plan/steps.ts';
import type { PlanScope } from '../../../src/plan/scope.ts';
import type { Phase, Plan } from '../../../src/plan/types.ts';
import { host } from '../../samples/pki.ts';
import { Simulation, sizedCluster, type Age, type HostStart } from '../upgrade/simulation.ts';
import { haCluster, issuedNow, knownOf } from '../world.ts';

const names = ['cp-1', 'cp-2', 'cp-3'];
let desire: Desire;
beforeAll(async () => {
  desire = await issuedNow({ ...sizedCluster(haCluster, 3, 3, host), kubernetesVersion: 'v1.35.6' });
}, 60_000);

const all = (age: Age): HostStart => {
  const start = { age, down: false };
  return {
    ...{ etcd: start, 'kube-apiserver': start, 'kube-controller-manager': start, 'kube-scheduler': start },
    kubelet: start,
    cordon: 'none',
  };
};

/** The plan from v1.35.6 to v1.36.2, or back; `starts` are the hosts that are not at the old version. */
function planned(
  starts: Readonly<Record<string, Partial<HostStart>>> = {},
  change: Partial<Cluster> = {},
  scope: Partial<PlanScope> = {},
  unreachable: readonly string[] = [],
): Plan {
  const cluster = { ...desire.cluster, ...change };
  const at = (version: string) =>
    knownOf({ ...desire, cluster: { ...cluster, kubernetesVersion: version } }, scope);
  const simulation = new Simulation(
    at('v1.35.6'),
    at('v1.36.2'),
    new Map(cluster.hosts.map(({ name }) => [name, { ...all('old'), ...starts[name] }])),
  );
  const seen = simulation.observe();
  const decision = decide(at('v1.36.2'), {
    ...seen,
    hosts: new Map([...seen.hosts].filter(([name]) => !unreachable.includes(name))),
    failed: new Map(unreachable.map((name) => [name, new KbootError('E-CONNECT', 'no route to host', {})])),
  });
  expect(decision.findings).toEqual([]);
  return assemble(at('v1.36.2'), decision, 'live', []);
}

const phaseOf = (plan: Plan, id: string): Phase => {
  const found = plan.phases.find((phase) => phase.id === id);
  if (found === undefined) throw new Error(`no phase ${id}`);
  return found;
};
/** The hosts of each batch with work. */
const batches = (plan: Plan, id: string): string[] =>
  phaseOf(plan, id).batches.flatMap(({ tasks }) =>
    tasks.length === 0 ? [] : [tasks.map(({ on }) => hostOf(on) ?? 'cluster').join(' ')],
  );

describe('an upgrade', () => {
  it('has its phases in the order of the version skew policy, each after everything before it', () => {
    const plan = planned();
    expect(plan.upgrade).toEqual({ from: 'v1.35.6', to: 'v1.36.2', direction: 'up' });
    expect(plan.phases.map(({ id }) => id)).toEqual([
      'snapshot',
      'fetch',
      'etcd',
      'api-servers',
      'controllers',
      'api',
      'addons',
      'control-plane-kubelets',
      'addons-ready',
      'workers',
      'readiness',
    ]);
    plan.phases.forEach(({ after }, index) => {
      const before = plan.phases[index - 1];
      expect(after).toEqual(before === undefined ? [] : [{ phase: before.id, need: 'all' }]);
    });
  });

  it('takes one member, one API server and one kubelet of a control plane at a time, and all fetch at once', () => {
    const plan = planned();
    for (const id of ['etcd', 'api-servers', 'control-plane-kubelets'])
      expect(batches(plan, id)).toEqual(names);
    expect(batches(plan, 'controllers')).toEqual(['cp-1', 'cp-2 cp-3']);
    expect(batches(plan, 'fetch')).toEqual(['cp-1 cp-2 cp-3 w-1 w-2 w-3']);
    const effects = stepsOf({ phases: [phaseOf(plan, 'fetch')] }).flatMap((step) => step.effects);
    expect(effects).toEqual([]);
  });

  it('puts back what does not become healthy, and never data', () => {
    const plan = planned();
    for (const id of ['etcd', 'api-servers', 'controllers', 'control-plane-kubelets', 'workers'])
      for (const { tasks, gates } of phaseOf(plan, id).batches)
        if (gates.length > 0)
          for (const { rollback } of tasks) expect(rollback?.[0]?.target.kind).toBe('former');
    const scripts = JSON.stringify(
      phaseOf(plan, 'etcd').batches.flatMap(({ tasks }) => tasks.map(({ rollback }) => rollback)),
    );
    expect(scripts).not.toContain('/var/lib/etcd');
  });

  it('drains workers, waits until they are Ready with the new kubelet, and uncordons them', () => {
    const plan = planned();
    const [leaders, turn, end] = phaseOf(plan, 'workers').batches;
    expect(leaders?.gates.map(({ condition }) => condition.kind)).toEqual(['leader', 'leader']);
    const steps = turn?.tasks[0]?.steps ?? [];
    expect(steps[0]).toMatchObject({ type: 'node', node: 'w-1', operation: { kind: 'drain' } });
    expect(steps.at(-1)?.effects).toEqual([{ component: 'kubelet', kind: 'restart' }]);
    expect(turn?.gates.map(({ condition }) => condition)).toContainEqual({
      kind: 'node-ready',
      node: 'w-1',
      version: 'v1.36.2',
    });
    expect(turn?.tasks[0]?.rollback?.at(-1)).toMatchObject({ operation: { kind: 'uncordon' } });
    expect(end?.tasks[0]?.steps).toMatchObject([{ node: 'w-1', operation: { kind: 'uncordon' } }]);
  });

  it('states that the kubelet of another minor restarts the static Pods of its host', () => {
    const [first] = phaseOf(planned(), 'control-plane-kubelets').batches;
    expect(first?.tasks[0]?.steps.at(-1)?.effects.map(({ component }) => component)).toEqual([
      'etcd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
    ]);
  });

  it('goes on where it was left: no second snapshot, and nothing that is done', () => {
    const done = { age: 'new', down: false } as const;
    const plan = planned({
      'cp-1': { etcd: done, 'kube-apiserver': done },
      'cp-2': { etcd: done },
      'cp-3': { etcd: done },
    });
    expect(plan.phases.map(({ id }) => id)).not.toContain('snapshot');
    expect(plan.phases.map(({ id }) => id)).not.toContain('etcd');
    expect(batches(plan, 'api-servers')).toEqual(['cp-2', 'cp-3']);
  });

  it('uncordons first what an interrupted run has drained and replaced', () => {
    const every = all('new');
    const plan = planned({
      'cp-1': every,
      'cp-2': every,
      'cp-3': every,
      'w-1': { ...every, cordon: 'kboot' },
    });
    const ids = plan.phases.map(({ id }) => id);
    expect(ids.indexOf('uncordon')).toBeLessThan(ids.indexOf('workers'));
    expect(batches(plan, 'workers').filter((each) => each.includes('w-1'))).toEqual([]);
  });

  it('leaves a cordon of others: the worker is drained, and stays cordoned', () => {
    const plan = planned({ 'w-1': { cordon: 'other' } });
    const of = stepsOf(plan).flatMap((step) =>
      step.type === 'node' && step.node === 'w-1' ? [step.operation.kind] : [],
    );
    expect(of).toEqual(['drain']);
  });

  it('starts a stopped kubelet before anything else', () => {
    const plan = planned({ 'w-2': { kubelet: { age: 'old', down: true } } });
    expect(plan.phases[0]?.id).toBe('stopped');
    expect(batches(plan, 'stopped')).toEqual(['w-2']);
    // One that is not Ready goes first: nothing is lost there.
    expect(batches(plan, 'workers')[0]).toBe('w-2');
  });

  it('goes on without a worker that is down for good: no DaemonSet is waited for before the others', () => {
    const plan = planned({ 'w-2': { kubelet: { age: 'old', down: true } } }, {}, {}, ['w-2']);
    const waits = (id: string): unknown[] =>
      phaseOf(plan, id).batches.flatMap(({ gates }) =>
        gates.map(({ condition }) => condition.kind === 'workload-ready' && condition.workload),
      );
    expect(waits('addons-ready')).not.toContain('DaemonSet');
    expect(waits('addons-ready')).toContain('Deployment');
    expect(waits('readiness')).toContain('DaemonSet');
    expect(batches(plan, 'workers')).toEqual(['w-1', 'w-1', 'w-3', 'w-3']);
    expect(plan.warnings.join()).toContain('w-2: not Ready, and a DaemonSet');
  });

  it.each<[Cluster['upgrade']['pauseAfter'], readonly string[]]>([
    ['control-plane', []],
    ['first-batch', ['w-1', 'w-1']],
  ])('pauses after %s, and says so', (pauseAfter, workers) => {
    const plan = planned({}, { upgrade: { ...haCluster.upgrade, ...(pauseAfter && { pauseAfter }) } });
    expect(plan.phases.some(({ id }) => id === 'workers') ? batches(plan, 'workers') : []).toEqual(workers);
    expect(plan.warnings.join()).toContain('the upgrade pauses here, as spec.upgrade.pauseAfter says');
  });

  it('on the way to another version: only images on workers, which keep their kubelets', () => {
    const plan = planned({}, {}, { holdWorkers: true });
    expect(plan.phases.map(({ id }) => id)).not.toContain('workers');
    const kinds = stepsOf(plan).flatMap((step) => (step.id.startsWith('w-1: ') ? [step.target.kind] : []));
    expect([...new Set(kinds)]).toEqual(['image']);
    expect(plan.warnings.join()).toContain('goes straight to the last version');
  });
});
