import { expect, it } from 'vitest';
import type { Effect } from '../../../src/model/component.ts';
import type { HostChange } from '../../../src/plan/diff/host.ts';
import { diffHost } from '../../../src/plan/diff/host.ts';
import { renewedPods } from '../../../src/plan/rollout/ready.ts';
import type { Observation, StaticPodResource } from '../../../src/resource/types.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { effectOn } from '../../samples/plan.ts';

it('knows which static Pods get a new container', () => {
  const on = (component: Effect['component'], kind: Effect['kind']): HostChange =>
    effectOn('cp-1', component, 'control-plane', kind);
  const renewed = (...changes: HostChange[]): string[] => [...renewedPods(changes)];
  expect(renewed(on('etcd', 'restart'))).toEqual(['etcd-cp-1']);
  expect(renewed(on('kube-apiserver', 'restart'), on('kube-scheduler', 'restart'))).toEqual([
    'kube-apiserver-cp-1',
    'kube-scheduler-cp-1',
  ]);
  expect(renewed(on('etcd', 'start'), on('etcd', 'reload'))).toEqual([]);
  expect(renewed(on('kubelet', 'restart'), on('containerd', 'restart'))).toEqual([]);
});

it.each<[string, Observation<unknown>, readonly string[]]>([
  ['its text changes', found('other', '600'), ['etcd-cp-1', 'kube-apiserver-cp-1']],
  ['a file that it reads changed before', found('text', '600', false), ['etcd-cp-1']],
  ['only its mode changes', found('text', '644'), []],
  ['it is created', { state: 'absent' }, []],
  ['nothing changes', found('text', '600'), []],
])('the containers that change when %s', (_what, observation, pods) => {
  const want: StaticPodResource = {
    kind: 'static-pod',
    stage: 'etcd',
    name: 'etcd',
    text: 'text',
    servesPod: 'kube-apiserver',
  };
  const changes = diffHost('cp-1', [want], new Map([['static-pod etcd', observation]]));
  expect([...renewedPods(changes)]).toEqual(pods);
});

function found(text: string, mode: string, current = true): Observation<unknown> {
  return { state: 'present', found: { mode, digest: sha256(text), current } };
}
