import './no-color.ts';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ApplyEvent } from '../../src/apply/events.ts';
import { phaseSeconds } from '../../src/view/phase-seconds.ts';
import { ProgressState, progressLines, showProgress } from '../../src/view/progress.ts';
import { gate, issueStep, phaseOf, plan, planHost, shellStep } from '../samples/plan.ts';
import type { Gate, Phase, Plan, ShellStep } from '../../src/plan/types.ts';

const long = shellStep('w-1', `/etc/${'very-long-folder/'.repeat(20)}x`);
const api = gate({ kind: 'api', host: 'cp-1' });
const failed = shellStep('w-2', 'kmod', { target: { kind: 'package', name: 'kmod' } });
const issue = issueStep('a', 'b', 'c');
const file = shellStep('cp-1', '/etc/kubernetes/pki/apiserver.crt');
const on = (...steps: readonly ShellStep[]): Parameters<typeof phaseOf>[1] =>
  steps.map((step) => [{ host: step.id.split(':')[0] ?? '' }, [step]] as const);
const phases: readonly Phase[] = [
  phaseOf('certificates', [['operator', [issue]]]),
  phaseOf('host', on(failed)),
  phaseOf('runtime', on(long)),
  phaseOf('control-plane', on(file)),
  phaseOf('api', [], { batches: [{ tasks: [], gates: [api] }] }),
];
const events: readonly ApplyEvent[] = [
  { at: 0, type: 'start', step: issue },
  { at: 0, type: 'done', step: issue, seconds: 0 },
  { at: 100, type: 'task', host: 'cp-1', phase: 'host', steps: 1 },
  { at: 100, type: 'task', host: 'w-1', phase: 'runtime', steps: 2 },
  { at: 100, type: 'task', host: 'w-2', phase: 'host', steps: 5 },
  { at: 2000, type: 'task-done', host: 'cp-1', phase: 'host', seconds: 1.9 },
  { at: 2000, type: 'start', step: long },
  { at: 3000, type: 'done', step: long, seconds: 1 },
  { at: 3000, type: 'start', step: long },
  { at: 3000, type: 'start', step: failed },
  { at: 3500, type: 'failed', step: failed, message: 'ended with status 1', detail: 'E: dpkg' },
  { at: 3600, type: 'waiting', step: api, seen: 'connect\nECONNREFUSED' },
];

function state(taken = events): ProgressState {
  const progress = new ProgressState(
    plan({
      hosts: [
        planHost('cp-1', 'control-plane'),
        planHost('w-1', 'worker'),
        planHost('w-2', 'worker'),
        planHost('w-3', 'worker', { state: 'unreachable' }),
      ],
      phases,
    }),
  );
  for (const event of taken) progress.take(event);
  return progress;
}

