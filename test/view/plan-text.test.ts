import './no-color.ts';
import { describe, expect, it } from 'vitest';
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
      Plan: 11 steps on 2 hosts (6 to create, 3 to update, 1 to restart, 1 to wait for). Restarts containerd on w-1.
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

  it('does not claim to have read hosts that it did not ask', () => {
    const offline = text(false, { ...sample, basis: 'offline' });
    expect(offline).toContain('Made without asking a host');
    expect(offline).not.toContain('Nothing has been changed');
  });
});
