import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../src/view/html/lanes.ts';
import { plannedLanes } from '../../../src/view/html/planned-lanes.ts';
import { sectionsOf } from '../../../src/view/html/rows.ts';
import { configMap, hostStep, objectStep, plan, planHost, waitStep } from '../../plan/sample.ts';

const hosts = [
  planHost('cp-1', 'control-plane'),
  planHost('w-1', 'worker'),
  planHost('w-2', 'worker'),
  planHost('w-3', 'worker'),
];
const of = plan({
  hosts,
  issue: ['ca.crt'],
  hostSteps: [
    ...['cp-1', 'w-1', 'w-2'].map((host) => hostStep(host, 'file /a')),
    hostStep('cp-1', 'static-pod etcd', { stage: 'etcd' }),
    hostStep('cp-1', 'unit kubelet', { stage: 'control-plane' }),
    ...['w-1', 'w-2'].map((host) => hostStep(host, 'unit kubelet', { stage: 'node' })),
  ],
  clusterSteps: [
    objectStep(configMap('kubeadm-config')),
    waitStep({ kind: 'node-ready', node: 'w-1' }, { stage: 'node' }),
    objectStep(configMap('coredns'), { stage: 'addon' }),
  ],
});
const lanes = plannedLanes(of, sectionsOf(of));
const times = ({ bars }: Lane): unknown[] => bars.map(({ stage, from, to }) => [stage, from, to]);

describe('lanes of a plan', () => {
  it('hosts of equal work share one, and idle hosts say so', () => {
    expect(lanes.map(({ title, more }) => [title, more])).toEqual([
      ['this machine', 'before anything else'],
      ['cp-1', ''],
      ['w-1, w-2', '2 hosts'],
      ['w-3', 'nothing to do'],
      ['Kubernetes API', ''],
      ['Kubernetes API', 'at the same time'],
    ]);
  });

  it('hosts do not wait for each other; the API waits for the control plane; node and addon run together', () => {
    const [before, cp, workers, , api, addon] = lanes.map(times);
    expect(before).toEqual([['before', 0, 1]]);
    expect(cp).toEqual([
      ['host', 1, 2],
      ['etcd', 2, 3],
      ['control-plane', 3, 4],
    ]);
    expect(workers).toEqual([
      ['host', 1, 2],
      ['node', 2, 3],
    ]);
    expect(api).toEqual([
      ['control-plane', 4, 5],
      ['node', 5, 6],
    ]);
    expect(addon).toEqual([['addon', 5, 6]]);
  });

  it('hosts of a roll begin when the one before is healthy again, and the API’s work after the last', () => {
    const members = ['cp-1', 'cp-2'];
    const rolled = plan({
      hosts: members.map((name) => planHost(name, 'control-plane')),
      hostSteps: members.flatMap((host) => [
        hostStep(host, 'file /a'),
        hostStep(host, 'static-pod etcd', { stage: 'etcd' }),
      ]),
      roll: members.map((host) => ({
        host,
        from: 'etcd',
        waits: [waitStep({ kind: 'etcd-member', host }, { id: `wait ${host}`, stage: 'etcd' })],
      })),
      clusterSteps: [objectStep(configMap('kubeadm-config'))],
    });
    const [one, two, api] = plannedLanes(rolled, sectionsOf(rolled));
    expect(one && times(one)).toEqual([
      ['host', 0, 1],
      ['etcd', 1, 2],
      ['healthy', 2, 3],
    ]);
    expect(two && times(two)).toEqual([
      ['host', 0, 1],
      ['etcd', 3, 4],
      ['healthy', 4, 5],
    ]);
    expect(two?.more).toBe('turn 2 of 2');
    expect(api && times(api)).toEqual([['control-plane', 5, 6]]);
  });
});
