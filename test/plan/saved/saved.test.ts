import { describe, expect, it } from 'vitest';
import { digestOf, planChanges, seal } from '../../../src/plan/saved/saved.ts';
import type { Gate, Phase, Plan, Step, Task } from '../../../src/plan/types.ts';
import { gate, phaseOf, plan, planHost, savedContent, shellStep } from '../../samples/plan.ts';

const saved = (of: Plan): Plan => JSON.parse(JSON.stringify(of)) as Plan;
const whats = (was: Plan, now: Plan): string[] => planChanges(was, now).map(({ what }) => what);
const order = 'hosts, or the order of steps';

const one = shellStep('w-1', '/a', { reason: '1 line', diff: '-a\n+b' });
const two = shellStep('w-1', 'b', {
  verb: 'restart',
  target: { kind: 'unit', name: 'kubelet' },
  effects: [{ component: 'kubelet', kind: 'restart' }],
});
const undo = shellStep('w-1', 'undo', { verb: 'update' });
const ready = gate({ kind: 'node-ready', node: 'w-1' }, { id: 'w-1: waits for Node w-1 Ready' });
const pod = (replaces?: string): Gate =>
  gate(
    {
      ...{ kind: 'pod-ready', host: 'cp-1', namespace: 'kube-system', name: 'etcd-cp-1' },
      ...(replaces !== undefined && { replaces }),
    },
    { id: 'cp-1: waits for Pod etcd-cp-1' },
  );

interface Parts {
  readonly steps?: readonly Step[];
  readonly rollback?: readonly Step[] | undefined;
  readonly gates?: readonly Gate[];
  readonly on?: Task['on'];
  readonly phase?: Partial<Phase>;
}

/** A plan of one phase with one task with a rollback, and one gate. */
function planOf({ steps = [one, two], gates = [ready], on = { host: 'w-1' }, phase, ...rest }: Parts): Plan {
  const rollback = 'rollback' in rest ? rest.rollback : [undo];
  const task: Task = { on, steps, ...(rollback !== undefined && { rollback }) };
  return plan({
    phases: [{ ...phaseOf('node', []), batches: [{ tasks: [task], gates }], ...phase }],
  });
}
const was = planOf({});

describe('seal', () => {
  it('covers everything, and is equal for equal plans', () => {
    const document = seal(savedContent());
    expect(document.digest).toBe(digestOf(document));
    expect(seal(savedContent())).toEqual(document);
    expect(digestOf(JSON.parse(JSON.stringify(document, null, 7)) as object)).toBe(document.digest);
    for (const change of [
      { made: 'x' },
      { scope: {} },
      { basis: {} },
      { plan: {} },
      { kind: 'x' },
      { more: 1 },
    ])
      expect(digestOf({ ...document, ...change })).not.toBe(document.digest);
  });
});

