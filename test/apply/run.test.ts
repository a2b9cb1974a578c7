import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApplyContext } from '../../src/apply/context.ts';
import type { ApplyEvent } from '../../src/apply/events.ts';
import { applyPlan, type ApplyResult } from '../../src/apply/run.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { KbootError } from '../../src/model/error.ts';
import type { Hook } from '../../src/model/cluster.ts';
import type { Stage } from '../../src/model/stage.ts';
import type { ClusterStep, Condition, HostStep, Plan, Turn } from '../../src/plan/types.ts';
import { operatorSteps } from '../../src/plan/operator-steps.ts';
import { placeholder } from '../../src/resource/placeholder.ts';
import { staleStatus } from '../../src/resource/prelude.ts';
import type { HostConnection } from '../../src/transport/types.ts';
import { fakePki, startApi, type FakeApi, type FakePki } from '../kube/api-server.ts';
import { configMap, hostStep, objectStep, plan, planHost, waitStep } from '../plan/sample.ts';
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

/** What a diagnosis reads of a host's second unit, the kubelet. */
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
        bundle: undefined,
      }),
    etcdCredentials: () => Promise.reject(new Error('not in this test')),
    keepSnapshot: () => Promise.reject(new Error('not in this test')),
    operator: () => Promise.resolve(),
    emit: (event) => events.push(event),
    signal: interrupt.signal,
    ...more,
  };
}

const run = (
  hostSteps: readonly HostStep[],
  clusterSteps: readonly ClusterStep[] = [],
  more: Partial<Plan> = {},
): Promise<Awaited<ReturnType<typeof applyPlan>>> =>
  applyPlan(
    plan({
      hosts: [
        planHost('cp-1', 'control-plane'),
        planHost('cp-2', 'control-plane'),
        planHost('w-1', 'worker'),
      ],
      hostSteps,
      clusterSteps,
      ...more,
    }),
    context(),
  );
const log = (name: string, word: string): string => `echo ${word} >> ${host(name).path('log')}`;
const told = (type: Happened['type']): string[] =>
  events.flatMap((event) => (event.type === type && 'step' in event ? [event.step.id] : []));

