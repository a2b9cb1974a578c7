import { describe, expect, it } from 'vitest';
import { plannedLanes, type Lane } from '../../../src/view/html/lanes.ts';
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
});
