import './no-color.ts';
import { describe, expect, it } from 'vitest';
import type { ApplyStep, HookStep, IssueStep, Phase, Plan, ShellStep, Target } from '../../src/plan/types.ts';
import { planText } from '../../src/view/plan-text.ts';
import { applyStep, configMap, gate, phaseOf, plan, planHost, shellStep } from '../samples/plan.ts';

const secretContent = (name: string): { kind: 'secret'; name: string; digest: string } => ({
  kind: 'secret',
  name,
  digest: 'ab'.repeat(32),
});
/** A step with a target such as `package kmod`. */
const step = (host: string, resource: string, more: Partial<ShellStep> = {}): ShellStep => {
  const [kind = '', name = ''] = resource.split(' ');
  return shellStep(host, resource, { target: { kind, name } as Target, ...more });
};
const pki = (name: string): ShellStep =>
  step('cp-1', `file /etc/kubernetes/pki/${name}`, {
    reason: `secret cp-1:${name}, sha256 abababababab`,
    payload: { path: '/x', content: secretContent(`cp-1:${name}`) },
  });
const issue: IssueStep = {
  ...{ type: 'issue', id: 'c', verb: 'create', reason: 'issued here, never shown', effects: [] },
  target: { kind: 'certificates', name: 'state folder' },
  ...{ certificates: ['ca', 'sa', 'hosts/cp-1/apiserver'], timeoutSeconds: 60 },
};
/** Steps on hosts in one phase, each host's in order. */
const hosts = (id: string, ...steps: readonly ShellStep[]): Phase => {
  const names = [...new Set(steps.map((each) => each.id.split(':')[0] ?? ''))];
  return phaseOf(
    id,
    names.map((host) => [{ host }, steps.filter((each) => each.id.startsWith(`${host}:`))] as const),
  );
};
const api = (id: string, ...steps: readonly ApplyStep[]): Phase =>
  phaseOf(
    id,
    steps.map((each) => ['cluster', [each]] as const),
  );
const restarts = (
  host: string,
  component: 'containerd' | 'kube-apiserver' | 'etcd' | 'kube-scheduler' | 'kubelet',
) => step(host, `unit ${component}`, { verb: 'restart', effects: [{ component, kind: 'restart' }] });

const sample = plan({
  hosts: [
    planHost('cp-1', 'control-plane'),
    planHost('w-1', 'worker'),
    planHost('w-2', 'worker', { state: 'unreachable' }),
  ],
  phases: [
    phaseOf('certificates', [['operator', [issue]]], { title: 'state folder' }),
    hosts(
      'host',
      step('cp-1', 'package kmod', { reason: "from the distribution's packages" }),
      step('w-1', 'package kmod', { reason: "from the distribution's packages" }),
      step('w-1', 'swap swap', { verb: 'update', reason: 'off now: /dev/sda2' }),
    ),
    hosts(
      'runtime',
      step('w-1', 'file /etc/containerd/config.toml', {
        verb: 'update',
        reason: '3 lines',
        diff: '--- a\n+++ a\n@@ -1 +1 @@\n-old\n+new',
        script: 'kb_expect …\nkb_install …',
      }),
      { ...restarts('w-1', 'containerd'), reason: 'a file that it reads changes' },
    ),
    hosts('control-plane', ...['a.crt', 'a.key', 'b.crt', 'b.key'].map(pki)),
    phaseOf('api', [], {
      title: 'control-plane',
      batches: [{ tasks: [], gates: [gate({ kind: 'api', host: 'cp-1' })] }],
    }),
    api('addon', applyStep(configMap('coredns'), { verb: 'update', reason: 'differs at data.Corefile' })),
  ],
  warnings: ['certificates expire soon'],
});
const text = (verbose = false, of = sample): string => planText(of, { verbose, command: 'kboot up x.yaml' });

