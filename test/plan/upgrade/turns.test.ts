import { describe, expect, it } from 'vitest';
import type { Component } from '../../../src/model/component.ts';
import type { Stage } from '../../../src/model/stage.ts';
import type { HostChange } from '../../../src/plan/diff/host.ts';
import { dividedInTurns } from '../../../src/plan/upgrade/turns.ts';
import { shellStep } from '../../samples/plan.ts';

const change = (
  stage: Stage,
  name: string,
  { disturbs = [], restarts = [], ahead }: { disturbs?: string[]; restarts?: Component[]; ahead?: true } = {},
): HostChange => ({
  host: 'cp-1',
  stage,
  step: shellStep('cp-1', name, {
    disturbs,
    effects: restarts.map((component) => ({ component, kind: 'restart' })),
  }),
  ...(ahead && { ahead }),
});

const told = (changes: readonly HostChange[]): Record<string, string[]> =>
  Object.fromEntries(
    [...dividedInTurns(changes)].map(([turn, own]) => [
      turn,
      own.map(({ step }) => step.id.slice('cp-1: '.length)),
    ]),
  );

describe('dividedInTurns', () => {
  it('a control plane: by component, in the order of its changes', () => {
    expect(
      told([
        change('host', 'sysctl'),
        change('runtime', 'fetch kubelet', { ahead: true }),
        change('runtime', 'runc'),
        change('runtime', 'kubelet', { disturbs: ['kubelet'] }),
        change('runtime', 'containerd', { restarts: ['containerd'] }),
        change('runtime', 'image', { ahead: true }),
        change('load-balancer', 'haproxy.cfg', { disturbs: ['haproxy'] }),
        change('etcd', 'folder'),
        change('etcd', 'etcd', { restarts: ['etcd', 'kube-apiserver'] }),
        change('control-plane', 'audit', { disturbs: ['pod-kube-apiserver'] }),
        change('control-plane', 'kube-apiserver', { restarts: ['kube-apiserver'] }),
        change('control-plane', 'kube-scheduler', { restarts: ['kube-scheduler'] }),
        change('control-plane', 'checkpoint'),
        change('control-plane', 'unit', { restarts: ['kubelet'] }),
        change('control-plane', 'hook'),
      ]),
    ).toEqual({
      host: ['sysctl'],
      ahead: ['fetch kubelet', 'image'],
      'load-balancer': ['haproxy.cfg'],
      etcd: ['folder', 'etcd'],
      'kube-apiserver': ['audit', 'kube-apiserver'],
      controllers: ['kube-scheduler'],
      kubelet: ['runc', 'kubelet', 'containerd', 'checkpoint', 'unit', 'hook'],
    });
  });

  it('a file that several read goes with the first of its readers', () => {
    const readers = ['kubelet', 'pod-kube-controller-manager', 'pod-kube-apiserver'];
    expect(told([change('control-plane', 'ca.crt', { disturbs: readers })])).toEqual({
      'kube-apiserver': ['ca.crt'],
    });
  });

  it("a proxy of the host goes with containerd's restart, in the turn of the kubelet", () => {
    expect(told([change('host', 'proxy', { disturbs: ['containerd'] })])).toEqual({ kubelet: ['proxy'] });
  });
});