describe('progressLines', () => {
  it('shows a line per host, and what is waited for through the API', () => {
    expect(progressLines(state(), 12_400, 80).join('\n')).toMatchInlineSnapshot(`
      "  cp-1  ✓ host  2 s
        w-1   ● runtime 1/2  file /etc/very-long-folder/very-long-folder/very-l…  12 s
        w-2   ✗ host 0/5  package kmod  4 s
        API   ● waits for API server of cp-1: connect ECONNREFUSED"
    `);
  });

  it('shows what is on its way, and no longer once it has left', () => {
    const sending = { type: 'sending', host: 'w-1', what: 'binary /usr/bin/kubectl', size: 84e6 } as const;
    const half: ApplyEvent = { ...sending, at: 4000, bytes: 42e6, bytesPerSecond: 250_000 };
    expect(progressLines(state([...events, half]), 5000, 120)[1]).toBe(
      '  w-1   ● runtime 1/2  binary /usr/bin/kubectl: 42.0 MB of 84.0 MB sent, 250 kB/s, 3 min left  5 s',
    );
    const stuck: ApplyEvent = { ...half, bytesPerSecond: 0 };
    expect(progressLines(state([...events, stuck]), 5000, 120)[1]).toContain(
      '42.0 MB of 84.0 MB sent, 0 kB/s  5 s',
    );
    const whole: ApplyEvent = { ...half, bytes: 84e6 };
    expect(progressLines(state([...events, half, whole]), 5000, 120)[1]).not.toContain('kubectl');
  });

  it.each([20, 40, 80, 200])('is never wider than the terminal (%i columns)', (width) => {
    for (let count = 0; count <= events.length; count++)
      for (const line of progressLines(state(events.slice(0, count)), 999_999, width))
        if (width >= 40) expect(line.length).toBeLessThanOrEqual(width);
        else expect(line).not.toContain('\n');
  });

  it('shows more if there is more room', () => {
    const [narrow, wide] = [80, 200].map((width) => progressLines(state(), 0, width)[1] ?? '');
    expect(wide?.length).toBeGreaterThan(narrow?.length ?? 0);
    expect(narrow).toContain('…');
  });

  it('removes a gate once it is done', () => {
    const done: ApplyEvent = { at: 4000, type: 'done', step: api, seconds: 1 };
    expect(progressLines(state([...events, done]), 5000, 80).join('\n')).not.toContain('API');
  });

  it('with more hosts than lines, shows failed and active ones, and counts the others', () => {
    const names = Array.from({ length: 50 }, (_, index) => `w-${index + 1}`);
    const step = shellStep('w-40', 'kmod', { target: { kind: 'package', name: 'kmod' } });
    const hosts = names.map((name) => planHost(name, 'worker'));
    const many = new ProgressState(
      plan({
        hosts,
        phases: [
          phaseOf('host', on(step)),
          phaseOf('runtime', on(...names.map((name) => shellStep(name, 'a')))),
        ],
      }),
    );
    for (const host of names.slice(0, 40)) many.take({ at: 0, type: 'task', host, phase: 'host', steps: 2 });
    for (const host of names.slice(0, 30))
      many.take({ at: 9, type: 'task-done', host, phase: 'host', seconds: 1 });
    for (const host of names.slice(20, 30))
      many.take({ at: 9, type: 'task', host, phase: 'runtime', steps: 9 });
    many.take({ at: 1000, type: 'failed', step, message: 'no', detail: '' });
    expect(progressLines(many, 12_400, 80, 6).join('\n')).toMatchInlineSnapshot(`
      "  w-21  ✓ host  ● runtime 0/9    12 s
        w-22  ✓ host  ● runtime 0/9    12 s
        w-23  ✓ host  ● runtime 0/9    12 s
        w-24  ✓ host  ● runtime 0/9    12 s
        w-40  ✗ host 0/2  package kmod  1 s
        … 45 more hosts: 20 through host, 9 in host, 6 in runtime, 10 not started"
    `);
    expect(progressLines(many, 12_400, 80, 60)).toHaveLength(50);
  });

  it('counts other gates', () => {
    const nodes = ['w-1', 'w-2', 'w-3'].map((node): Gate => gate({ kind: 'node-ready', node }, { id: node }));
    const starts = nodes.map((step): ApplyEvent => ({ at: 4000, type: 'start', step }));
    expect(progressLines(state([...events, ...starts]), 9000, 80).at(-1)).toMatch(
      /ECONNREFUSED {2}and 3 more$/,
    );
  });

  it('names completed phases if there is room', () => {
    const done = ['host', 'runtime', 'load-balancer', 'etcd'] as const;
    const run = done.flatMap((phase): ApplyEvent[] => [
      { at: 0, type: 'task', host: 'cp-1', phase, steps: 1 },
      { at: 9, type: 'task-done', host: 'cp-1', phase, seconds: 1 },
    ]);
    const now: ApplyEvent = { at: 9, type: 'task', host: 'cp-1', phase: 'control-plane', steps: 30 };
    const taken = state([...run, now, { at: 9, type: 'start', step: file }]);
    expect([80, 140].map((width) => progressLines(taken, 9000, width)[0])).toMatchInlineSnapshot(`
      [
        "  cp-1  ✓✓✓✓  ● control-plane 0/30  file /etc/kubernetes/pki/apiserver.crt  9 s",
        "  cp-1  ✓ host  ✓ runtime  ✓ load-balancer  ✓ etcd  ● control-plane 0/30  file /etc/kubernetes/pki/apiserver.crt  9 s",
      ]
    `);
  });

  it('a lost host stays visible, with the reason', () => {
    const lost: ApplyEvent = { at: 4000, type: 'host-lost', host: 'w-1', message: 'the connection ended' };
    expect(progressLines(state([...events, lost]), 9000, 80)[1]).toContain(
      '✗ runtime 1/2  the connection ended',
    );
  });
});

