import { describe, expect, it } from 'vitest';
import { conditionOf, workloadState } from '../../src/kube/readiness.ts';
import type { KubeObject } from '../../src/kube/types.ts';

const object = (kind: string, status: object, spec: object = {}, generation = 2): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'x', generation } as KubeObject['metadata'],
  spec,
  status,
});

describe('workloadState', () => {
  const daemonSet = {
    observedGeneration: 2,
    desiredNumberScheduled: 3,
    updatedNumberScheduled: 3,
    numberReady: 3,
  };
  const deployment = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2 };

  it('is done when every Pod runs the newest template and is ready', () => {
    expect(workloadState(object('DaemonSet', daemonSet))).toBeUndefined();
    expect(workloadState(object('Deployment', deployment, { replicas: 2 }))).toBeUndefined();
    expect(
      workloadState(
        object('Deployment', { ...deployment, replicas: 1, updatedReplicas: 1, readyReplicas: 1 }),
      ),
    ).toBeUndefined();
  });

  it.each<[string, KubeObject | undefined, string]>([
    ['does not exist', undefined, 'does not exist yet'],
    [
      'was not seen',
      object('DaemonSet', { ...daemonSet, observedGeneration: 1 }),
      'not yet observed by its controller',
    ],
    [
      'has one of before',
      object('Deployment', { ...deployment, replicas: 3 }, { replicas: 2 }),
      '1 former Pod has not ended',
    ],
    ['has no status', object('Deployment', {}), 'not yet observed by its controller'],
    [
      'is scheduled nowhere',
      object('DaemonSet', { observedGeneration: 2, desiredNumberScheduled: 0 }),
      '0 of 0 Pods ready',
    ],
    ['has Pods not ready', object('DaemonSet', { ...daemonSet, numberReady: 1 }), '1 of 3 Pods ready'],
    ['has old Pods', object('DaemonSet', { ...daemonSet, updatedNumberScheduled: 2 }), '2 of 3 Pods ready'],
    ['has too few', object('Deployment', deployment, { replicas: 3 }), '2 of 3 Pods ready'],
  ])('waits for one that %s', (_title, live, state) => {
    expect(workloadState(live)).toBe(state);
  });
});

describe('conditionOf', () => {
  it('finds a condition by its type', () => {
    const ready = { type: 'Ready', status: 'True' };
    expect(
      conditionOf(
        object('Node', { conditions: [{ type: 'DiskPressure', status: 'False' }, ready] }),
        'Ready',
      ),
    ).toEqual(ready);
    expect(conditionOf(object('Node', {}), 'Ready')).toBeUndefined();
    expect(conditionOf({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'x' } }, 'Ready')).toBeUndefined();
  });
});
