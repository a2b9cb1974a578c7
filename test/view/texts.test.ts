import './no-color.ts';
import { describe, expect, it } from 'vitest';
import { KbootError } from '../../src/model/error.ts';
import type { ClusterStatus } from '../../src/model/status.ts';
import type { Plan } from '../../src/plan/types.ts';
import type { HostConnection } from '../../src/transport/types.ts';
import { errorsText, errorText } from '../../src/view/error-text.ts';
import { findingsText } from '../../src/view/findings-text.ts';
import { timelineOf } from '../../src/view/timeline/timeline.ts';
import { statsText } from '../../src/view/stats-text.ts';
import { statusText } from '../../src/view/status-text.ts';
import { table } from '../../src/view/table.ts';
import { remedyFields } from '../../src/model/language/text.ts';

describe('errorText', () => {
  it('shows where, what, the last lines, and the remedy', () => {
    const error = new KbootError('E-STEP', 'ended with status 100', {
      host: 'w-1',
      step: 'package kmod',
      command: 'apt-get install -y kmod',
      detail: `${Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\n')}\n`,
      remedy: { en: 'Fix the cause.\nRun it again.', zh: '解决原因。\n再次运行。' },
    });
    const text = errorText(error);
    expect(text.split('\n').slice(0, 3)).toEqual([
      '✗ w-1 · package kmod',
      '  ended with status 100',
      '    line 10',
    ]);
    expect(text.split('\n').slice(-4)).toEqual([
      '    line 29',
      '  Fix the cause.',
      '  Run it again.',
      '  (E-STEP, `kboot explain E-STEP`)',
    ]);
  });

  it('shows the diagnosis of a failed wait from its beginning, which has the cause', () => {
    const detail = Array.from({ length: 90 }, (_, index) => `line ${index}`).join('\n');
    const lines = errorText(new KbootError('E-WAIT', 'not ready', { detail })).split('\n');
    expect(lines.slice(1, -1)).toEqual(Array.from({ length: 60 }, (_, index) => `    line ${index}`));
  });

  it('is short if there is little to show', () => {
    expect(errorText(new KbootError('E-USAGE', 'Name a command.'))).toBe(
      '✗ Name a command.\n  (E-USAGE, `kboot explain E-USAGE`)',
    );
    expect(errorText(new KbootError('E-WAIT', 'not ready', { detail: ' \n' })).split('\n')).toHaveLength(2);
  });

  it('shows inventory problems in a format that editors parse', () => {
    expect(
      errorText(
        new KbootError('E-INVENTORY', 'a.yaml:1:2: bad', { remedy: { en: '1 problem', zh: '1 个问题' } }),
      ),
    ).toBe('a.yaml:1:2: bad\n1 problem');
  });
});

describe('errorsText', () => {
  const lost = (host: string, words: string): KbootError => new KbootError('E-CONNECT', words, { host });
  it('shows an error of several hosts once if only their address differs', () => {
    const text = errorsText([
      lost('w-1', '10.0.0.21:22 refuses connections'),
      lost('w-2', '10.0.0.22:22 did not answer'),
      lost('w-3', '[fd00::23]:22 refuses connections'),
      lost('w-4', 'w-4.example:2222 refuses connections'),
    ]);
    expect(text.split('\n').filter((line) => !line.includes('(E-'))).toEqual([
      '✗ w-1',
      '  10.0.0.21:22 refuses connections',
      '  The same on w-3, w-4.',
      '✗ w-2',
      '  10.0.0.22:22 did not answer',
    ]);
  });

  it('collapses repeated lines', () => {
    const waits = new KbootError('E-STEP', 'failed', { detail: 'Waiting\nWaiting\nWaiting\nGave up\n' });
    expect(errorText(waits).split('\n').slice(1, 3)).toEqual(['    Waiting (3 times)', '    Gave up']);
  });
});

describe('findingsText', () => {
  it('names hosts, what, what to do, and the check', () => {
    const base = {
      host: 'w-1',
      check: 'Tools',
      message: 'not installed: ss',
      ...remedyFields({ en: 'Install it.', zh: '安装它。' }),
    } as const;
    expect(
      findingsText([
        { ...base, level: 'error' },
        { ...base, level: 'warning' },
        { ...base, level: 'error', host: 'w-2' },
      ]),
    ).toBe(
      '✗ w-1, w-2: not installed: ss\n    Install it. (Tools)\n! w-1: not installed: ss\n    Install it. (Tools)',
    );
  });
});

