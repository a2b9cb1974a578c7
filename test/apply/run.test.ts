import { writeFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApplyContext } from '../../src/apply/context.ts';
import type { ApplyEvent } from '../../src/apply/events.ts';
import { applyPlan, type ApplyResult } from '../../src/apply/run.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { KbootError } from '../../src/model/error.ts';
import type { Hook } from '../../src/model/cluster.ts';
import { stages, type Stage } from '../../src/model/stage.ts';
import type { HostChange } from '../../src/plan/diff/host.ts';
import { operatorSteps } from '../../src/plan/diff/operator-hooks.ts';
import { installPhases } from '../../src/plan/phases/install.ts';
import { hostOf, tasksOf } from '../../src/plan/steps.ts';
import type {
  Batch,
  Condition,
  DeleteStep,
  Gate,
  NodeStep,
  Phase,
  Plan,
  ShellStep,
  Step,
} from '../../src/plan/types.ts';
import { placeholder } from '../../src/resource/placeholder.ts';
import { staleStatus } from '../../src/resource/prelude.ts';
import type { HostConnection } from '../../src/transport/types.ts';
import { fakePki, startApi, type FakeApi, type FakePki } from '../kube/api-server.ts';
import {
  applyStep,
  configMap,
  gate,
  issueStep,
  phaseOf,
  plan,
  planHost,
  shellStep,
} from '../samples/plan.ts';
import { localHost, type LocalHost } from './local-host.ts';

type Happened = ApplyEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never;

const secret = 'hunter2-private-key';
let pki: FakePki;
let api: FakeApi;
let hosts: Map<string, LocalHost>;
let events: Happened[];
let interrupt: AbortController;

beforeAll(async () => {
  pki = await fakePki();
}, 60_000);
beforeEach(async () => {
  api = await startApi(pki);
  hosts = new Map(['cp-1', 'cp-2', 'w-1'].map((name) => [name, localHost()]));
  events = [];
  interrupt = new AbortController();
});
afterEach(async () => {
  for (const host of hosts.values()) host.remove();
  await api.close();
});

const host = (name: string): LocalHost => {
  const found = hosts.get(name);
  if (found === undefined) throw new Error(`no host ${name}`);
  return found;
};

/** The log of a host's second unit, the kubelet, in a diagnosis. */
function journal(script: string, name: string): string {
  const mark = /@\w+ (?=journal 1)/.exec(script)?.[0] ?? '';
  return `\n${mark}journal 1\nlog of ${name}\n`;
}

function context(more: Partial<ApplyContext> = {}): ApplyContext {
  const connections = new Map(
    [...hosts].map(([name, { writer }]): [string, HostConnection] => {
      const faces = {
        ...writer,
        host: name,
        forward: () => api.connect(),
        read: (script: string) => Promise.resolve({ stdout: journal(script, name), stderr: '', exitCode: 0 }),
      };
      return [name, { reader: faces, writer: faces, close: () => Promise.resolve() }];
    }),
  );
  return {
    connections,
    apiHosts: [
      { host: 'cp-1', address: '10.0.0.11' },
      { host: 'cp-2', address: '10.0.0.12' },
    ],
    etcdHosts: [],
    materials: () =>
      Promise.resolve({
        secret(name) {
          if (name === 'cp-1:sa.key') return secret;
          throw new KbootError('E-STATE', `the state folder has no ${name}`);
        },
        fact: (name) => `the "${name}"\n`,
        kubeCredentials: () => api.credentials,
        etcdCredentials: () => {
          throw new Error('not in this test');
        },
        snapshot: () => {
          throw new Error('not in this test');
        },
        bundle: undefined,
      }),
    etcdCredentials: () => Promise.reject(new Error('not in this test')),
    stored: () => Promise.resolve(undefined),
    keepSnapshot: () => Promise.reject(new Error('not in this test')),
    runHook: () => Promise.resolve(undefined),
    emit: (event) => events.push(event),
    signal: interrupt.signal,
    ...more,
  };
}

/** A step on a host, in its first stage unless another one is given. */
const on = (
  name: string,
  what: string,
  { stage = 'host', ...more }: Partial<ShellStep> & { readonly stage?: Stage } = {},
): HostChange<ShellStep> => ({ host: name, stage, step: shellStep(name, what, more) });

/** A phase for each stage with changes, with hosts in parallel. */
function hostPhases(changes: readonly HostChange[]): Phase[] {
  return stages.flatMap((stage) => {
    const own = changes.filter((change) => change.stage === stage);
    const names = [...new Set(own.map((change) => change.host))];
    const tasks = names.map(
      (name) => [{ host: name }, own.filter((each) => each.host === name).map(({ step }) => step)] as const,
    );
    return own.length === 0 ? [] : [phaseOf(stage, tasks, { stage })];
  });
}

/** A phase through the API: consecutive steps in parallel, gates between them; after one control plane is done. */
function apiPhase(items: readonly (Step | Gate)[], before: readonly Phase[], id = 'api'): Phase[] {
  const batches: { tasks: Batch['tasks'][number][]; gates: Gate[] }[] = [];
  for (const item of items) {
    const last = batches.at(-1);
    const open = last !== undefined && (item.type === 'wait' || last.gates.length === 0) ? last : undefined;
    const batch = open ?? { tasks: [], gates: [] };
    if (open === undefined) batches.push(batch);
    if (item.type === 'wait') batch.gates.push(item);
    else batch.tasks.push({ on: 'cluster', steps: [item] });
  }
  const planes = before.filter((phase) =>
    tasksOf([phase]).some((task) => hostOf(task.on)?.startsWith('cp') === true),
  );
  const after = planes.map(({ id: phase }, index) => ({
    phase,
    need: index === planes.length - 1 ? ('any' as const) : ('ended' as const),
  }));
  return items.length === 0 ? [] : [{ ...phaseOf(id, []), stage: 'control-plane', after, batches }];
}

