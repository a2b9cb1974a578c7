import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { savedPlanJsonSchema, savedPlanSchema } from '../../../src/plan/saved/schema.ts';
import { seal, type SavedPlan } from '../../../src/plan/saved/saved.ts';
import type {
  ApplyStep,
  Condition,
  DeleteStep,
  EtcdStep,
  NodeStep,
  Plan,
  Step,
  Target,
} from '../../../src/plan/types.ts';
import { resourceKinds } from '../../../src/resource/kinds.ts';
import { expectSchemaFile } from '../../schema-file.ts';
import type { IsSame } from '../../whole.ts';
import { applyStep, configMap, gate, phaseOf, plan, savedContent, shellStep } from '../../samples/plan.ts';

describe('plan.schema.json', () => {
  it('has the types of the code', () => {
    // If this does not compile, src/plan/saved/schema.ts differs from src/plan/types.ts.
    const same: IsSame<SavedPlan, z.infer<typeof savedPlanSchema>> = true;
    expect(same).toBe(true);
  });

  it('is generated from the schema in the code', async () => {
    await expectSchemaFile('plan.schema.json', savedPlanJsonSchema());
  });

  const parse = (of: Plan): ReturnType<typeof savedPlanSchema.safeParse> =>
    savedPlanSchema.safeParse(JSON.parse(JSON.stringify(seal(savedContent({ plan: of })))));

  it('accepts every kind of step, operation, target, condition and dependency', () => {
    const whole = plan({
      phases: [
        phaseOf('first', [
          ['cluster', [...clusterSteps(), ...etcdOperations.map(etcdStep)]],
          ['operator', [...Object.values(operatorSteps)]],
          [{ host: 'a' }, [everything, ...targets.map((target) => shellStep('a', '/x', { target }))]],
        ]),
        phaseOf('second', [[{ host: 'a' }, [shellStep('a', '/x')]]], {
          gates: Object.values(conditions).map((condition) => gate(condition)),
          after: (['ended', 'any', 'all'] as const).map((need) => ({ phase: 'first', need })),
        }),
        {
          ...phaseOf('third', []),
          batches: [{ tasks: [{ on: 'cluster', steps: [], rollback: [everything] }], gates: [] }],
        },
      ],
    });
    expect(parse(whole).error).toBeUndefined();
    expect(parse(plan({ mode: 'offline' })).error).toBeUndefined();
  });

  it.each<[string, (of: Draft<Plan>) => void, string]>([
    ['an additional member', (of) => Object.assign(of, { issue: [] }), 'plan'],
    ['no mode', (of) => Reflect.deleteProperty(of, 'mode'), 'plan.mode'],
    ['no phases', (of) => Reflect.deleteProperty(of, 'phases'), 'plan.phases'],
    [
      'a phase with an additional member',
      (of) => Object.assign(of.phases[0] ?? {}, { x: 1 }),
      'plan.phases.0',
    ],
    ['no dependencies', (of) => Reflect.deleteProperty(of.phases[0] ?? {}, 'after'), 'plan.phases.0.after'],
    [
      'an unknown need',
      (of) => Object.assign(of.phases[0] ?? {}, { after: [{ phase: 'x', need: 'none' }] }),
      'plan.phases.0.after.0.need',
    ],
    [
      'no gates',
      (of) => Reflect.deleteProperty(of.phases[0]?.batches[0] ?? {}, 'gates'),
      'plan.phases.0.batches.0.gates',
    ],
    [
      'a task without a location',
      (of) => Object.assign(taskOf(of), { on: 'elsewhere' }),
      'plan.phases.0.batches.0.tasks.0.on',
    ],
    [
      'a rollback that is not a list of steps',
      (of) => Object.assign(taskOf(of), { rollback: [{}] }),
      'plan.phases.0.batches.0.tasks.0.rollback.0.type',
    ],
    [
      'a step without effects',
      (of) => Reflect.deleteProperty(stepOf(of), 'effects'),
      'plan.phases.0.batches.0.tasks.0.steps.0.effects',
    ],
    [
      'an effect on something unknown',
      (of) => Object.assign(stepOf(of), { effects: [{ component: 'nginx', kind: 'stop' }] }),
      'plan.phases.0.batches.0.tasks.0.steps.0.effects.0.component',
    ],
    [
      'a target in words',
      (of) => Object.assign(stepOf(of), { target: 'file /x' }),
      'plan.phases.0.batches.0.tasks.0.steps.0.target',
    ],
    [
      'an unknown kind of target',
      (of) => Object.assign(stepOf(of), { target: { kind: 'disk', name: 'x' } }),
      'plan.phases.0.batches.0.tasks.0.steps.0.target',
    ],
    [
      'a step with a stage',
      (of) => Object.assign(stepOf(of), { stage: 'host' }),
      'plan.phases.0.batches.0.tasks.0.steps.0',
    ],
  ])('refuses %s', (_what, spoil, path) => {
    const of = structuredClone(
      plan({ phases: [phaseOf('host', [[{ host: 'a' }, [shellStep('a', '/x')]]])] }),
    ) as Draft<Plan>;
    expect(parse(of).error).toBeUndefined();
    spoil(of);
    expect(parse(of).error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it('describes every member except those that only discriminate a union', () => {
    const plain: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const { properties = {} } = value as { properties?: Record<string, object> };
      for (const [name, schema] of Object.entries(properties))
        if (!('description' in schema) && !('const' in schema)) plain.push(`${path}/${name}`);
      for (const [key, member] of Object.entries(value)) visit(member, `${path}/${key}`);
    };
    visit(savedPlanJsonSchema(), '');
    expect(plain).toEqual([]);
  });
});

type Draft<T> = T extends readonly (infer Item)[]
  ? Draft<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Draft<T[K]> }
    : T;

const taskOf = (of: Draft<Plan>): object => of.phases[0]?.batches[0]?.tasks[0] ?? {};
const stepOf = (of: Draft<Plan>): object => of.phases[0]?.batches[0]?.tasks[0]?.steps[0] ?? {};

const base = {
  id: 'x',
  verb: 'update',
  target: { kind: 'node', name: 'a' },
  reason: '',
  effects: [],
  timeoutSeconds: 1,
} as const;
const meta = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'y' } };