describe('applyPlan on hosts', () => {
  it('runs the steps of each host by stage, in order', async () => {
    const result = await run([
      hostStep('cp-1', 'two', { stage: 'runtime', script: log('cp-1', 'two') }),
      hostStep('cp-1', 'one', { stage: 'host', script: log('cp-1', 'one') }),
      hostStep('cp-1', 'three', { stage: 'runtime', script: log('cp-1', 'three') }),
      hostStep('w-1', 'one', { stage: 'node', script: log('w-1', 'one') }),
    ]);
    expect(result).toEqual({ executed: 4, failures: [], held: [], interrupted: false });
    expect(host('cp-1').text('log')).toBe('one\ntwo\nthree\n');
    expect(host('w-1').text('log')).toBe('one\n');
    expect(host('cp-1').commands).toHaveLength(1);
    expect(host('cp-2').commands).toHaveLength(0);
    const ended = events.flatMap((event) =>
      event.type === 'stage-done' ? [`${event.host} ${event.stage}`] : [],
    );
    expect(ended.filter((each) => each.startsWith('cp-1'))).toEqual(['cp-1 host', 'cp-1 runtime']);
    expect(ended).toContain('w-1 node');
  });

  it('a step that fails ends its host, and no other', async () => {
    const result = await run([
      hostStep('cp-1', 'before'),
      hostStep('cp-1', 'bad', { script: 'echo because >&2; exit 4' }),
      hostStep('cp-1', 'after', { script: log('cp-1', 'after') }),
      hostStep('cp-1', 'later', { stage: 'runtime', script: log('cp-1', 'later') }),
      hostStep('w-1', 'good', { script: log('w-1', 'good') }),
      hostStep('w-1', 'more', { stage: 'runtime', script: log('w-1', 'more') }),
    ]);
    expect(result.executed).toBe(3);
    expect(result.failures).toHaveLength(1);
    expect(result.failures[0]).toMatchObject({ host: 'cp-1', stepId: 'bad', error: { code: 'E-STEP' } });
    expect(result.failures[0]?.error.context).toMatchObject({ step: 'bad', detail: 'because' });
    expect(host('cp-1').text('log')).toBeUndefined();
    expect(host('w-1').text('log')).toBe('good\nmore\n');
    expect(told('failed')).toEqual(['cp-1: bad']);
    expect(told('skipped')).toEqual(['cp-1: after']);
  });

  it('a basis that no longer holds is E-STALE', async () => {
    const script = `kb_basis ${host('cp-1').path('f')} ${'0'.repeat(64)}`;
    const result = await run([hostStep('cp-1', 'file /f', { script })]);
    expect(staleStatus).toBe(75);
    expect(result.failures[0]?.error).toMatchObject({ code: 'E-STALE', exit: 6 });
    expect(result.failures[0]?.error.message).toContain('changed since the plan was made');
  });

  it('a full disk is called so, even when it ends the session', async () => {
    const result = await run([
      hostStep('cp-1', 'a', { script: 'echo "cp: x: No space left on device"; exit 1' }),
      hostStep('w-1', 'b', { payload: { path: '/dev/full/x', content: { kind: 'text', text: 'x' } } }),
      hostStep('w-1', 'c'),
      hostStep('w-1', 'd'),
    ]);
    const of = (name: string): KbootError | undefined =>
      result.failures.find((each) => each.host === name)?.error;
    expect(of('cp-1')?.message).toBe('no space is left on the disk');
    // The payload that could not be written says why; that the session ended is its consequence.
    expect(of('w-1')).toMatchObject({ code: 'E-STEP', context: { step: 'b' } });
  });

  it('a host that goes away is lost, and the others go on', async () => {
    const running = run([
      hostStep('cp-1', 'kill', { script: 'kill -9 $(ps -o ppid= -p $PPID)' }),
      hostStep('cp-1', 'after'),
      hostStep('w-1', 'good', { script: log('w-1', 'good') }),
    ]);
    const result = await running;
    expect(result.failures).toMatchObject([{ host: 'cp-1', error: { code: 'E-CONNECT' } }]);
    expect(events.filter(({ type }) => type === 'host-lost')).toHaveLength(1);
    expect(host('w-1').text('log')).toBe('good\n');
  });

  it('puts secrets and facts where they belong and shows them nowhere', async () => {
    const path = host('cp-1').path('sa.key');
    const text = host('cp-1').path('text');
    const result = await run([
      hostStep('cp-1', 'file sa.key', {
        payload: { path, content: { kind: 'secret', name: 'cp-1:sa.key', digest: null } },
      }),
      hostStep('cp-1', 'file text', {
        payload: { path: text, content: { kind: 'text', text: `x: ${placeholder('ca.crt')}` } },
      }),
    ]);
    expect(result.failures).toEqual([]);
    expect(host('cp-1').text('sa.key')).toBe(secret);
    expect(host('cp-1').text('text')).toBe('x: the "ca.crt"\n');
    expect(JSON.stringify(events)).not.toContain(secret);
  });

  it('without a secret that a step needs, nothing of that stage begins on its host', async () => {
    const content = { kind: 'secret', name: 'cp-1:gone', digest: null } as const;
    const result = await run([
      hostStep('cp-1', 'before', { script: log('cp-1', 'before') }),
      hostStep('cp-1', 'needs', { payload: { path: host('cp-1').path('x'), content } }),
      hostStep('cp-1', 'after', { script: log('cp-1', 'after') }),
    ]);
    expect(result.failures).toMatchObject([{ host: 'cp-1', error: { code: 'E-STATE' } }]);
    expect(host('cp-1').text('log')).toBeUndefined();
  });

  it('takes nothing up again after an interrupt', async () => {
    const result = await applyPlan(
      plan({
        hosts: [planHost('cp-1', 'control-plane')],
        hostSteps: [
          hostStep('cp-1', 'first', { script: log('cp-1', 'first') }),
          hostStep('cp-1', 'second', { stage: 'runtime', script: log('cp-1', 'second') }),
        ],
        clusterSteps: [objectStep(configMap('x'))],
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

  it('an interrupt leaves out what is not on its way to the host yet', async () => {
    const slow = hostStep('cp-1', 'slow', { script: `sleep 0.4; ${log('cp-1', 'slow')}` });
    // Larger than what a pipe takes: the second waits behind the first, and so do those after it.
    const large = { kind: 'text', text: 'x'.repeat(1 << 20) } as const;
    const later = ['second', 'third', 'fourth'].map((name) =>
      hostStep('cp-1', name, {
        script: log('cp-1', name),
        payload: { path: host('cp-1').path(name), content: large },
      }),
    );
    const result = await applyPlan(
      plan({ hosts: [planHost('cp-1', 'control-plane')], hostSteps: [slow, ...later] }),
      context({
        emit(event) {
          events.push(event);
          if (event.type === 'start' && event.step === slow)
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

  it('hooks on this machine: first of all, after their stage, and last when all went well', async () => {
    const order: string[] = [];
    const hook = (name: string, when: Hook['when'], stage: Stage): Hook => ({
      ...{ name, when, stage, on: 'operator', run: 'true', timeoutSeconds: 20 },
    });
    const hooks = [hook('first', 'before', 'host'), hook('last', 'after', 'addon')];
    const steps = operatorSteps(hooks, new Set(), true);
    const more = (fails?: string): Partial<ApplyContext> => ({
      operator: (step) => {
        order.push(step.resource);
        return step.resource === fails ? Promise.reject(new KbootError('E-STEP', 'no')) : Promise.resolve();
      },
      emit: (event) => {
        if (event.type === 'done' && event.step.type === 'host') order.push(event.step.resource);
      },
    });
    const go = (fails?: string, script = ':'): Promise<ApplyResult> =>
      applyPlan(
        plan({ hostSteps: [hostStep('cp-1', 'file /a', { script })], operatorSteps: steps }),
        context(more(fails)),
      );
    expect(await go()).toMatchObject({ executed: 3, failures: [] });
    expect(order.splice(0)).toEqual(['hook first', 'file /a', 'hook last']);
    expect(await go('hook first')).toMatchObject({ executed: 0, failures: [{ error: { code: 'E-STEP' } }] });
    expect(order.splice(0)).toEqual(['hook first']);
    expect((await go(undefined, 'exit 1')).failures).toHaveLength(1);
    expect(order).toEqual(['hook first']);
  });

  it('issues first, and says how much', async () => {
    await run([hostStep('cp-1', 'a')], [], { issue: ['ca', 'sa'] });
    expect(events[0]).toEqual({ type: 'issued', count: 2 });
  });
});

describe('applyPlan with hosts that take turns', () => {
  const turn = (host: string, from: Stage): Turn => ({
    host,
    from,
    waits: [waitStep({ kind: 'node-ready', node: host }, { id: `${host}: waits`, timeoutSeconds: 0.6 })],
  });
  const both = { roll: [turn('cp-2', 'etcd'), turn('cp-1', 'etcd')] };
  const steps = ['cp-1', 'cp-2', 'w-1'].flatMap((name) => [
    hostStep(name, 'early', { stage: 'runtime' }),
    hostStep(name, 'restart', { stage: 'etcd', script: 'sleep 0.2' }),
  ]);
  const told = (): string[] =>
    events.flatMap((event) =>
      'step' in event && event.type !== 'waiting' ? [`${event.type} ${event.step.id}`] : [],
    );
  const before = (first: string, second: string): void => {
    expect(told()).toContain(first);
    expect(told().indexOf(first)).toBeLessThan(told().indexOf(second));
  };

  it('the next begins when the former is well again; what disturbs nothing, and other hosts, do not wait', async () => {
    let looks = 0;
    api.answer = ({ path }) =>
      path.startsWith('/api/v1/nodes/')
        ? {
            status: 200,
            body: ready('Node', 'x', undefined, path.endsWith('cp-2') && looks++ < 1 ? { status: {} } : {}),
          }
        : undefined;
    const result = await run(steps, [objectStep(configMap('x'))], both);
    expect(result).toEqual({ executed: 9, failures: [], held: [], interrupted: false });
    expect(looks).toBe(2);
    before('done cp-2: restart', 'done cp-2: waits');
    before('done cp-2: waits', 'start cp-1: restart');
    before('done cp-1: early', 'done cp-2: waits');
    before('done w-1: restart', 'start cp-1: restart');
    before('done cp-1: waits', 'start cluster: ConfigMap x');
  });

  it.each([
    ['is not well again', steps, 'cp-2: waits'],
    [
      'fails',
      steps.map((step) => (step.id === 'cp-2: restart' ? { ...step, script: 'exit 1' } : step)),
      'cp-2: restart',
    ],
    [
      'fails before its turn',
      steps.map((step) => (step.id === 'cp-2: early' ? { ...step, script: 'exit 1' } : step)),
      'cp-2: early',
    ],
  ])('a host that %s stops the roll: those after it are left alone', async (_what, hostSteps, failed) => {
    const result = await run(hostSteps, [objectStep(configMap('x'))], both);
    expect(result).toMatchObject({ failures: [{ host: 'cp-2' }], held: ['cp-1'] });
    expect(result.failures[0]?.error.context.host).toBe('cp-2');
    expect(told()).toContain(`failed ${failed}`);
    expect(told()).toContain('skipped cp-1: restart');
    expect(told()).not.toContain('start cp-1: restart');
    expect(told()).toContain('done w-1: restart');
    expect(told()).toContain('skipped cluster: ConfigMap x');
  });

  it('an interrupt leaves the next alone', async () => {
    const result = await applyPlan(
      plan({
        hosts: [planHost('cp-1', 'control-plane'), planHost('cp-2', 'control-plane')],
        hostSteps: steps.slice(0, 4),
        ...both,
      }),
      context({
        emit(event) {
          events.push(event);
          if (event.type === 'start' && event.step.id === 'cp-2: waits') interrupt.abort();
        },
      }),
    );
    expect(result).toMatchObject({ failures: [], held: ['cp-1'], interrupted: true });
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
  it('waits for the control plane to come through the stage, not for other hosts', async () => {
    api.answer = ({ method }) => {
      if (method === 'PATCH') events.push({ type: 'issued', count: -1 });
      return undefined;
    };
    const result = await run(
      [
        hostStep('cp-1', 'slow', { stage: 'control-plane', script: 'sleep 0.3' }),
        hostStep('w-1', 'slower', { stage: 'node', script: 'sleep 1' }),
      ],
      [objectStep(configMap('x'))],
    );
    expect(result).toMatchObject({ executed: 3, failures: [] });
    const order = events.map((event) =>
      event.type === 'issued' ? 'patch' : 'step' in event ? `${event.type} ${event.step.resource}` : '',
    );
    expect(order.indexOf('patch')).toBeGreaterThan(order.indexOf('done slow'));
    expect(order.indexOf('patch')).toBeLessThan(order.indexOf('done slower'));
  });

  it("goes on with one control plane of two, and does not wait for the other's node", async () => {
    api.objects.set('/api/v1/nodes/cp-1', ready('Node', 'cp-1'));
    const result = await run(
      [
        hostStep('cp-1', 'bad', { stage: 'host', script: 'exit 1' }),
        hostStep('cp-2', 'good', { stage: 'control-plane' }),
      ],
      [
        waitStep({ kind: 'api', host: 'cp-1' }),
        objectStep(configMap('x')),
        waitStep({ kind: 'node-ready', node: 'cp-1' }, { stage: 'addon' }),
        objectStep(configMap('y'), { stage: 'addon' }),
      ],
    );
    expect(result.failures.map((failure) => failure.host)).toEqual(['cp-1']);
    expect(told('skipped').filter((id) => id.startsWith('cluster'))).toHaveLength(2);
    expect([...api.objects.keys()].filter((path) => path.includes('configmaps'))).toHaveLength(2);
  });

  it('touches the API not at all when no control plane came that far', async () => {
    const result = await run(
      [hostStep('cp-1', 'bad', { script: 'exit 1' }), hostStep('cp-2', 'bad', { script: 'exit 1' })],
      [objectStep(configMap('x')), waitStep({ kind: 'api', host: 'cp-1' })],
    );
    expect(result.failures).toHaveLength(2);
    expect(api.requests).toEqual([]);
    expect(told('skipped')).toHaveLength(2);
  });

  it("an unreachable host is left out, and so are its node's steps", async () => {
    const result = await run([], [waitStep({ kind: 'node-ready', node: 'w-1' })], {
      hosts: [planHost('cp-1', 'control-plane'), planHost('w-1', 'worker', { state: 'unreachable' })],
    });
    expect(result).toEqual({ executed: 0, failures: [], held: [], interrupted: false });
    expect(told('skipped')).toHaveLength(1);
  });

  it('applies namespaces before what lives in them, and fills facts in', async () => {
    const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'flannel' } };
    await run(
      [],
      [
        objectStep(namespace),
        objectStep(configMap('info', { ca: placeholder('ca.crt'), b: placeholder('cluster-id', 'base64') })),
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
      Array.from({ length: 20 }, (_, index) => objectStep(configMap(`x${index}`))),
    );
    expect(api.objects.size).toBe(20);
    expect(api.streams).toHaveLength(1);
  });

  it('bears with an API server that has just begun, and with one that hangs up', async () => {
    const answers = [
      { status: 403, body: { message: 'no RBAC yet' } },
      'hang up' as const,
      { status: 503, body: {} },
    ];
    api.answer = ({ method }) => (method === 'PATCH' ? answers.shift() : undefined);
    const result = await run([], [objectStep(configMap('x'))]);
    expect(result).toMatchObject({ executed: 1, failures: [] });
    expect(answers).toEqual([]);
  });

  it('does not bear with an object that the API refuses', async () => {
    api.answer = () => ({ status: 422, body: { message: 'spec is wrong' } });
    const result = await run([], [objectStep(configMap('x')), waitStep({ kind: 'api', host: 'cp-1' })]);
    expect(result.failures).toMatchObject([{ stepId: 'ConfigMap x', error: { code: 'E-KUBE-API' } }]);
    expect(result.failures[0]?.error.message).toContain('spec is wrong');
    expect(api.requests).toHaveLength(1);
  });

  it('marks a node, keeping what others put on it', async () => {
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
    const step: ClusterStep = {
      ...{ annotations: {} },
      type: 'node',
      id: 'n',
      stage: 'node',
      verb: 'update',
      resource: 'Node w-1',
      reason: '',
      node: 'w-1',
      labels: { zone: 'a' },
      taints: [{ key: 'mine', value: 'new', effect: 'NoSchedule' }],
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

  it('deletes what the inventory wants no more, and takes what is gone already for done', async () => {
    const path = '/apis/metallb.io/v1beta2/namespaces/metallb-system/bgppeers/tor';
    const metadata = { name: 'tor', namespace: 'metallb-system' };
    const object = { apiVersion: 'metallb.io/v1beta2', kind: 'BGPPeer', metadata };
    api.objects.set(path, object);
    const removal = (id: string): ClusterStep => ({
      type: 'remove-object',
      id,
      stage: 'addon',
      verb: 'delete',
      resource: 'BGPPeer metallb-system/tor',
      reason: '',
      object,
    });
    expect((await run([], [removal('a'), removal('b')])).failures).toEqual([]);
    expect(api.objects.has(path)).toBe(false);
  });

  it('an outside endpoint that leads to no API server ends the wait with what is there', async () => {
    const condition = { kind: 'endpoint', address: 'api.example', port: 443 } as const;
    const result = await run(
      [],
      [waitStep(condition, { timeoutSeconds: 0.3 }), objectStep(configMap('later'), { stage: 'addon' })],
    );
    expect(result.failures[0]?.error).toMatchObject({
      code: 'E-WAIT',
      message: expect.stringContaining('api.example:443 from w-1: ') as string,
    });
    expect([...api.objects.keys()]).toEqual([]);
  });

  it("a wait that runs out says what was seen last, with the host's log", async () => {
    const node: KubeObject = {
      ...ready('Node', 'w-1'),
      status: { conditions: [{ type: 'Ready', status: 'False', message: 'cni plugin not initialized' }] },
    };
    api.objects.set('/api/v1/nodes/w-1', node);
    const result = await run([], [waitStep({ kind: 'node-ready', node: 'w-1' }, { timeoutSeconds: 0.3 })]);
    const error = result.failures[0]?.error;
    expect(error?.code).toBe('E-WAIT');
    expect(error?.message).toContain('cni plugin not initialized');
    expect(error?.context.detail).toContain('\n    log of w-1');
    expect(error?.context.remedy).toMatch(/^Fix the cause shown above, /);
    expect(events.at(-1)).toMatchObject({ type: 'failed', detail: error?.context.detail });
    expect(events.filter(({ type }) => type === 'waiting')).toMatchObject([
      { seen: 'cni plugin not initialized' },
    ]);
  });

  it('looks at each condition where it stands', async () => {
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
        waitStep({ kind: 'api', host: 'cp-1' }),
        waitStep({ kind: 'load-balancer', host: 'cp-2', address: '10.0.0.12', port: 8443 }),
        waitStep({ kind: 'pod-ready', host: 'cp-1', namespace: 'kube-system', name: 'etcd-cp-1' }),
        waitStep({ kind: 'node-registered', node: 'w-1' }),
        waitStep({ kind: 'node-ready', node: 'w-1' }),
        waitStep({
          kind: 'workload-ready',
          workload: 'Deployment',
          namespace: 'kube-system',
          name: 'coredns',
        }),
      ],
    );
    expect(result).toEqual({ executed: 6, failures: [], held: [], interrupted: false });
  });

  it('asks for the Pods of a DaemonSet on the nodes that come: its own count is late', async () => {
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
      return (await run([], [waitStep(condition, { timeoutSeconds: 0.3 })])).failures[0]?.error.message;
    };
    list(podOn('cp-1'), podOn('w-1', 'other'));
    expect(await go(['w-1'])).toContain('its Pod on w-1 is not ready');
    list(podOn('cp-1'), podOn('w-1'));
    expect(await go(['w-1'])).toBeUndefined();
  });

  it('does not take the former container of a Pod for the new one', async () => {
    const path = '/api/v1/namespaces/kube-system/pods/etcd-cp-1';
    const pod = (id: string): KubeObject => {
      const object = ready('Pod', 'etcd-cp-1', 'kube-system');
      return {
        ...object,
        status: { ...(object['status'] as object), containerStatuses: [{ containerID: id }] },
      };
    };
    api.objects.set(path, pod('containerd://old'));
    setTimeout(() => api.objects.set(path, pod('containerd://new')), 300);
    const where = { host: 'cp-1', namespace: 'kube-system', name: 'etcd-cp-1' };
    const result = await run([], [waitStep({ kind: 'pod-ready', ...where, former: 'containerd://old' })]);
    expect(result).toEqual({ executed: 1, failures: [], held: [], interrupted: false });
    expect(events.filter(({ type }) => type === 'waiting')).toMatchObject([
      { seen: 'the API still tells of the former container' },
    ]);
  });

  it('an interrupt ends a wait', async () => {
    setTimeout(() => {
      interrupt.abort();
    }, 50);
    const result = await run([], [waitStep({ kind: 'node-ready', node: 'w-1' }, { timeoutSeconds: 600 })]);
    expect(result).toEqual({ executed: 0, failures: [], held: [], interrupted: true });
  });
});