const run = (
  changes: readonly HostChange[],
  items: readonly (Step | Gate)[] = [],
  more: Partial<Plan> = {},
): Promise<ApplyResult> => {
  const before = hostPhases(changes);
  return applyPlan(
    plan({
      hosts: [
        planHost('cp-1', 'control-plane'),
        planHost('cp-2', 'control-plane'),
        planHost('w-1', 'worker'),
      ],
      phases: [...before, ...apiPhase(items, before)],
      ...more,
    }),
    context(),
  );
};
const log = (name: string, word: string): string => `echo ${word} >> ${host(name).path('log')}`;
/** A script that ends once the host has a file. */
const until = (name: string, file: string): string =>
  `until [ -e ${host(name).path(file)} ]; do sleep 0.02; done`;
const told = (type: Happened['type']): string[] =>
  events.flatMap((event) => (event.type === type && 'step' in event ? [event.step.id] : []));

describe('applyPlan on hosts', () => {
  it('runs the steps of each host by stage, in order', async () => {
    const result = await run([
      on('cp-1', 'two', { stage: 'runtime', script: log('cp-1', 'two') }),
      on('cp-1', 'one', { stage: 'host', script: log('cp-1', 'one') }),
      on('cp-1', 'three', { stage: 'runtime', script: log('cp-1', 'three') }),
      on('w-1', 'one', { stage: 'node', script: log('w-1', 'one') }),
    ]);
    expect(result).toEqual({ executed: 4, failures: [], held: [], interrupted: false });
    expect(host('cp-1').text('log')).toBe('one\ntwo\nthree\n');
    expect(host('w-1').text('log')).toBe('one\n');
    expect(host('cp-1').commands).toHaveLength(1);
    expect(host('cp-2').commands).toHaveLength(0);
    const ended = events.flatMap((event) =>
      event.type === 'task-done' ? [`${event.host} ${event.phase}`] : [],
    );
    expect(ended.filter((each) => each.startsWith('cp-1'))).toEqual(['cp-1 host', 'cp-1 runtime']);
    expect(ended).toContain('w-1 node');
  });

  it('says of each task and gate what it had waited for last, and by which rule', async () => {
    api.objects.set('/api/v1/nodes/w-1', {
      ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'w-1' } },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    const ready = gate({ kind: 'node-ready', node: 'w-1' });
    const running = run(
      [
        on('cp-1', 'one', { stage: 'host' }),
        on('w-1', 'one', { stage: 'host', script: `sleep 0.5; ${until('w-1', 'last')}` }),
        on('cp-1', 'two', { stage: 'runtime' }),
        on('w-1', 'two', { stage: 'node' }),
      ],
      [applyStep(configMap('a')), ready, applyStep(configMap('b'))],
    );
    // The first stage of w-1 ends last, however busy this machine is.
    await vi.waitUntil(
      () => events.some((each) => each.type === 'span' && each.id === 'runtime/1/task-1'),
      30_000,
    );
    writeFileSync(host('w-1').path('last'), '');
    await running;
    const spans = new Map(events.flatMap((each) => (each.type === 'span' ? [[each.id, each]] : [])));
    const waits = [...spans.values()].map(({ id, after = '-', rule = '-', host: where = '-' }) =>
      [id, where, rule, after].join(' '),
    );
    expect(waits.sort()).toEqual([
      'api/1/gate-1 - tasks api/1/task-1',
      'api/1/task-1 - phase host/1/task-2',
      'api/2/task-1 - batch api/1/gate-1',
      'host/1/task-1 cp-1 - -',
      'host/1/task-2 w-1 - -',
      'node/1/task-1 w-1 host host/1/task-2',
      'runtime/1/task-1 cp-1 host host/1/task-1',
    ]);
    expect(spans.get('host/1/task-2')?.seconds).toBeGreaterThanOrEqual(0.5);
    expect(spans.get('api/1/gate-1')).toMatchObject({ gate: ready.id, batch: 1 });
    expect(events.flatMap((each) => (each.type === 'session' ? each.host : []))).toEqual(
      expect.arrayContaining(['cp-1', 'w-1']),
    );
  });

  it('a task that failed has a span, and what was skipped because of it has none', async () => {
    await run([
      on('cp-1', 'bad', { script: 'exit 4' }),
      on('cp-1', 'later', { stage: 'runtime' }),
      on('w-1', 'good'),
    ]);
    const spans = events.flatMap((each) => (each.type === 'span' ? [`${each.id} ${each.ending}`] : []));
    expect(spans.sort()).toEqual(['host/1/task-1 failed', 'host/1/task-2 done']);
  });

  it('a failed step stops its host, and no other', async () => {
    const result = await run([
      on('cp-1', 'before'),
      on('cp-1', 'bad', { script: 'echo because >&2; exit 4' }),
      on('cp-1', 'after', { script: log('cp-1', 'after') }),
      on('cp-1', 'later', { stage: 'runtime', script: log('cp-1', 'later') }),
      on('w-1', 'good', { script: log('w-1', 'good') }),
      on('w-1', 'more', { stage: 'runtime', script: log('w-1', 'more') }),
    ]);
    expect(result.executed).toBe(3);
    expect(result.failures).toHaveLength(1);
    expect(result.failures[0]).toMatchObject({
      host: 'cp-1',
      stepId: 'cp-1: bad',
      error: { code: 'E-STEP' },
    });
    expect(result.failures[0]?.error.context).toMatchObject({ step: 'file bad', detail: 'because' });
    expect(host('cp-1').text('log')).toBeUndefined();
    expect(host('w-1').text('log')).toBe('good\nmore\n');
    expect(told('failed')).toEqual(['cp-1: bad']);
    expect(told('skipped')).toEqual(['cp-1: after', 'cp-1: later']);
  });

  describe('maxFailures', () => {
    const changes = (): HostChange<ShellStep>[] => [
      on('cp-1', 'bad', { script: 'exit 4' }),
      on('w-1', 'waits', { script: until('w-1', 'go') }),
      on('w-1', 'ends', { script: log('w-1', 'ends') }),
      on('w-1', 'later', { stage: 'runtime', script: log('w-1', 'later') }),
      on('cp-2', 'later', { stage: 'runtime', script: log('cp-2', 'later') }),
    ];
    const applied = (maxFailures: number, more: Partial<Plan> = {}): Promise<ApplyResult> =>
      applyPlan(
        plan({
          hosts: ['cp-1', 'cp-2', 'w-1'].map((name) => planHost(name, 'worker')),
          phases: hostPhases(changes()),
          ...more,
        }),
        context({
          maxFailures,
          emit: (event) => {
            events.push(event);
            // The failed host counts once its task has ended.
            if (event.type === 'failed')
              setTimeout(() => {
                writeFileSync(host('w-1').path('go'), '');
              }, 500);
          },
        }),
      );

    it('after the first failed host, what runs ends and nothing new starts', async () => {
      const result = await applied(1);
      expect(result).toMatchObject({ executed: expect.any(Number) as number, stoppedAfter: 1 });
      expect(host('w-1').text('log')).toBe('ends\n');
      expect(result.held).toContain('w-1');
      expect(told('skipped')).toContain('w-1: later');
    });

    it('fewer failures stop nothing', async () => {
      const result = await applied(2);
      expect(result.stoppedAfter).toBeUndefined();
      expect(result.held).toEqual([]);
      expect(host('w-1').text('log')).toBe('ends\nlater\n');
      expect(host('cp-2').text('log')).toBe('later\n');
    });

    it('hosts that could not be read count', async () => {
      const hosts = ['cp-1', 'cp-2', 'w-1'].map((name) =>
        planHost(name, 'worker', name === 'cp-2' ? { state: 'unreachable' } : {}),
      );
      const result = await applied(1, { hosts });
      expect(result).toMatchObject({ executed: 0, failures: [], stoppedAfter: 1, held: ['cp-1', 'w-1'] });
    });
  });

  it('a file that changed since it was read is E-STALE', async () => {
    const script = `kb_expect ${host('cp-1').path('f')} ${'0'.repeat(64)}`;
    const result = await run([on('cp-1', 'file /f', { script })]);
    expect(staleStatus).toBe(75);
    expect(result.failures[0]?.error).toMatchObject({ code: 'E-STALE', exit: 6 });
    expect(result.failures[0]?.error.message).toContain('changed since the plan was made');
  });

  it('reports a full disk, even if it ends the session', async () => {
    const result = await run([
      on('cp-1', 'a', { script: 'echo "cp: x: No space left on device"; exit 1' }),
      on('w-1', 'b', { payload: { path: '/dev/full/x', content: { kind: 'text', text: 'x' } } }),
      on('w-1', 'c'),
      on('w-1', 'd'),
    ]);
    const of = (name: string): KbootError | undefined =>
      result.failures.find((each) => each.host === name)?.error;
    expect(of('cp-1')?.message).toBe('the disk is full');
    // The payload that could not be written is the cause; the end of the session is the consequence.
    expect(of('w-1')).toMatchObject({ code: 'E-STEP', context: { step: 'file b', stepId: 'w-1: b' } });
  });

  it('a host that disconnects is lost, and the others continue', async () => {
    const running = run([
      on('cp-1', 'kill', { script: 'kill -9 $(ps -o ppid= -p $PPID)' }),
      on('cp-1', 'after'),
      on('w-1', 'good', { script: log('w-1', 'good') }),
    ]);
    const result = await running;
    expect(result.failures).toMatchObject([{ host: 'cp-1', error: { code: 'E-CONNECT' } }]);
    expect(events.filter(({ type }) => type === 'host-lost')).toHaveLength(1);
    expect(host('w-1').text('log')).toBe('good\n');
  });

  it('writes secrets and facts to their paths and shows them nowhere', async () => {
    const path = host('cp-1').path('sa.key');
    const text = host('cp-1').path('text');
    const result = await run([
      on('cp-1', 'file sa.key', {
        payload: { path, content: { kind: 'secret', name: 'cp-1:sa.key', digest: null } },
      }),
      on('cp-1', 'file text', {
        payload: { path: text, content: { kind: 'text', text: `x: ${placeholder('ca.crt')}` } },
      }),
    ]);
    expect(result.failures).toEqual([]);
    expect(host('cp-1').text('sa.key')).toBe(secret);
    expect(host('cp-1').text('text')).toBe('x: the "ca.crt"\n');
    expect(JSON.stringify(events)).not.toContain(secret);
  });

  it('without a secret that a step needs, nothing of that stage starts on its host', async () => {
    const content = { kind: 'secret', name: 'cp-1:gone', digest: null } as const;
    const result = await run([
      on('cp-1', 'before', { script: log('cp-1', 'before') }),
      on('cp-1', 'needs', { payload: { path: host('cp-1').path('x'), content } }),
      on('cp-1', 'after', { script: log('cp-1', 'after') }),
    ]);
    expect(result.failures).toMatchObject([{ host: 'cp-1', error: { code: 'E-STATE' } }]);
    expect(host('cp-1').text('log')).toBeUndefined();
  });

  it('starts nothing after an interrupt', async () => {
    const phases = hostPhases([
      on('cp-1', 'first', { script: log('cp-1', 'first') }),
      on('cp-1', 'second', { stage: 'runtime', script: log('cp-1', 'second') }),
    ]);
    const result = await applyPlan(
      plan({
        hosts: [planHost('cp-1', 'control-plane')],
        phases: [...phases, ...apiPhase([applyStep(configMap('x'))], phases)],
      }),
      context({
        emit(event) {
          events.push(event);
          if (event.type === 'done') interrupt.abort();
        },
      }),
    );
    expect(result.interrupted).toBe(true);
    expect(host('cp-1').text('log')).toBe('first\n');
    expect(api.requests).toEqual([]);
  });

  it('an interrupt skips steps that were not sent to the host yet', async () => {
    const slow = on('cp-1', 'slow', { script: `sleep 0.4; ${log('cp-1', 'slow')}` });
    // Larger than a pipe buffer: the second waits behind the first, and so do later ones.
    const large = { kind: 'text', text: 'x'.repeat(1 << 20) } as const;
    const later = ['second', 'third', 'fourth'].map((name) =>
      on('cp-1', name, {
        script: log('cp-1', name),
        payload: { path: host('cp-1').path(name), content: large },
      }),
    );
    const result = await applyPlan(
      plan({ hosts: [planHost('cp-1', 'control-plane')], phases: hostPhases([slow, ...later]) }),
      context({
        emit(event) {
          events.push(event);
          if (event.type === 'start' && event.step === slow.step)
            setTimeout(() => {
              interrupt.abort();
            }, 100);
        },
      }),
    );
    expect(result.interrupted).toBe(true);
    expect(result.failures).toMatchObject([{ error: { code: 'E-INTERRUPTED' } }]);
    expect(host('cp-1').text('log')).toMatch(/^slow\nsecond\n(third\n)?$/);
  });

  it('hooks on this machine: at the beginning, after their stage, and at the end if nothing failed', async () => {
    const order: string[] = [];
    const hook = (name: string, when: Hook['when'], stage: Stage): Hook => ({
      ...{ name, when, stage, on: 'operator', run: 'true', timeoutSeconds: 20 },
    });
    const hooks = [hook('first', 'before', 'host'), hook('last', 'after', 'addon')];
    const more = (fails?: string): Partial<ApplyContext> => ({
      runHook: (step) => {
        order.push(step.id);
        return step.id === fails
          ? Promise.reject(new KbootError('E-STEP', 'no'))
          : Promise.resolve(undefined);
      },
      emit: (event) => {
        if (event.type === 'done' && event.step.type === 'shell') order.push(event.step.id);
      },
    });
    const go = (fails?: string, script = ':'): Promise<ApplyResult> => {
      const work = {
        hosts: [planHost('cp-1', 'control-plane')],
        hooks: operatorSteps(hooks, new Set(), true),
        changes: [on('cp-1', 'file /a', { script })],
        ...{
          issue: [],
          rollout: [],
          etcdGates: [],
          cluster: undefined,
          podNetworks: [],
          encryption: undefined,
          rotation: undefined,
        },
        membership: { removedNodes: [], peers: [], snapshot: undefined, nodes: [], removals: [] },
      };
      return applyPlan(plan({ phases: installPhases(work) }), context(more(fails)));
    };
    const [first, last] = ['operator: hook first', 'operator: hook last'];
    expect(await go()).toMatchObject({ executed: 3, failures: [] });
    expect(order.splice(0)).toEqual([first, 'cp-1: file /a', last]);
    expect(await go(first)).toMatchObject({
      executed: 0,
      failures: [{ stepId: first, error: { code: 'E-STEP' } }],
    });
    expect(order.splice(0)).toEqual([first]);
    expect((await go(undefined, 'exit 1')).failures).toHaveLength(1);
    expect(order).toEqual([first]);
  });

  it('issues certificates before the phases that need them', async () => {
    let issued = 0;
    const issue = issueStep('ca', 'sa');
    const after = [{ phase: 'certificates', need: 'all' as const }];
    const phases = [
      phaseOf('certificates', [['operator', [issue]]]),
      { ...phaseOf('host', [[{ host: 'cp-1' }, [shellStep('cp-1', 'a')]]]), after },
    ];
    const given = context();
    await applyPlan(plan({ phases }), {
      ...given,
      materials: () => {
        issued++;
        return given.materials();
      },
    });
    expect(issued).toBe(1);
    expect(events.flatMap((event) => ('step' in event ? [`${event.type} ${event.step.id}`] : []))).toEqual([
      'start certificates',
      'done certificates',
      'start cp-1: a',
      'done cp-1: a',
    ]);
  });

  it('runs the rollback of a failed task, and only of that one', async () => {
    const task = (name: string, script: string): Batch['tasks'][number] => ({
      on: { host: name },
      steps: [shellStep(name, 'change', { script }), shellStep(name, 'more')],
      rollback: [shellStep(name, 'undo', { script: log(name, 'undone') })],
    });
    const batches = [{ tasks: [task('cp-1', 'exit 1'), task('cp-2', ':')], gates: [] }];
    const result = await applyPlan(plan({ phases: [{ ...phaseOf('p', []), batches }] }), context());
    expect(result.failures).toMatchObject([{ host: 'cp-1', stepId: 'cp-1: change' }]);
    expect(host('cp-1').text('log')).toBe('undone\n');
    expect(host('cp-2').text('log')).toBeUndefined();
    expect(told('skipped')).toEqual(['cp-1: more']);
  });
});

