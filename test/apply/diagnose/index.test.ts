import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { diagnose, type DiagnoseAccess } from '../../../src/apply/diagnose/index.ts';
import { maxLines, maxWidth } from '../../../src/apply/diagnose/text.ts';
import type { KubeClient, KubeResponse } from '../../../src/kube/client.ts';
import type { Condition } from '../../../src/plan/types.ts';
import type { Reader } from '../../../src/transport/types.ts';
import { crashing, event, list, pod } from '../../samples/diagnose.ts';

const conditions: readonly Condition[] = [
  { kind: 'etcd-member', host: 'cp-1' },
  { kind: 'api' },
  { kind: 'api', host: 'cp-1' },
  { kind: 'load-balancer', host: 'cp-1', address: '10.0.0.11', port: 8443 },
  { kind: 'kubelet', host: 'w-1', port: 10_248 },
  { kind: 'endpoint', address: 'api.example', port: 443 },
  { kind: 'pod-ready', host: 'cp-1', namespace: 'kube-system', name: 'etcd-cp-1' },
  { kind: 'node-registered', node: 'w-1' },
  { kind: 'node-ready', node: 'w-1' },
  { kind: 'workload-ready', workload: 'Deployment', namespace: 'kube-system', name: 'coredns' },
  {
    kind: 'workload-ready',
    workload: 'DaemonSet',
    namespace: 'kube-system',
    name: 'p',
    nodes: ['w-1', 'w-9'],
  },
];

function access(
  read: Reader['read'],
  request: (path: string) => Promise<KubeResponse>,
  kube?: () => Promise<KubeClient>,
): DiagnoseAccess {
  const client: KubeClient = { request: (_method, path) => request(path), close: () => undefined };
  const connections = new Map(
    ['cp-1', 'w-1'].map((host) => [host, { reader: { host, read } as unknown as Reader }]),
  );
  return { connections, kube: kube ?? (() => Promise.resolve(client)) };
}

/** Within its bounds, and without control sequences. */
function expectFit(text: string): void {
  const lines = text.split('\n');
  expect(lines.length).toBeLessThanOrEqual(maxLines);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(maxWidth);
  expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
  expect(text).not.toMatch(/\p{Surrogate}/u);
}

/** Strings of all kinds, as hosts and the API may return them. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\u001b]0;x\u0007',
    '\r\n',
    '../../etc/shadow',
    "'; reboot; '",
    '\u202e',
    '__proto__',
    'True',
  ),
  fc.constantFrom('\0', 'x', '\ud83d', 'ab\n').map((text) => text.repeat(5000)),
);
const anything = fc.oneof(
  { depthSize: 'small' },
  hostile,
  fc.anything({ withNullPrototype: true }),
  fc.array(fc.anything(), { maxLength: 3 }),
);

/** A stream that never ends. */
const nextOf = <T>(stream: Iterator<T>): T => stream.next().value as T;

/** An object of the API with some parts replaced. */
function mangled(sample: unknown): fc.Arbitrary<unknown> {
  if (typeof sample !== 'object' || sample === null)
    return fc.oneof({ weight: 4, arbitrary: fc.constant(sample) }, { weight: 1, arbitrary: anything });
  const whole: fc.Arbitrary<unknown> = Array.isArray(sample)
    ? fc.tuple(...sample.map(mangled))
    : fc.record(Object.fromEntries(Object.entries(sample).map(([key, value]) => [key, mangled(value)])));
  return fc.oneof({ weight: 12, arbitrary: whole }, { weight: 1, arbitrary: anything });
}

const sample = {
  ...list(
    pod('coredns-a', {
      node: 'w-1',
      containers: [crashing('coredns')],
      status: { reason: 'R', message: 'm' },
    }),
    pod('coredns-b', { phase: 'Pending', metadata: { annotations: { 'kubernetes.io/config.mirror': 'h' } } }),
    event('Warning', 'BackOff', 'm', { count: 2, series: { count: 3 } }),
  ),
  kind: 'DaemonSet',
  metadata: { uid: 'u-1', generation: 2, name: 'n', namespace: 'kube-system' },
  spec: { replicas: 3, nodeName: 'w-1', unschedulable: true, selector: { matchLabels: { a: 'b' } } },
  status: {
    observedGeneration: 2,
    desiredNumberScheduled: 4,
    phase: 'Running',
    conditions: [
      { type: 'Ready', status: 'False', reason: 'r', message: 'm' },
      { type: 'PodScheduled', status: 'False', message: 'm' },
    ],
    containerStatuses: [crashing('c')],
    initContainerStatuses: [crashing('i')],
  },
};

