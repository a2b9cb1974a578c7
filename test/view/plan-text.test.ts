import './no-color.ts';
import { describe, expect, it } from 'vitest';
import type { HostStep, ObjectStep, OperatorStep, Plan } from '../../src/plan/types.ts';
import { planText } from '../../src/view/plan-text.ts';
import { configMap, hostStep, objectStep, plan, planHost, waitStep } from '../plan/sample.ts';

const secretContent = (name: string): { kind: 'secret'; name: string; digest: string } => ({
  kind: 'secret',
  name,
  digest: 'ab'.repeat(32),
});
const pki = (name: string): ReturnType<typeof hostStep> =>
  hostStep('cp-1', `file /etc/kubernetes/pki/${name}`, {
    stage: 'control-plane',
    reason: `secret cp-1:${name}, sha256 abababababab`,
    payload: { path: '/x', content: secretContent(`cp-1:${name}`) },
  });

const sample = plan({
  issue: ['ca', 'sa', 'hosts/cp-1/apiserver'],
  hosts: [
    planHost('cp-1', 'control-plane'),
    planHost('w-1', 'worker'),
    planHost('w-2', 'worker', { state: 'unreachable' }),
  ],
  hostSteps: [
    hostStep('cp-1', 'package kmod', { reason: "from the distribution's packages" }),
    hostStep('w-1', 'package kmod', { reason: "from the distribution's packages" }),
    hostStep('w-1', 'swap swap', { verb: 'update', reason: 'off now: /dev/sda2' }),
    hostStep('w-1', 'file /etc/containerd/config.toml', {
      stage: 'runtime',
      verb: 'update',
      reason: '3 lines',
      diff: '--- a\n+++ a\n@@ -1 +1 @@\n-old\n+new',
      script: 'kb_basis …\nkb_install …',
    }),
    hostStep('w-1', 'unit containerd', {
      stage: 'runtime',
      verb: 'restart',
      reason: 'a file that it reads changes',
    }),
    ...['a.crt', 'a.key', 'b.crt', 'b.key'].map(pki),
  ],
  clusterSteps: [
    waitStep({ kind: 'api', host: 'cp-1' }, { resource: 'API server of cp-1' }),
    objectStep(configMap('coredns'), { stage: 'addon', verb: 'update', reason: 'differs at data.Corefile' }),
  ],
  warnings: ['certificates expire soon'],
});
const text = (verbose = false, of = sample): string => planText(of, { verbose, command: 'kboot up x.yaml' });