describe('a gate that does not hold', () => {
  const phases = (): Phase[] => [
    {
      ...phaseOf('kubelets', []),
      batches: [
        {
          tasks: ['cp-1', 'cp-2'].map((name) => ({
            on: { host: name },
            steps: [shellStep(name, 'replace')],
            rollback: [shellStep(name, 'put back', { script: log(name, 'put back') })],
          })),
          gates: ['cp-1', 'cp-2'].map((name) =>
            gate({ kind: 'kubelet', host: name, port: 1 }, { id: `${name}: waits`, timeoutSeconds: 0.3 }),
          ),
        },
        { tasks: [{ on: { host: 'w-1' }, steps: [shellStep('w-1', 'replace')] }], gates: [] },
      ],
    },
  ];

  it('rolls back the task of its host, reports that, and holds back the rest of the phase', async () => {
    const result = await applyPlan(plan({ phases: phases() }), context());
    for (const name of ['cp-1', 'cp-2']) expect(host(name).text('log')).toBe('put back\n');
    expect(result.failures.map(({ host: of }) => of).toSorted()).toEqual(['cp-1', 'cp-2']);
    expect(result.failures[0]?.error.context.remedy).toMatch(/^Rolled back\. /);
    expect(result.held).toEqual(['w-1']);
  });

  it('reports a rollback that fails, too', async () => {
    const [first] = phases();
    const broken = first?.batches[0]?.tasks.map((task) => ({
      ...task,
      rollback: [shellStep('cp-1', 'put back', { script: 'echo nothing was kept; exit 1' })],
    }));
    const batches = [{ tasks: broken ?? [], gates: first?.batches[0]?.gates ?? [] }];
    const result = await applyPlan(plan({ phases: [{ ...phaseOf('kubelets', []), batches }] }), context());
    expect(result.failures[0]?.error.context.remedy).toMatch(/^Not rolled back: .*nothing was kept/s);
  });
});

