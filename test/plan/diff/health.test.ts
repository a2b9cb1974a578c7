import { describe, expect, it } from 'vitest';
import { nothingDesired, type DesiredCluster } from '../../../src/kube/desired-cluster.ts';
import { objectKey, type KubeObject } from '../../../src/kube/types.ts';
import { stuckPods } from '../../../src/observe/stuck-pods.ts';
import { clusterProblems, nodeProblems } from '../../../src/plan/diff/health.ts';

const object = (kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'x' },
  ...more,
});

describe('Pods that cannot start', () => {
  const pod = (name: string, sandbox: string): KubeObject => ({
    ...object('Pod', name),
    metadata: { name, namespace: 'x', uid: name } as KubeObject['metadata'],
    spec: { nodeName: 'w-1' },
    status: { conditions: [{ type: 'PodReadyToStartContainers', status: sandbox }] },
  });
  const event = (name: string): KubeObject => ({
    ...object('Event', name),
    involvedObject: { uid: name },
    message: 'cni0 already has an IP address\n different from 10.244.3.1/24',
  });

  it('are those without a sandbox, although the kubelet tried; an old event alone says nothing', () => {
    const pods = [pod('a', 'False'), pod('b', 'True'), pod('c', 'False')];
    expect(stuckPods(pods, [event('a'), event('b'), event('gone')])).toEqual([
      {
        node: 'w-1',
        namespace: 'x',
        name: 'a',
        message: 'cni0 already has an IP address different from 10.244.3.1/24',
      },
    ]);
  });

  it('are named for their node, with its conditions', () => {
    const stuck = stuckPods([pod('a', 'False')], [event('a')]);
    const node = {
      ...object('Node', 'w-1', { spec: {} }),
      status: { conditions: [{ type: 'NetworkUnavailable', status: 'True', message: 'no route' }] },
    };
    expect(nodeProblems(undefined, node, stuck)).toEqual([
      'NetworkUnavailable: no route',
      'Pod x/a cannot start: cni0 already has an IP address different from 10.244.3.1/24',
    ]);
  });
});

describe('what a cluster lacks', () => {
  const workloads: DesiredCluster['workloads'] = [
    { workload: 'Deployment', namespace: 'x', name: 'dns' },
    { workload: 'DaemonSet', namespace: 'x', name: 'net' },
  ];
  const dns = object('Deployment', 'dns', { spec: { replicas: 0 } });
  const desired: DesiredCluster = {
    ...nothingDesired,
    workloads,
    objects: [
      { stage: 'addon', object: dns },
      { stage: 'addon', object: object('DaemonSet', 'net') },
    ],
  };

  it('is what is missing, and what has no Pods', () => {
    const seen = {
      state: 'present' as const,
      nodes: new Map(),
      pods: new Map(),
      objects: new Map([[objectKey(dns), dns]]),
    };
    expect(clusterProblems(desired, seen)).toEqual([
      'missing: DaemonSet x/net',
      'Deployment x/dns is scaled to 0',
    ]);
  });
});