describe('planText', () => {
  it('is a plan as people read it', () => {
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
        ~ object      ConfigMap coredns  differs at data.Corefile

      warning certificates expire soon
      Not in this plan, since they could not be read: w-2.
      Plan: 11 steps on 2 hosts and through the API (6 to create, 3 to update, 1 to restart, 1 to wait for). Restarts containerd on w-1.
      Nothing has been changed. \`kboot up x.yaml\` does this."
    `);
  });

  it('shows scripts and folded names when asked', () => {
    expect(text()).not.toContain('a.key');
    const all = text(true);
    for (const word of ['$ kb_install …', '/etc/kubernetes/pki/a.key', 'hosts/cp-1/apiserver', 'cp-1:b.key'])
      expect(all).toContain(word);
  });

  it('has no colour and no control character where none is wanted', () => {
    expect(text(true)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });

  it('says so in one line when nothing is to be done', () => {
    expect(text(false, plan()).split('\n').at(-1)).toBe(
      'test: nothing to do (2 hosts, 20 resources checked)',
    );
  });

  it('does not say that nothing is to be done while hosts are missing from it', () => {
    const blind = plan({
      hosts: [planHost('cp-1', 'control-plane'), planHost('w-1', 'worker', { state: 'unreachable' })],
    });
    expect(text(false, blind)).toContain('Not in this plan, since they could not be read: w-1.');
    expect(text(false, blind)).toContain('nothing to do (1 host,');
  });

  it('counts the hosts that steps are on, not those that were only read', () => {
    const step = hostStep('w-1', 'package kmod');
    const hook: OperatorStep = {
      ...{ type: 'operator', id: 'h', stage: 'addon', when: 'after', verb: 'run', resource: 'hook smoke' },
      ...{ reason: '', command: 'true', timeoutSeconds: 60 },
    };
    const summary = (more: Partial<Plan>): string =>
      /Plan: .*? \(/.exec(text(false, plan(more)))?.[0].slice(6, -2) ?? '';
    expect(summary({ hostSteps: [step] })).toBe('1 step on 1 host');
    const clusterSteps = [objectStep(configMap('coredns'))];
    expect(summary({ hostSteps: [step], clusterSteps })).toBe('2 steps on 1 host and through the API');
    expect(summary({ clusterSteps })).toBe('1 step through the API');
    expect(summary({ hostSteps: [step], clusterSteps, operatorSteps: [hook] })).toBe(
      '3 steps on 1 host, through the API and on this machine',
    );
  });

  it('says what running workloads would notice', () => {
    expect(text()).toContain('Restarts containerd on w-1.');
    expect(text(false, plan({ hostSteps: [hostStep('w-1', 'package kmod')] }))).toContain(
      'No running workload is touched.',
    );
    const manifest = hostStep('cp-1', 'static-pod etcd', { verb: 'update' });
    expect(text(false, plan({ hostSteps: [manifest] }))).toContain('Restarts etcd on cp-1.');
    const many = Array.from({ length: 7 }, (_, index) =>
      hostStep(`w-${index}`, 'unit kubelet', { verb: 'restart' }),
    );
    expect(text(false, plan({ hostSteps: many }))).toContain('and 2 more.');
  });

  it('says who takes turns, and, when asked, until what', () => {
    const turn = (host: string) => ({
      ...{ host, from: 'etcd' as const },
      waits: [waitStep({ kind: 'api', host }, { resource: `API server of ${host}` })],
    });
    const rolling = plan({ hostSteps: [hostStep('cp-1', 'x')], roll: ['cp-1', 'cp-2'].map(turn) });
    expect(text(false, rolling)).toContain('one host after another: cp-1, cp-2  each begins when');
    expect(text(false, rolling)).not.toContain('API server of');
    expect(text(true, rolling)).toContain('  cp-2  from stage etcd on, until well: API server of cp-2');
    expect(text(false, rolling)).toContain('3 steps');
    expect(text()).not.toContain('one host after another');
  });

  describe('whether the API goes on answering', () => {
    const cps = (count: number): Plan['hosts'] =>
      Array.from({ length: count }, (_, index) => planHost(`cp-${index + 1}`, 'control-plane'));
    const restart = (host: string, resource = 'static-pod kube-apiserver'): HostStep =>
      hostStep(host, resource, { verb: 'restart' });
    const turn = (host: string): Plan['roll'][number] => ({ host, from: 'control-plane', waits: [] });

    it.each<[string, Partial<Plan>, string]>([
      [
        'one control plane',
        { hosts: cps(1), hostSteps: [restart('cp-1')] },
        'The API does not answer while kube-apiserver restarts.',
      ],
      [
        'its etcd',
        { hosts: cps(1), hostSteps: [restart('cp-1', 'static-pod etcd')] },
        'The API does not answer while etcd restarts.',
      ],
      ['one of three', { hosts: cps(3), hostSteps: [restart('cp-2')] }, 'The API goes on answering.'],
      [
        'three in turn',
        {
          hosts: cps(3),
          hostSteps: ['cp-1', 'cp-2', 'cp-3'].map((name) => restart(name)),
          roll: ['cp-1', 'cp-2', 'cp-3'].map(turn),
        },
        'The API goes on answering.',
      ],
      [
        'the only etcd host',
        { hosts: [...cps(3), planHost('e-1', 'etcd')], hostSteps: [restart('e-1', 'unit etcd')] },
        'The API does not answer while etcd restarts.',
      ],
      [
        'all at once, where nothing answers',
        { hosts: cps(2), hostSteps: ['cp-1', 'cp-2'].map((name) => restart(name)) },
        'on cp-2.\n',
      ],
      [
        'a scheduler',
        { hosts: cps(1), hostSteps: [restart('cp-1', 'static-pod kube-scheduler')] },
        'Restarts kube-scheduler on cp-1.\n',
      ],
    ])('%s', (_title, change, said) => {
      expect(text(false, plan(change))).toContain(said);
    });
  });

  it('names what is drained', () => {
    const removal = {
      ...({ type: 'remove-node', id: 'x', stage: 'node', verb: 'delete' } as const),
      ...{ resource: 'Node w-9', reason: 'its host left', node: 'w-9' },
    };
    expect(text(false, plan({ clusterSteps: [removal] }))).toContain(
      'What runs on w-9 is started elsewhere.',
    );
  });

  it('shares a line between hosts that differ in their own name only', () => {
    const named = (host: string): HostStep =>
      hostStep(host, `client-certificate system:node:${host}`, {
        reason: `none yet; secret ${host}:kubelet-client.pem`,
      });
    const two = plan({ hostSteps: [named('w-1'), named('w-10')] });
    expect(text(false, two)).toContain(
      'client-certificate system:node:HOST  none yet; secret HOST:kubelet-client.pem\n',
    );
    expect(text(true, two)).toContain('secret w-10:kubelet-client.pem');
    const one = plan({ hostSteps: [named('w-1')] });
    expect(text(false, one)).toContain('system:node:w-1');
  });

  it('folds what is alike through the API, and names it when asked', () => {
    const names = ['w-1', 'w-2', 'w-3'];
    const speaker = (name: string): ObjectStep =>
      objectStep({ ...configMap(name), metadata: { name, namespace: 'metallb-system' } });
    const many = plan({
      clusterSteps: [
        ...names.map((name) =>
          waitStep({ kind: 'node-ready', node: name }, { resource: `Node ${name} Ready` }),
        ),
        ...names.map(speaker),
        objectStep(configMap('coredns'), { verb: 'update', reason: 'differs at data.a' }),
        objectStep(configMap('kube-dns'), { verb: 'update', reason: 'differs at data.b' }),
      ],
    });
    const folded = text(false, many);
    for (const line of [
      '3 Nodes Ready  20 s at most',
      'MetalLB: 3 objects (by name: --verbose)',
      'ConfigMap coredns  differs at data.a',
      'ConfigMap kube-dns',
    ])
      expect(folded).toContain(line);
    expect(folded).not.toContain('w-2 Ready');
    for (const line of ['Node w-2 Ready', 'ConfigMap w-2']) expect(text(true, many)).toContain(line);
  });

  it('does not claim to have read hosts that it did not ask', () => {
    const offline = text(false, { ...sample, basis: 'offline' });
    expect(offline).toContain('Made without asking a host');
    expect(offline).not.toContain('Nothing has been changed');
  });
});