describe('applyPlan with a rollout', () => {
  const turn = (name: string, restart: ShellStep): Batch => ({
    tasks: [{ on: { host: name }, steps: [restart] }],
    gates: [gate({ kind: 'node-ready', node: name }, { id: `${name}: waits`, timeoutSeconds: 0.6 })],
  });
  /** All hosts run `early` at their own pace; cp-2, then cp-1 run `restart` in the rollout. `scripts` replace some. */
  const phases = (scripts: Readonly<Record<string, string>> = {}): Phase[] => {
    const step = (name: string, what: string, script: string): ShellStep =>
      shellStep(name, what, { script: scripts[`${name}: ${what}`] ?? script });
    const names = ['cp-1', 'cp-2', 'w-1'];
    const early = phaseOf(
      'runtime',
      names.map((name) => [{ host: name }, [step(name, 'early', ':')]] as const),
    );
    const worker = phaseOf('etcd', [[{ host: 'w-1' }, [step('w-1', 'restart', 'sleep 0.2')]]]);
    const rollout = {
      ...phaseOf('rollout', []),
      batches: ['cp-2', 'cp-1'].map((name) => turn(name, step(name, 'restart', 'sleep 0.2'))),
    };
    const api = { ...phaseOf('api', [['cluster', [applyStep(configMap('x'))]]]) };
    return [early, worker, rollout, { ...api, after: [{ phase: 'rollout', need: 'any' as const }] }];
  };
  const roll = (scripts?: Readonly<Record<string, string>>): Promise<ApplyResult> =>
    run([], [], { phases: phases(scripts) });
  const told = (): string[] =>
    events.flatMap((event) =>
      'step' in event && event.type !== 'waiting' ? [`${event.type} ${event.step.id}`] : [],
    );
  const before = (first: string, second: string): void => {
    expect(told()).toContain(first);
    expect(told().indexOf(first)).toBeLessThan(told().indexOf(second));
  };

  it('the next host starts once the previous one is healthy; other work and other hosts do not wait', async () => {
    let looks = 0;
    api.answer = ({ path }) =>
      path.startsWith('/api/v1/nodes/')
        ? {
            status: 200,
            body: ready('Node', 'x', undefined, path.endsWith('cp-2') && looks++ < 1 ? { status: {} } : {}),
          }
        : undefined;
    const result = await roll();
    expect(result).toEqual({ executed: 7, failures: [], held: [], interrupted: false });
    expect(looks).toBe(2);
    before('done cp-2: restart', 'done cp-2: waits');
    before('done cp-2: waits', 'start cp-1: restart');
    before('done cp-1: early', 'done cp-2: waits');
    before('done w-1: restart', 'start cp-1: restart');
    before('done cp-1: waits', 'start cluster: ConfigMap x');
  });

  it.each([
    ['is not healthy again', {}, 'cp-2: waits'],
    ['fails', { 'cp-2: restart': 'exit 1' }, 'cp-2: restart'],
    ['fails before its rollout batch', { 'cp-2: early': 'exit 1' }, 'cp-2: early'],
  ])('a host that %s stops the rollout: later hosts are not attempted', async (_what, scripts, failed) => {
    const result = await roll(scripts);
    expect(result).toMatchObject({ failures: [{ host: 'cp-2', stepId: failed }], held: ['cp-1'] });
    expect(result.failures[0]?.error.context.host).toBe('cp-2');
    expect(told()).toContain(`failed ${failed}`);
    expect(told()).toContain('skipped cp-1: restart');
    expect(told()).not.toContain('start cp-1: restart');
    expect(told()).toContain('done w-1: restart');
    expect(told()).toContain('skipped cluster: ConfigMap x');
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'skipped', why: 'the rollout stopped at cp-2' }),
    );
  });

  it('an interrupt prevents the next host', async () => {
    const result = await applyPlan(
      plan({
        hosts: [planHost('cp-1', 'control-plane'), planHost('cp-2', 'control-plane')],
        phases: phases(),
      }),
      context({
        emit(event) {
          events.push(event);
          if (event.type === 'start' && event.step.id === 'cp-2: waits') interrupt.abort();
        },
      }),
    );
    expect(result).toMatchObject({ failures: [], held: [], interrupted: true });
    expect(told()).not.toContain('start cp-1: restart');
  });
});