describe('a diagnosis of every kind of condition', () => {
  it('handles any response of the API and the hosts, and stays within its bounds', async () => {
    const status = fc.constantFrom(200, 200, 200, 200, 200, 200, 404, 500, 0);
    const answer = fc.record({
      status,
      body: fc.oneof({ weight: 6, arbitrary: mangled(sample) }, { weight: 1, arbitrary: anything }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...conditions),
        fc.infiniteStream(fc.option(answer, { freq: 10 })),
        fc.infiniteStream(fc.option(hostile, { freq: 10 })),
        async (condition, answers, outputs) => {
          let asked = 0;
          const text = await diagnose(
            condition,
            access(
              (script) => {
                const next = nextOf(outputs);
                const nonce = /@(\w{24}) /.exec(script)?.[1] ?? '';
                const stdout = `${next ?? ''}\n@${nonce} container 0 0\n${next ?? ''}\n@${nonce} journal 0\n${next ?? ''}`;
                return next === null
                  ? Promise.reject(new Error('\u001b[2J gone'))
                  : Promise.resolve({ stdout, stderr: '', exitCode: 0 });
              },
              () => {
                asked++;
                const next = nextOf(answers);
                return next === null ? Promise.reject(new Error('\u001b[2J gone')) : Promise.resolve(next);
              },
            ),
          );
          expectFit(text);
          expect(text).not.toContain('could not be determined');
          expect(asked).toBeLessThan(30);
        },
      ),
      { numRuns: 400 },
    );
  }, 60_000);

  it('handles lists of any length', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) =>
      pod(`p-${i}`, { node: `w-${i % 7}`, containers: Array.from({ length: 50 }, () => crashing('c')) }),
    );
    const body = { ...sample, items: many };
    const noise = { stdout: 'x\n'.repeat(500_000), stderr: '', exitCode: 0 };
    for (const condition of conditions)
      expectFit(
        await diagnose(
          condition,
          access(
            () => Promise.resolve(noise),
            () => Promise.resolve({ status: 200, body }),
          ),
        ),
      );
  }, 60_000);

  it('has a line for each failed read', async () => {
    const broken = access(
      () => Promise.reject(new Error('the connection is lost')),
      () => Promise.reject(new Error('unused')),
      () => {
        throw new Error('no API server answers');
      },
    );
    for (const condition of conditions) {
      const text = await diagnose(condition, broken);
      expect(text, condition.kind).toMatch(/the connection is lost|no API server answers/);
      expect(text.split('\n').length, condition.kind).toBeLessThan(6);
    }
  });
});

describe('in time', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
  });

  const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
  const slowly = <T>(value: T): Promise<T> =>
    new Promise((resolve) => {
      setTimeout(() => {
        resolve(value);
      }, 4_900);
    });

  it.each([
    ['nothing responds', access(never, never)],
    ['not even the API can be opened', access(never, never, never)],
    [
      'all responses are slow',
      access(
        () => slowly({ stdout: '', stderr: '', exitCode: 0 }),
        () => slowly({ status: 200, body: sample }),
      ),
    ],
  ])('every lookup ends when %s', async (_, slow) => {
    for (const condition of conditions) {
      const began = Date.now();
      let ended = Infinity;
      const running = diagnose(condition, slow).finally(() => (ended = Date.now()));
      await vi.runAllTimersAsync();
      expectFit(await running);
      expect(ended - began, condition.kind).toBeLessThanOrEqual(18_000);
    }
  });

  it('opening the API may take longer than a request: several API servers may be tried', async () => {
    const client = { request: () => Promise.resolve({ status: 404, body: {} }), close: () => undefined };
    const late = new Promise<KubeClient>((resolve) => {
      setTimeout(() => {
        resolve(client);
      }, 7_000);
    });
    const running = diagnose(
      { kind: 'node-registered', node: 'w-1' },
      access(never, never, () => late),
    );
    await vi.runAllTimersAsync();
    expect(await running).toContain('the API has no Node w-1');
  });

  it('names the reads that timed out', async () => {
    const running = diagnose({ kind: 'node-ready', node: 'w-1' }, access(never, never));
    await vi.runAllTimersAsync();
    expect(await running).toBe(
      'Node w-1 could not be read: no answer in 5 s\nthe logs of w-1 could not be read: no answer in 9 s',
    );
  });
});