describe('planChanges', () => {
  it('are empty after a round trip through a file', () => {
    const diffless = shellStep('w-1', '/c', { diff: undefined } as never);
    const of = planOf({ steps: [diffless] });
    expect(planChanges(saved(of), of)).toEqual([]);
    expect(planChanges(of, saved(of))).toEqual([]);
  });

  it('ignore warnings, and IDs of replaced containers', () => {
    expect(planChanges({ ...was, warnings: ['x'] }, { ...was, warnings: [] })).toEqual([]);
    const [before, after] = [
      planOf({ gates: [pod('containerd://1')] }),
      planOf({ gates: [pod('containerd://2')] }),
    ];
    expect(planChanges(before, after)).toEqual([]);
    expect(planChanges(before, planOf({ gates: [pod()] }))).toEqual([]);
  });

  it.each<[string, Parts, string[]]>([
    ['another script', { steps: [{ ...one, script: 'rm -rf /' }, two] }, ['w-1: /a']],
    ['another reason', { steps: [{ ...one, reason: 'harmless' }, two] }, ['w-1: /a']],
    ['another diff', { steps: [{ ...one, diff: '-a\n+c' }, two] }, ['w-1: /a']],
    ['another verb', { steps: [one, { ...two, verb: 'update' }] }, ['w-1: b']],
    ['another target', { steps: [{ ...one, target: { kind: 'file', name: '/b' } }, two] }, ['w-1: /a']],
    ['no effects', { steps: [one, { ...two, effects: [] }] }, ['w-1: b']],
    ['another time limit', { steps: [one, { ...two, timeoutSeconds: 9 }] }, ['w-1: b']],
    ['a step more', { steps: [one, two, shellStep('w-2', 'swap')] }, ['w-2: swap']],
    ['a step less', { steps: [one] }, ['w-1: b']],
    ['no gate', { gates: [] }, [ready.id]],
    ['a gate more', { gates: [ready, pod()] }, ['cp-1: waits for Pod etcd-cp-1']],
    ['a gate with another time limit', { gates: [{ ...ready, timeoutSeconds: 1 }] }, [ready.id]],
    [
      'a gate with another condition',
      { gates: [{ ...ready, condition: { kind: 'node-ready', node: 'w-2' } }] },
      [ready.id],
    ],
    ['no rollback', { rollback: undefined }, ['w-1: undo']],
    ['an empty rollback', { rollback: [] }, ['w-1: undo']],
    ['another rollback', { rollback: [{ ...undo, script: 'false' }] }, ['w-1: undo']],
    ['another order', { steps: [two, one] }, [order]],
    ['a step that became a rollback', { steps: [one], rollback: [undo, two] }, [order]],
    // The second with the same id would hide the first.
    ['an id twice', { steps: [{ ...one, script: 'evil' }, one, two] }, [order]],
    ['another place', { on: { host: 'w-2' } }, [order]],
    ['another phase', { phase: { id: 'other' } }, [order]],
    ['another title', { phase: { title: 'other' } }, [order]],
    ['another stage', { phase: { stage: 'addon' } }, [order]],
    ['a dependency', { phase: { after: [{ phase: 'x', need: 'all' }] } }, [order]],
    [
      'a batch for each step',
      {
        phase: {
          batches: [
            { tasks: [{ on: { host: 'w-1' }, steps: [one], rollback: [undo] }], gates: [] },
            { tasks: [{ on: { host: 'w-1' }, steps: [two] }], gates: [ready] },
          ],
        },
      },
      [order],
    ],
  ])('%s', (_title, parts, expected) => {
    expect(whats(planOf(parts), was)).toEqual(expected);
    expect(whats(was, planOf(parts))).toEqual(expected);
  });

  it.each<[string, Partial<Plan>]>([
    ['no hosts', { hosts: [] }],
    ['another role', { hosts: [planHost('cp-1', 'worker'), planHost('w-1', 'worker')] }],
    ['another cluster', { cluster: 'other' }],
    ['another mode', { mode: 'offline' }],
    ['another endpoint', { endpoint: 'https://10.0.0.99:6443' }],
  ])('%s', (_title, change) => {
    expect(whats({ ...was, ...change }, was)).toEqual([order]);
  });

  it('describe the old and the new step or gate in words', () => {
    const now = planOf({ steps: [{ ...one, reason: '' }, two], gates: [{ ...ready, timeoutSeconds: 1 }] });
    expect(planChanges(was, now)).toEqual([
      { where: 'plan', what: 'w-1: /a', was: 'create, 1 line', now: 'create' },
      {
        where: 'plan',
        what: ready.id,
        was: 'Node w-1 Ready, 20 s at most',
        now: 'Node w-1 Ready, 1 s at most',
      },
    ]);
    expect(planChanges(was, planOf({ gates: [] }))).toEqual([
      { where: 'plan', what: ready.id, was: 'Node w-1 Ready, 20 s at most', now: undefined },
    ]);
  });
});