describe('planText', () => {
  it('is a plan for people', () => {
    expect(text()).toMatchInlineSnapshot(`
      "test · Kubernetes v1.36.2 · 1 control plane, 2 workers · API https://10.0.0.11:6443

      state folder    this machine
        + pki         3 certificates and keys, issued here, never shown

      host            cp-1, w-1
        + package     kmod  from the distribution's packages
        ~ swap        swap  off now: /dev/sda2  [w-1]

      runtime         w-1
        ~ file        /etc/containerd/config.toml  3 lines
            --- a
            +++ a
            @@ -1 +1 @@
            -old
            +new
        ! unit        containerd  a file that it reads changes

      control-plane   cp-1
        + file        4 certificates, keys and kubeconfigs under /etc/kubernetes (by name: --verbose)

      control-plane   through the API
        … wait        API server of cp-1  20 s at most

      addon           through the API
        ~ object      ConfigMap kube-system/coredns  differs at data.Corefile

      warning certificates expire soon
      Not in this plan, because they could not be read: w-2.
      Plan: 11 steps on 2 hosts, through the API and on this machine (7 to create, 3 to update, 1 to restart, 1 to wait for). Restarts containerd on w-1.
      Nothing has been changed. \`kboot up x.yaml\` applies this plan."
    `);
  });

  it('shows scripts and collapsed names with --verbose', () => {
    expect(text()).not.toContain('a.key');
    const all = text(true);
    for (const word of ['$ kb_install …', '/etc/kubernetes/pki/a.key', 'hosts/cp-1/apiserver', 'cp-1:b.key'])
      expect(all).toContain(word);
  });

  it('has no colours or control characters without --color', () => {
    expect(text(true)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });

  it('is one line if there is nothing to do', () => {
    expect(text(false, plan()).split('\n').at(-1)).toBe(
      'test: nothing to do (2 hosts, 20 resources checked)',
    );
  });

  it('does not claim that there is nothing to do if hosts are missing', () => {
    const blind = plan({
      hosts: [planHost('cp-1', 'control-plane'), planHost('w-1', 'worker', { state: 'unreachable' })],
    });
    expect(text(false, blind)).toContain('Not in this plan, because they could not be read: w-1.');
    expect(text(false, blind)).toContain('nothing to do (1 host,');
  });

  it('counts the hosts that steps are on, not those that were only read', () => {
    const onHost = hosts('host', step('w-1', 'package kmod'));
    const through = api('addon', applyStep(configMap('coredns')));
    const hook: HookStep = {
      ...{ type: 'hook', id: 'h', verb: 'run', target: { kind: 'hook', name: 'smoke' }, effects: [] },
      ...{ reason: '', command: 'true', timeoutSeconds: 60 },
    };
    const summary = (...phases: readonly Phase[]): string =>
      /Plan: .*? \(/.exec(text(false, plan({ phases })))?.[0].slice(6, -2) ?? '';
    expect(summary(onHost)).toBe('1 step on 1 host');
    expect(summary(onHost, through)).toBe('2 steps on 1 host and through the API');
    expect(summary(through)).toBe('1 step through the API');
    expect(summary(onHost, through, phaseOf('hooks', [['operator', [hook]]]))).toBe(
      '3 steps on 1 host, through the API and on this machine',
    );
  });

  it('shows the disruption of running workloads', () => {
    const said = (...steps: readonly ShellStep[]): string =>
      text(false, plan({ phases: [hosts('host', ...steps)] }));
    expect(text()).toContain('Restarts containerd on w-1.');
    expect(said(step('w-1', 'package kmod'))).toContain('No running workload is touched.');
    expect(said(restarts('cp-1', 'etcd'))).toContain('Restarts etcd on cp-1.');
    const mode = step('cp-1', 'static-pod etcd', { verb: 'update', reason: 'mode 644 becomes 600' });
    expect(said(mode)).toContain('No running workload is touched.');
    const many = Array.from({ length: 7 }, (_, index) => restarts(`w-${index}`, 'kubelet'));
    expect(said(...many)).toContain('and 2 more.');
    const effects = [{ component: 'coredns', kind: 'restart' }] as const;
    const rolled = api('addon', applyStep(configMap('x'), { effects }));
    expect(text(false, plan({ phases: [rolled] }))).toContain('Rolls out coredns.');
  });

  it('shows which hosts go one after another, and with --verbose the gates of each', () => {
    const batches = ['cp-1', 'cp-2'].map((host) => ({
      tasks: [{ on: { host }, steps: [step(host, 'unit x')] }],
      gates: [gate({ kind: 'api', host })],
    }));
    const rolling = plan({ phases: [phaseOf('rollout', [], { batches })] });
    expect(text(false, rolling)).toContain('rollout         cp-1, cp-2  one host after another: each starts');
    expect(text(false, rolling)).not.toContain('API server of');
    expect(text(true, rolling)).toContain('  … wait        API server of cp-2  20 s at most');
    expect(text(false, rolling)).toContain('2 steps on 2 hosts (2 to create, 2 to wait for)');
    expect(text()).not.toContain('one host after another');
  });

  it('shows gates of hosts that run in parallel, and what undoes a task that fails', () => {
    const rollback = [
      step('e-1', 'etcd-member e-1', { verb: 'delete', reason: 'removed if it never started' }),
    ];
    const task = { on: { host: 'e-1' }, steps: [step('e-1', 'unit etcd')], rollback };
    const gates = [gate({ kind: 'etcd-member', host: 'e-1' })];
    const etcd = phaseOf('etcd', [], { batches: [{ tasks: [task], gates }] });
    expect(text(false, plan({ phases: [etcd] }))).toContain(
      [
        'etcd            e-1',
        '  + unit        etcd  ',
        '  … wait        etcd member e-1  20 s at most',
        '  - rollback    etcd-member e-1  removed if it never started',
      ].join('\n'),
    );
  });

  describe('whether the API stays available', () => {
    const cps = (count: number): Plan['hosts'] =>
      Array.from({ length: count }, (_, index) => planHost(`cp-${index + 1}`, 'control-plane'));
    const inTurn = (...names: readonly string[]): Phase =>
      phaseOf('rollout', [], {
        batches: names.map((host) => ({
          tasks: [{ on: { host }, steps: [restarts(host, 'kube-apiserver')] }],
          gates: [],
        })),
      });

    it.each<[string, Plan['hosts'], Phase, string]>([
      [
        'one control plane',
        cps(1),
        hosts('x', restarts('cp-1', 'kube-apiserver')),
        'The API is unavailable while kube-apiserver restarts.',
      ],
      [
        'its etcd',
        cps(1),
        hosts('x', restarts('cp-1', 'etcd')),
        'The API is unavailable while etcd restarts.',
      ],
      ['one of three', cps(3), hosts('x', restarts('cp-2', 'kube-apiserver')), 'The API stays available.'],
      ['three one after another', cps(3), inTurn('cp-1', 'cp-2', 'cp-3'), 'The API stays available.'],
      [
        'the only etcd host',
        [...cps(3), planHost('e-1', 'etcd')],
        hosts('x', restarts('e-1', 'etcd')),
        'The API is unavailable while etcd restarts.',
      ],
      [
        'all at once, if nothing responds',
        cps(2),
        hosts('x', restarts('cp-1', 'kube-apiserver'), restarts('cp-2', 'kube-apiserver')),
        'on cp-2.\n',
      ],
      [
        'a scheduler',
        cps(1),
        hosts('x', restarts('cp-1', 'kube-scheduler')),
        'Restarts kube-scheduler on cp-1.\n',
      ],
    ])('%s', (_title, of, phase, said) => {
      expect(text(false, plan({ hosts: of, phases: [phase] }))).toContain(said);
    });
  });

  it('names drained Nodes', () => {
    const phase = phaseOf('nodes', [
      [
        'cluster',
        [
          {
            ...({ type: 'node', id: 'x', verb: 'delete', node: 'w-9', effects: [] } as const),
            ...{ target: { kind: 'node', name: 'w-9' }, reason: 'its host left', timeoutSeconds: 60 },
            operation: { kind: 'delete' },
          },
        ],
      ],
    ]);
    expect(text(false, plan({ phases: [phase] }))).toContain('Pods on w-9 are rescheduled.');
  });

  it('shares a line between hosts that differ only in their own name', () => {
    const named = (host: string): ShellStep =>
      step(host, `client-certificate system:node:${host}`, {
        reason: `none yet; secret ${host}:kubelet-client.pem`,
      });
    const two = plan({ phases: [hosts('node', named('w-1'), named('w-10'))] });
    expect(text(false, two)).toContain(
      'client-certificate system:node:HOST  none yet; secret HOST:kubelet-client.pem\n',
    );
    expect(text(true, two)).toContain('secret w-10:kubelet-client.pem');
    const one = plan({ phases: [hosts('node', named('w-1'))] });
    expect(text(false, one)).toContain('system:node:w-1');
  });

  it('collapses similar steps through the API, and names them with --verbose', () => {
    const names = ['w-1', 'w-2', 'w-3'];
    const speaker = (name: string): ApplyStep =>
      applyStep({ ...configMap(name), metadata: { name, namespace: 'metallb-system' } });
    const many = plan({
      phases: [
        phaseOf('readiness', [], {
          batches: [{ tasks: [], gates: names.map((node) => gate({ kind: 'node-ready', node })) }],
        }),
        api(
          'addon',
          ...names.map(speaker),
          applyStep(configMap('coredns'), { verb: 'update', reason: 'differs at data.a' }),
          applyStep(configMap('kube-dns'), { verb: 'update', reason: 'differs at data.b' }),
        ),
      ],
    });
    const folded = text(false, many);
    for (const line of [
      '3 Nodes Ready  20 s at most',
      'MetalLB: 3 objects (by name: --verbose)',
      'ConfigMap kube-system/coredns  differs at data.a',
      'ConfigMap kube-system/kube-dns',
    ])
      expect(folded).toContain(line);
    expect(folded).not.toContain('w-2 Ready');
    for (const line of ['Node w-2 Ready', 'ConfigMap metallb-system/w-2'])
      expect(text(true, many)).toContain(line);
  });

  it('does not claim to have read hosts that it did not contact', () => {
    const offline = text(false, { ...sample, mode: 'offline' });
    expect(offline).toContain('Made without contacting a host');
    expect(offline).not.toContain('Nothing has been changed');
  });
});