const ready = (kind: string, name: string, namespace?: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
  ...more,
});

describe('applyPlan on the cluster', () => {
  it('waits for the control plane to go through its phase, not for other hosts', async () => {
    api.answer = ({ method }) => {
      if (method === 'PATCH') {
        events.push({ type: 'host-lost', host: 'patch', message: '' });
        writeFileSync(host('w-1').path('go'), '');
      }
      return undefined;
    };
    const result = await run(
      [
        on('cp-1', 'slow', { stage: 'control-plane', script: 'sleep 0.3' }),
        on('w-1', 'slower', { stage: 'node', script: until('w-1', 'go') }),
      ],
      [applyStep(configMap('x'))],
    );
    expect(result).toMatchObject({ executed: 3, failures: [] });
    const order = events.map((event) =>
      event.type === 'host-lost' ? 'patch' : 'step' in event ? `${event.type} ${event.step.id}` : '',
    );
    expect(order.indexOf('patch')).toBeGreaterThan(order.indexOf('done cp-1: slow'));
    expect(order.indexOf('patch')).toBeLessThan(order.indexOf('done w-1: slower'));
  });

  it("continues with one control plane of two, and does not wait for the other's node", async () => {
    api.objects.set('/api/v1/nodes/cp-1', ready('Node', 'cp-1'));
    const result = await run(
      [
        on('cp-1', 'bad', { stage: 'host', script: 'exit 1' }),
        on('cp-2', 'good', { stage: 'control-plane' }),
      ],
      [
        gate({ kind: 'api', host: 'cp-1' }),
        applyStep(configMap('x')),
        gate({ kind: 'node-ready', node: 'cp-1' }),
        applyStep(configMap('y')),
      ],
    );
    expect(result.failures.map((failure) => failure.host)).toEqual(['cp-1']);
    expect(told('skipped').filter((id) => id.startsWith('waits'))).toHaveLength(2);
    expect([...api.objects.keys()].filter((path) => path.includes('configmaps'))).toHaveLength(2);
  });

  it('does not use the API if no control plane reached that stage', async () => {
    const result = await run(
      [on('cp-1', 'bad', { script: 'exit 1' }), on('cp-2', 'bad', { script: 'exit 1' })],
      [applyStep(configMap('x')), gate({ kind: 'api', host: 'cp-1' })],
    );
    expect(result.failures).toHaveLength(2);
    expect(api.requests).toEqual([]);
    expect(told('skipped')).toHaveLength(2);
  });

  it('gives up on the API at once when the last control plane fails', async () => {
    const failing = ['cp-1', 'cp-2'].map((name) => on(name, 'bad', { script: 'sleep 0.3; exit 1' }));
    // A gate of a phase that does not wait for them.
    const gates = [gate({ kind: 'node-ready', node: 'w-1' }, { timeoutSeconds: 600 })];
    const phases = [
      ...hostPhases(failing),
      { ...phaseOf('readiness', [['cluster', []]], { gates }) },
      {
        ...phaseOf('late', [['cluster', [applyStep(configMap('x'))]]]),
        after: [{ phase: 'host', need: 'ended' as const }],
      },
    ];
    const result = await run([], [], { phases });
    expect(result.failures.map((failure) => failure.host).sort()).toEqual(['cp-1', 'cp-2']);
    const why = 'every control plane failed earlier';
    expect(events.filter((event) => event.type === 'skipped' && event.why === why)).toHaveLength(2);
  });

  it('skips an unreachable host, and the steps of its node', async () => {
    const result = await run([], [gate({ kind: 'node-ready', node: 'w-1' })], {
      hosts: [planHost('cp-1', 'control-plane'), planHost('w-1', 'worker', { state: 'unreachable' })],
    });
    expect(result).toEqual({ executed: 0, failures: [], held: [], interrupted: false });
    expect(told('skipped')).toHaveLength(1);
  });

  it('applies namespaces before the objects in them, and fills in facts', async () => {
    const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'flannel' } };
    await run(
      [],
      [
        applyStep(namespace),
        applyStep(configMap('info', { ca: placeholder('ca.crt'), b: placeholder('cluster-id', 'base64') })),
      ],
    );
    expect(api.requests.map(({ path }) => path.split('?')[0])).toEqual([
      '/api/v1/namespaces/flannel',
      '/api/v1/namespaces/kube-system/configmaps/info',
    ]);
    expect(api.requests[1]?.body).toMatchObject({
      data: { ca: 'the "ca.crt"\n', b: Buffer.from('the "cluster-id"\n').toString('base64') },
    });
  });

  it('opens one connection for many objects at once', async () => {
    await run(
      [],
      Array.from({ length: 20 }, (_, index) => applyStep(configMap(`x${index}`))),
    );
    expect(api.objects.size).toBe(20);
    expect(api.streams).toHaveLength(1);
  });

  it('retries with an API server that has just started, and with one that closes the connection', async () => {
    const answers = [
      { status: 403, body: { message: 'no RBAC yet' } },
      'hang up' as const,
      { status: 503, body: {} },
    ];
    api.answer = ({ method }) => (method === 'PATCH' ? answers.shift() : undefined);
    const result = await run([], [applyStep(configMap('x'))]);
    expect(result).toMatchObject({ executed: 1, failures: [] });
    expect(answers).toEqual([]);
  });

  it('does not retry an object that the API refuses', async () => {
    api.answer = () => ({ status: 422, body: { message: 'spec is wrong' } });
    const result = await run([], [applyStep(configMap('x')), gate({ kind: 'api', host: 'cp-1' })]);
    expect(result.failures).toMatchObject([
      { stepId: 'cluster: ConfigMap x', error: { code: 'E-KUBE-API' } },
    ]);
    expect(result.failures[0]?.error.message).toContain('spec is wrong');
    expect(api.requests).toHaveLength(1);
  });

  it('marks a node, keeping labels and taints of others', async () => {
    const path = '/api/v1/nodes/w-1';
    api.objects.set(path, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'w-1', resourceVersion: '7' } as KubeObject['metadata'],
      spec: {
        taints: [
          { key: 'theirs', effect: 'NoExecute' },
          { key: 'mine', value: 'old', effect: 'NoSchedule' },
        ],
      },
    });
    const step: NodeStep = {
      type: 'node',
      id: 'n',
      verb: 'update',
      target: { kind: 'node', name: 'w-1' },
      reason: '',
      effects: [],
      node: 'w-1',
      operation: {
        kind: 'mark',
        annotations: {},
        labels: { zone: 'a' },
        taints: [{ key: 'mine', value: 'new', effect: 'NoSchedule' }],
      },
      timeoutSeconds: 60,
    };
    const result = await run([], [step]);
    expect(result.failures).toEqual([]);
    expect(api.requests.at(-1)).toMatchObject({
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: {
        metadata: { labels: { zone: 'a' }, resourceVersion: '7' },
        spec: { taints: [{ key: 'mine', value: 'new' }, { key: 'theirs' }] },
      },
    });
  });

  it('deletes objects that are no longer in the inventory; an object that does not exist counts as deleted', async () => {
    const path = '/apis/metallb.io/v1beta2/namespaces/metallb-system/bgppeers/tor';
    const metadata = { name: 'tor', namespace: 'metallb-system' };
    const object = { apiVersion: 'metallb.io/v1beta2', kind: 'BGPPeer', metadata };
    api.objects.set(path, object);
    const removal = (id: string): DeleteStep => ({
      type: 'delete',
      id,
      verb: 'delete',
      target: { kind: 'object', ref: object },
      reason: '',
      effects: [],
      object,
      timeoutSeconds: 60,
    });
    expect((await run([], [removal('a'), removal('b')])).failures).toEqual([]);
    expect(api.objects.has(path)).toBe(false);
  });

  it('keeps what an administrator changed in an object that was not read for the plan', async () => {
    const path = '/api/v1/namespaces/kube-system/configmaps/coredns';
    const metadata = { name: 'coredns', namespace: 'kube-system' };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: 'a' } };
    const step = applyStep(object, { keeps: [{ field: 'Corefile', plain: 'a' }] });
    expect((await run([], [step])).failures).toEqual([]);
    expect(api.requests.at(-1)).toMatchObject({ method: 'PATCH', body: { data: { Corefile: 'a' } } });
    api.objects.set(path, { ...object, data: { Corefile: 'a\nb' } });
    expect((await run([], [step])).failures).toEqual([]);
    expect(api.requests.at(-1)).toMatchObject({ method: 'PATCH', body: { data: {} } });
  });

  it('an external endpoint that does not lead to an API server fails the gate with the actual response', async () => {
    const condition = { kind: 'endpoint', address: 'api.example', port: 443 } as const;
    const result = await run([], [gate(condition, { timeoutSeconds: 0.3 }), applyStep(configMap('later'))]);
    expect(result.failures[0]?.error).toMatchObject({
      code: 'E-WAIT',
      message: expect.stringContaining('api.example:443 from w-1: ') as string,
    });
    expect([...api.objects.keys()]).toEqual([]);
  });

  it("a gate that times out reports the last observation, with the host's log", async () => {
    const node: KubeObject = {
      ...ready('Node', 'w-1'),
      status: { conditions: [{ type: 'Ready', status: 'False', message: 'cni plugin not initialized' }] },
    };
    api.objects.set('/api/v1/nodes/w-1', node);
    const result = await run([], [gate({ kind: 'node-ready', node: 'w-1' }, { timeoutSeconds: 0.3 })]);
    const error = result.failures[0]?.error;
    expect(error?.code).toBe('E-WAIT');
    expect(error?.message).toContain('cni plugin not initialized');
    expect(error?.context.detail).toContain('\n    log of w-1');
    expect(error?.context.remedy).toMatch(/^Fix the cause shown above, /);
    expect(events.findLast(({ type }) => type === 'failed')).toMatchObject({ detail: error?.context.detail });
    expect(events.filter(({ type }) => type === 'waiting')).toMatchObject([
      { seen: 'cni plugin not initialized' },
    ]);
  });

  it('checks each condition at its location', async () => {
    api.objects.set(
      '/api/v1/namespaces/kube-system/pods/etcd-cp-1',
      ready('Pod', 'etcd-cp-1', 'kube-system'),
    );
    api.objects.set('/api/v1/nodes/w-1', ready('Node', 'w-1'));
    api.objects.set('/apis/apps/v1/namespaces/kube-system/deployments/coredns', {
      ...ready('Deployment', 'coredns', 'kube-system'),
      spec: { replicas: 1 },
      status: { observedGeneration: 1, updatedReplicas: 1, readyReplicas: 1 },
    });
    const result = await run(
      [],
      [
        gate({ kind: 'api', host: 'cp-1' }),
        gate({ kind: 'load-balancer', host: 'cp-2', address: '10.0.0.12', port: 8443 }),
        gate({ kind: 'pod-ready', host: 'cp-1', namespace: 'kube-system', name: 'etcd-cp-1' }),
        gate({ kind: 'node-registered', node: 'w-1' }),
        gate({ kind: 'node-ready', node: 'w-1' }),
        gate({
          kind: 'workload-ready',
          workload: 'Deployment',
          namespace: 'kube-system',
          name: 'coredns',
        }),
      ],
    );
    expect(result).toEqual({ executed: 0, failures: [], held: [], interrupted: false });
    expect(told('done')).toHaveLength(6);
  });

  it('gates that look at the same time share what they read', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `w-${index}`);
    const podNames = names.map((name) => `kube-proxy-${name}`);
    const items = (kind: string, of: readonly string[], isReady: boolean): object[] =>
      of.map((name) => ready(kind, name, undefined, isReady ? {} : { status: {} }));
    const looks = { nodes: 0, pods: 0 };
    api.answer = ({ path }) =>
      path.startsWith('/api/v1/nodes?')
        ? { status: 200, body: { items: items('Node', names, ++looks.nodes > 2) } }
        : path.startsWith('/api/v1/namespaces/kube-system/pods?')
          ? { status: 200, body: { items: items('Pod', podNames, ++looks.pods > 2) } }
          : undefined;
    const result = await run(
      [],
      [
        ...names.map((node) => gate({ kind: 'node-ready', node })),
        ...podNames.map((name) => gate({ kind: 'pod-ready', host: 'cp-1', namespace: 'kube-system', name })),
      ],
    );
    expect(result.failures).toEqual([]);
    expect(told('done')).toHaveLength(12);
    expect(looks).toEqual({ nodes: 3, pods: 3 });
    expect(api.requests).toHaveLength(6);
  });

  it('gates that began at different times look at the same time from then on', async () => {
    const names = ['w-1', 'w-2', 'w-3', 'w-4'];
    const gates = names.map((node) => gate({ kind: 'node-ready', node }));
    const late = gates.slice(2);
    let looks = 0;
    api.answer = () => {
      if (events.some((event) => event.type === 'start' && event.step === late[0])) looks++;
      const status = looks > 3 ? {} : { status: {} };
      return { status: 200, body: { items: names.map((name) => ready('Node', name, undefined, status)) } };
    };
    const step = shellStep('w-1', 'takes a while', { script: 'sleep 0.1' });
    const phases = [
      phaseOf('early', [], { gates: gates.slice(0, 2) }),
      phaseOf('late', [[{ host: 'w-1' }, [step]]], { gates: late }),
    ];
    expect((await run([], [], { phases })).failures).toEqual([]);
    expect(told('done')).toHaveLength(5);
    expect(looks).toBe(4);
  });

  it('keeps the connection when the API refuses a list, and opens another one when it ends', async () => {
    const items = ['cp-1', 'w-1'].map((name) => ready('Node', name));
    const nodes = items.map(({ metadata }) => gate({ kind: 'node-ready', node: metadata.name }));
    const go = async (first: ReturnType<FakeApi['answer']>): Promise<number> => {
      const answers = [first];
      const before = api.streams.length;
      api.answer = () => answers.shift() ?? { status: 200, body: { items } };
      expect((await run([], nodes)).failures).toEqual([]);
      return api.streams.length - before;
    };
    expect(await go({ status: 503, body: { message: 'etcdserver: leader changed' } })).toBe(1);
    expect(events.find(({ type }) => type === 'waiting')).toMatchObject({
      seen: expect.stringContaining('the API answered 503: etcdserver: leader changed') as string,
    });
    expect(await go('hang up')).toBe(2);
  });

  it('asks nothing about hosts that failed', async () => {
    api.objects.set('/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy', {
      ...ready('DaemonSet', 'kube-proxy', 'kube-system'),
      status: { observedGeneration: 1, desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberReady: 1 },
    });
    const pod = {
      ...ready('Pod', 'kube-proxy-cp-1', 'kube-system'),
      metadata: { name: 'kube-proxy-cp-1', ownerReferences: [{ kind: 'DaemonSet', name: 'kube-proxy' }] },
      spec: { nodeName: 'cp-1' },
    };
    api.objects.set('/api/v1/nodes/cp-1', ready('Node', 'cp-1'));
    api.objects.set('/api/v1/namespaces/kube-system/pods', { ...configMap('list'), items: [pod] });
    const where = { namespace: 'kube-system', name: 'kube-proxy' };
    const result = await run(
      [],
      [
        gate({ kind: 'node-ready', node: 'w-1' }),
        gate({ kind: 'workload-ready', workload: 'DaemonSet', ...where, nodes: ['cp-1', 'w-1'] }),
      ],
      { hosts: [planHost('cp-1', 'control-plane'), planHost('w-1', 'worker', { state: 'unreachable' })] },
    );
    expect(result.failures).toEqual([]);
    expect(api.requests.map(({ path }) => path.replace(/[?&]limit=.*/, ''))).toEqual([
      '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy',
      '/api/v1/namespaces/kube-system/pods?fieldSelector=spec.nodeName%3Dcp-1',
      '/api/v1/nodes/cp-1',
    ]);
  });

  it('checks the Pods of a DaemonSet on new nodes: its own status lags', async () => {
    const pods = '/api/v1/namespaces/kube-flannel/pods';
    api.objects.set('/apis/apps/v1/namespaces/kube-flannel/daemonsets/flannel', {
      ...ready('DaemonSet', 'flannel', 'kube-flannel'),
      status: { observedGeneration: 1, desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberReady: 1 },
    });
    const podOn = (nodeName: string, owner = 'flannel'): KubeObject => {
      const pod = ready('Pod', `${owner}-${nodeName}`, 'kube-flannel');
      const ownerReferences = [{ kind: 'DaemonSet', name: owner }];
      return {
        ...pod,
        metadata: { ...pod.metadata, ownerReferences } as KubeObject['metadata'],
        spec: { nodeName },
      };
    };
    const list = (...items: readonly KubeObject[]): void => {
      api.objects.set(pods, { ...configMap('list'), items });
    };
    const go = async (nodes: readonly string[]): Promise<string | undefined> => {
      const condition: Condition = {
        kind: 'workload-ready',
        workload: 'DaemonSet',
        namespace: 'kube-flannel',
        name: 'flannel',
        nodes,
      };
      return (await run([], [gate(condition, { timeoutSeconds: 0.3 })])).failures[0]?.error.message;
    };
    list(podOn('cp-1'), podOn('w-1', 'other'));
    expect(await go(['w-1'])).toContain('its Pod on w-1 is not ready');
    list(podOn('cp-1'), podOn('w-1'));
    expect(await go(['w-1'])).toBeUndefined();
  });

  it('does not accept the old container of a Pod as the new one', async () => {
    const path = '/api/v1/namespaces/kube-system/pods/etcd-cp-1';
    const pod = (id: string): KubeObject => {
      const object = ready('Pod', 'etcd-cp-1', 'kube-system');
      return {
        ...object,
        status: { ...(object['status'] as object), containerStatuses: [{ containerID: id }] },
      };
    };
    let looks = 0;
    api.answer = (request) => {
      if (request.path !== path) return undefined;
      return { status: 200, body: pod(looks++ < 2 ? 'containerd://old' : 'containerd://new') };
    };
    const where = { host: 'cp-1', namespace: 'kube-system', name: 'etcd-cp-1' };
    const result = await run([], [gate({ kind: 'pod-ready', ...where, replaces: 'containerd://old' })]);
    expect(told('done')).toHaveLength(1);
    expect(result).toEqual({ executed: 0, failures: [], held: [], interrupted: false });
    expect(events.filter(({ type }) => type === 'waiting')).toMatchObject([
      { seen: 'the API still reports the old container' },
    ]);
  });

  it('an interrupt ends a wait', async () => {
    setTimeout(() => {
      interrupt.abort();
    }, 50);
    const result = await run([], [gate({ kind: 'node-ready', node: 'w-1' }, { timeoutSeconds: 600 })]);
    expect(result).toEqual({ executed: 0, failures: [], held: [], interrupted: true });
  });
});
