import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/model/digest.ts';
import type { Component } from '../../../src/model/component.ts';
import type { HostChange } from '../../../src/plan/diff/host.ts';
import { formerOf, type Former } from '../../../src/plan/upgrade/former.ts';
import type { Resource } from '../../../src/resource/types.ts';
import { sandbox, shells, type Sandbox } from '../../resource/sandbox.ts';
import { shellStep } from '../../samples/plan.ts';

const resources = (text: string): Resource[] => [
  {
    kind: 'file',
    stage: 'control-plane',
    path: '/etc/kubernetes/audit.yaml',
    mode: '600',
    content: { kind: 'text', text },
    readBy: ['pod-kube-apiserver'],
  },
  {
    kind: 'file',
    stage: 'node',
    path: '/etc/kubernetes/other.yaml',
    mode: '600',
    content: { kind: 'text', text },
    readBy: ['kubelet'],
  },
  { kind: 'static-pod', stage: 'control-plane', name: 'kube-apiserver', text },
];

const restart = (...components: Component[]): HostChange[] => [
  {
    host: 'cp-1',
    stage: 'control-plane',
    step: shellStep('cp-1', 'x', {
      target: { kind: 'static-pod', name: 'kube-apiserver' },
      effects: components.map((component) => ({ component, kind: 'restart' })),
    }),
  },
];

describe.each(shells)('what a turn replaces, in %s', (shell) => {
  let box: Sandbox;
  const audit = '/etc/kubernetes/audit.yaml';
  const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
  beforeEach(() => {
    box = sandbox(shell, ['/etc/kubernetes']);
    for (const path of [audit, manifest]) box.write(box.path(path), 'old', 0o600);
  });
  afterEach(() => {
    box.remove();
  });
  const former = (to = 'v1.36.2'): Former => {
    const own = formerOf('cp-1', 'kube-apiserver', restart('kube-apiserver'), resources('new'), to);
    if (own === undefined) throw new Error('nothing to keep');
    return own;
  };
  const kept = (path: string): string | undefined =>
    box.text(box.own(`former/kube-apiserver${box.path(path)}`));

  it('is kept once: a run that goes on does not keep what it replaced itself', () => {
    expect(box.run(former().keep.script)).toEqual({ status: 0, output: '' });
    box.write(box.path(audit), 'new');
    box.write(box.path(manifest), 'changed by hand');
    expect(box.run(former().keep.script).status).toBe(0);
    expect(kept(audit)).toBe('old');
    expect(kept(manifest)).toBe('changed by hand');
    expect(kept('/etc/kubernetes/other.yaml')).toBeUndefined();
  });

  it('of another upgrade is forgotten', () => {
    box.run(former().keep.script);
    box.write(box.path(audit), 'new');
    expect(box.run(former('v1.37.0').keep.script).status).toBe(0);
    expect(kept(audit)).toBeUndefined();
    expect(kept(manifest)).toBe('old');
  });

  it('is put back, and what was not kept stays', () => {
    box.run(former().keep.script);
    for (const path of [audit, manifest]) box.write(box.path(path), 'new');
    const stubs = 'ctr() { :; }; systemctl() { return 1; }; sleep() { :; }';
    expect(box.run(`${stubs}\n${former().putBack.script}`)).toMatchObject({ status: 0 });
    for (const path of [audit, manifest]) expect(box.text(box.path(path))).toBe('old');
    expect(box.text(box.own('running/pod-kube-apiserver'))).toBe('');
  });

  it('cannot be put back if nothing was kept', () => {
    const { status, output } = box.run(former().putBack.script);
    expect(status).toBe(1);
    expect(output).toContain('nothing was kept');
  });
});

describe('formerOf', () => {
  it('a turn that restarts nothing has nothing to put back', () => {
    expect(formerOf('cp-1', 'kube-apiserver', restart(), resources('new'), 'v1.36.2')).toBeUndefined();
  });
  it('states the digests of what comes, so that it is not kept', () => {
    const own = formerOf('cp-1', 'kube-apiserver', restart('kube-apiserver'), resources('new'), 'v1.36.2');
    expect(own?.keep.script).toContain(`audit.yaml ${sha256('new')}`);
    expect(own?.putBack.effects).toEqual([{ component: 'kube-apiserver', kind: 'restart' }]);
  });
});