const status: ClusterStatus = {
  cluster: 'prod',
  kubernetesVersion: 'v1.36.2',
  endpoint: 'https://10.0.0.100:8443',
  healthy: false,
  hosts: [
    {
      name: 'cp-1',
      roles: ['control-plane'],
      address: '10.0.0.11',
      reachable: true,
      system: 'debian 12, amd64',
      node: 'Ready',
      kubelet: 'v1.36.2',
      apiServer: 'v1.36.2',
      etcd: '3.6.8-0',
      notReady: ['etcd-cp-1'],
      problems: ["cni0 has 10.244.1.1/24; the Node's podCIDR is 10.244.3.0/24"],
    },
    {
      name: 'w-1',
      roles: ['worker'],
      address: '10.0.0.21',
      reachable: false,
      system: '-',
      node: 'NotReady',
      kubelet: '-',
      apiServer: '-',
      etcd: '-',
      notReady: [],
      problems: [],
    },
  ],
  problems: ['Deployment kube-system/coredns is scaled to 0'],
  warnings: ['Node w-1 is cordoned'],
  api: 'answers',
  etcd: 'answers',
  members: [
    { name: 'cp-1', role: 'voting', serves: true, wanted: true },
    { name: 'cp-2', role: 'learner', serves: false, wanted: true },
    { name: 'cp-9', role: 'voting', serves: false, wanted: false },
  ],
  stored: [
    { resource: 'secrets', as: 'secretbox:key2', count: 40, wanted: true },
    { resource: 'secrets', as: 'identity', count: 2, wanted: false },
  ],
  certificates: [
    { name: 'late', expires: '2027-11-20T00:00:00.000Z', daysLeft: 365 },
    { name: 'soon', expires: '2026-12-01T00:00:00.000Z', daysLeft: 10 },
  ],
};

describe('statusText', () => {
  it('shows a line per host and the certificate that expires first', () => {
    expect(statusText(status)).toMatchInlineSnapshot(`
      "prod · Kubernetes v1.36.2 · API https://10.0.0.100:8443 answers

      host  roles          address    system            node      kubelet  API server  etcd
      cp-1  control-plane  10.0.0.11  debian 12, amd64  Ready     v1.36.2  v1.36.2     3.6.8-0  not ready: etcd-cp-1
      w-1   worker         10.0.0.21  unreachable       NotReady  -        -           -

      cp-1: cni0 has 10.244.1.1/24; the Node's podCIDR is 10.244.3.0/24
      Deployment kube-system/coredns is scaled to 0
      Node w-1 is cordoned
      etcd answers: 2 voting members, cp-1, cp-2 (learner, not serving), cp-9 (not serving, not in the inventory)
      secrets in etcd: 40 encrypted with secretbox:key2
      secrets in etcd: 2 not encrypted, unlike in the inventory
      2 certificates; the first to expire is soon, in 10 days (2026-12-01)
      The cluster is not healthy; \`kboot plan\` shows what \`kboot up\` would repair."
    `);
    expect(statusText({ ...status, members: [], etcd: 'no data yet' })).toContain('\netcd: no data yet\n');
    expect(statusText({ ...status, certificates: [], healthy: true })).toContain(
      'No certificates have been issued yet.\nThe cluster is healthy.',
    );
  });
});

describe('statsText', () => {
  it('is a table of the cost of a run', () => {
    const stats = { connections: 1, execs: 3, forwards: 2, bytesUp: 2048, bytesDown: 100_000 };
    const connection = { reader: { stats } } as unknown as HostConnection;
    const done = { at: 1, type: 'task-done', host: 'cp-1', phase: 'runtime', seconds: 12.34 } as const;
    const session = { at: 2, type: 'session', host: 'w-1', cpuSeconds: 4.2 } as const;
    const connections = new Map([
      ['cp-1', connection],
      ['w-1', connection],
    ]);
    const events = [done, session];
    const timeline = timelineOf({ phases: [] } as unknown as Plan, events, [
      { what: 'start', from: -900, to: -500 },
      { what: 'reading hosts, planning', from: -500, to: 0 },
    ]);
    expect(statsText({ connections, events, timeline, cpuSeconds: 3.21 })).toMatchInlineSnapshot(`
      "host  connections  execs  forwards  KiB up  KiB down  CPU s
      cp-1            1      3         2       2        98    0.0
      w-1             1      3         2       2        98    4.2
      seconds  runtime
      cp-1        12.3
      w-1            -
      CPU time: kboot 3.2 s, its scripts on hosts 4.2 s
      Longest chain, 0.9 s: start 0.4 s → reading hosts, planning 0.5 s"
    `);
  });
});

describe('table', () => {
  it('aligns columns and leaves no trailing space', () => {
    expect(
      table(
        [
          ['a', 'bb', ''],
          ['ccc', 'd', 'e'],
        ],
        new Set([1]),
      ),
    ).toBe('a    bb\nccc   d  e');
    expect(table([])).toBe('');
  });
});