describe('progress without a terminal', () => {
  it('is a line for each task of a host, gate and failure', () => {
    const stream = new PassThrough();
    const progress = showProgress(plan({ phases }), stream as unknown as NodeJS.WriteStream);
    for (const event of events) progress.take(event);
    progress.stop();
    expect(String(stream.read())).toMatchInlineSnapshot(`
      "   0.0 s  issued 3 certificates and keys into the state folder
         2.0 s  cp-1: host done in 1.9 s
         3.5 s  w-2: package kmod FAILED: ended with status 1
         3.6 s  waits for API server of cp-1: connect ECONNREFUSED
      "
    `);
  });
});

it('without a terminal, what is on its way to all hosts is one line every 10 s', () => {
  const stream = new PassThrough();
  const progress = showProgress(plan({ phases }), stream as unknown as NodeJS.WriteStream);
  const sending = { type: 'sending', what: 'binary /usr/bin/kubectl', size: 84e6 } as const;
  for (let at = 4000; at <= 34_000; at += 2000)
    for (const host of at < 24_000 ? ['w-1', 'w-2'] : ['w-2'])
      progress.take({
        ...sending,
        host,
        at,
        bytes: at < 22_000 || host === 'w-2' ? at * 1000 : 84e6,
        bytesPerSecond: 1e6,
      });
  progress.stop();
  expect(String(stream.read())).toMatchInlineSnapshot(`
    "  10.0 s  2 files: 18.0 MB of 168.0 MB sent, 2.0 MB/s, 75 s left
      20.0 s  2 files: 38.0 MB of 168.0 MB sent, 2.0 MB/s, 65 s left
      30.0 s  w-2: binary /usr/bin/kubectl: 30.0 MB of 84.0 MB sent, 1.0 MB/s, 54 s left
    "
  `);
});

it('hosts without a task have no line: the others are not waited for', () => {
  const hosts = ['w-1', 'w-2', 'w-3'].map((name) => planHost(name, 'worker'));
  const one = plan({ hosts, phases: [phaseOf('host', [[{ host: 'w-2' }, [shellStep('w-2', 'a')]]])] });
  expect(progressLines(new ProgressState(one), 0, 80).join()).toMatch(/^ {2}w-2 {3}.*$/);
});

describe('progress of many hosts without a terminal', () => {
  const names = Array.from({ length: 100 }, (_, index) => `w-${index + 1}`);
  const many = plan({
    hosts: names.map((name) => planHost(name, 'worker')),
    phases: [
      phaseOf(
        'host',
        names.map((host) => [{ host }, [shellStep(host, 'a')]] as const),
      ),
    ],
  });
  const printed = (count: number): string => {
    const stream = new PassThrough();
    const progress = showProgress(many, stream as unknown as NodeJS.WriteStream);
    for (const [index, host] of names.slice(0, count).entries())
      progress.take({ at: index * 200, type: 'task-done', phase: 'host', host, seconds: 1 });
    progress.stop();
    return String(stream.read());
  };

  it('counts them: a line every 5 s, and one at the end', () => {
    expect(printed(100)).toBe(
      [
        '   5.0 s  host: done on 26 of 100 hosts',
        '  10.0 s  host: done on 51 of 100 hosts',
        '  15.0 s  host: done on 76 of 100 hosts',
        '  19.8 s  host: done on 100 of 100 hosts',
        '',
      ].join('\n'),
    );
  });

  it('says how many there were if some did not get there', () => {
    expect(printed(3)).toBe('   0.4 s  host: done on 3 of 100 hosts\n');
  });
});

describe('phaseSeconds', () => {
  it('counts from the start of the first host to the end of the last', () => {
    const of: Plan = plan({ phases });
    expect(phaseSeconds(of, events)).toBe('certificates 0.0, host 3.4, runtime 2.9, api 0.0');
    expect(phaseSeconds(of, [])).toBe('');
  });
});