/** A step on a host with every optional member. */
const everything = shellStep('a', '/x', {
  payload: { path: '/y', content: { kind: 'secret', name: 'n', digest: null } },
  diff: '',
  command: 'true',
  disturbs: ['x'],
  expects: { path: '/x', digest: 'absent' },
  effects: (['start', 'reload', 'restart', 'stop'] as const).map((kind) => ({ component: 'etcd', kind })),
});

const targets: readonly Target[] = [
  ...resourceKinds.map((kind) => ({ kind, name: 'x' })),
  ...(['node', 'etcd-member', 'certificates', 'snapshot', 'leftover'] as const).map((kind) => ({
    kind,
    name: 'x',
  })),
  { kind: 'object', ref: meta },
];

const nodeOperations: Record<NodeStep['operation']['kind'], NodeStep['operation']> = {
  mark: {
    kind: 'mark',
    annotations: { a: 'b' },
    labels: { b: null, c: 'd' },
    taints: [{ key: 'k', effect: 'NoSchedule' }],
  },
  cordon: { kind: 'cordon' },
  uncordon: { kind: 'uncordon' },
  drain: {
    kind: 'drain',
    policy: {
      ...{ timeoutSeconds: 300, deleteEmptyDirData: true, force: false, gracePeriodSeconds: 30 },
      leaves: 'serving',
    },
  },
  'restart-flannel': { kind: 'restart-flannel' },
  delete: { kind: 'delete' },
};

function clusterSteps(): readonly Step[] {
  const steps: readonly (ApplyStep | DeleteStep | NodeStep)[] = [
    applyStep(configMap('x')),
    { ...base, type: 'delete', object: meta },
    ...Object.values(nodeOperations).map((operation): NodeStep => ({
      ...base,
      type: 'node',
      node: 'a',
      operation,
    })),
  ];
  return steps;
}

const etcdOperations: readonly EtcdStep['operation'][] = Object.values({
  snapshot: { kind: 'snapshot' },
  remove: { kind: 'remove', memberId: '1' },
  'add-learner': { kind: 'add-learner', peerURL: 'u' },
  promote: { kind: 'promote', peerURL: 'u' },
  withdraw: { kind: 'withdraw', peerURL: 'u' },
} satisfies { [K in EtcdStep['operation']['kind']]: Extract<EtcdStep['operation'], { kind: K }> });

function etcdStep(operation: EtcdStep['operation']): EtcdStep {
  return { ...base, type: 'etcd', operation };
}

const operatorSteps: { readonly [K in 'issue' | 'hook']: Extract<Step, { type: K }> } = {
  issue: { ...base, type: 'issue', certificates: ['ca'] },
  hook: { ...base, type: 'hook', verb: 'run', command: 'true' },
};

const conditions: Record<Condition['kind'], Condition> = {
  'etcd-member': { kind: 'etcd-member', host: 'a' },
  api: { kind: 'api' },
  'load-balancer': { kind: 'load-balancer', host: 'a', address: '1', port: 1 },
  kubelet: { kind: 'kubelet', host: 'a', port: 1 },
  controller: { kind: 'controller', host: 'a', component: 'kube-scheduler', address: '1', port: 1 },
  leader: { kind: 'leader', lease: 'kube-scheduler' },
  'published-cas': { kind: 'published-cas', copy: 'kube-root-ca.crt', holds: ['AA'], lacks: [] },
  'stored-as': { kind: 'stored-as', resource: 'secrets', as: 'identity' },
  endpoint: { kind: 'endpoint', address: '1', port: 1 },
  'pod-ready': { kind: 'pod-ready', host: 'a', namespace: 'n', name: 'x', replaces: 'y' },
  'node-registered': { kind: 'node-registered', node: 'a' },
  'node-ready': { kind: 'node-ready', node: 'a' },
  'workload-ready': {
    kind: 'workload-ready',
    workload: 'DaemonSet',
    namespace: 'n',
    name: 'x',
    nodes: ['a'],
  },
  'addon-ready': {
    kind: 'addon-ready',
    addon: 'x',
    part: 'all',
    objects: [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: 'n', name: 'x' } }],
  },
  'addon-gone': { kind: 'addon-gone', addon: 'x', objects: [] },
};
