import { describe, expect, it } from 'vitest';
import { healthOf, servicesBehind } from '../../src/kube/health.ts';
import type { KubeObject } from '../../src/kube/types.ts';

const object = (
  [apiVersion, kind]: readonly [string, string],
  spec: object,
  status: object | undefined,
  generation = 1,
): KubeObject =>
  ({ apiVersion, kind, metadata: { name: 'x', generation }, spec, ...(status && { status }) }) as KubeObject;

const deployment = ['apps/v1', 'Deployment'] as const;
const statefulSet = ['apps/v1', 'StatefulSet'] as const;
const daemonSet = ['apps/v1', 'DaemonSet'] as const;
const own = ['example.com/v1', 'Widget'] as const;
const condition = (type: string, status: string, message = ''): object => ({
  conditions: [{ type, status, reason: 'Because', message }],
});
const prometheus = ['monitoring.coreos.com/v1', 'Prometheus'] as const;
const available = (status: string, observedGeneration: number): object => ({
  conditions: [{ type: 'Available', status, reason: 'NoPodReady', observedGeneration }],
});
const done = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

describe('healthOf', () => {
  it.each<[string, KubeObject | undefined, string]>([
    ['nothing', undefined, 'does not exist'],
    ['a ConfigMap', object(['v1', 'ConfigMap'], {}, undefined), 'ready'],
    ['a Deployment', object(deployment, { replicas: 2 }, done), 'ready'],
    ['a scaled-down one', object(deployment, { replicas: 0 }, { observedGeneration: 1 }), 'ready'],
    ['a new one', object(deployment, {}, undefined), 'is not observed by its controller yet'],
    ['a changed one', object(deployment, {}, done, 2), 'is not observed by its controller yet'],
    [
      'one that rolls out',
      object(deployment, { replicas: 2 }, { ...done, updatedReplicas: 1 }),
      '1 of 2 Pods have the new template',
    ],
    [
      'one with old Pods',
      object(deployment, { replicas: 2 }, { ...done, replicas: 3 }),
      '1 former Pods have not ended',
    ],
    [
      'one without Pods',
      object(deployment, { replicas: 2 }, { ...done, availableReplicas: 0 }),
      '0 of 2 Pods are available',
    ],
    ['a StatefulSet', object(statefulSet, {}, { readyReplicas: 1, updatedReplicas: 1 }), 'ready'],
    ['one that updates', object(statefulSet, {}, { readyReplicas: 1 }), '0 of 1 Pods have the new template'],
    [
      'one with a partition',
      object(statefulSet, { updateStrategy: { rollingUpdate: { partition: 1 } } }, { readyReplicas: 1 }),
      'ready',
    ],
    [
      'one that updates on deletion',
      object(statefulSet, { updateStrategy: { type: 'OnDelete' } }, { readyReplicas: 1 }),
      'ready',
    ],
    ['a DaemonSet without nodes', object(daemonSet, {}, { observedGeneration: 1 }), 'ready'],
    [
      'a DaemonSet',
      object(daemonSet, {}, { observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2 }),
      '0 of 2 Pods are available',
    ],
    [
      'a Job that runs',
      object(['batch/v1', 'Job'], {}, { active: 1 }),
      'has not completed (1 active, 0 failed Pods)',
    ],
    ['a Job', object(['batch/v1', 'Job'], {}, condition('Complete', 'True')), 'ready'],
    [
      'a Job that failed',
      object(['batch/v1', 'Job'], {}, condition('Failed', 'True', 'too often')),
      'failed: Failed is True (Because): too often',
    ],
    ['a claim', object(['v1', 'PersistentVolumeClaim'], {}, { phase: 'Pending' }), 'is Pending'],
    ['a bound claim', object(['v1', 'PersistentVolumeClaim'], {}, { phase: 'Bound' }), 'ready'],
    [
      'a CRD',
      object(['apiextensions.k8s.io/v1', 'CustomResourceDefinition'], {}, {}),
      'has no condition Established yet',
    ],
    [
      'a CRD whose names are taken',
      object(
        ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
        {},
        condition('NamesAccepted', 'False'),
      ),
      'NamesAccepted is False (Because)',
    ],
    [
      'an APIService',
      object(
        ['apiregistration.k8s.io/v1', 'APIService'],
        {},
        condition('Available', 'False', 'no endpoints'),
      ),
      'Available is False (Because): no endpoints',
    ],
    ['an object of its own kind', object(own, {}, undefined), 'ready'],
    ['one that is Ready', object(own, {}, condition('Ready', 'True')), 'ready'],
    ['one that is not', object(own, {}, condition('Ready', 'False', 'no')), 'Ready is False (Because): no'],
    [
      'one that reconciles',
      object(own, {}, condition('Reconciling', 'True')),
      'Reconciling is True (Because)',
    ],
    ['one that stalls', object(own, {}, condition('Stalled', 'True')), 'Stalled is True (Because)'],
    [
      'one that was changed',
      object(own, {}, { ...condition('Ready', 'True'), observedGeneration: 1 }, 2),
      'is not observed by its controller yet',
    ],
    ['a Prometheus that is new', object(prometheus, {}, undefined), 'has no condition Available yet'],
    ['a Prometheus', object(prometheus, {}, available('True', 1)), 'ready'],
    [
      'a Prometheus that was changed',
      object(prometheus, {}, available('True', 1), 2),
      'is not observed by its controller yet',
    ],
    [
      'a Prometheus without Pods',
      object(prometheus, {}, available('False', 1)),
      'Available is False (NoPodReady)',
    ],
    [
      'an Alertmanager without some of its Pods',
      object(['monitoring.coreos.com/v1', 'Alertmanager'], {}, available('Degraded', 1)),
      'Available is Degraded (NoPodReady)',
    ],
    ['a Prometheus that is paused', object(prometheus, { paused: true }, undefined), 'ready'],
    ['a ServiceMonitor', object(['monitoring.coreos.com/v1', 'ServiceMonitor'], {}, undefined), 'ready'],
    ['one with a status that is no object', object(own, {}, 'fine' as never), 'ready'],
  ])('%s', (_name, live, text) => {
    const health = healthOf(live);
    const said =
      health.state === 'ready' ? 'ready' : `${health.state === 'failed' ? 'failed: ' : ''}${health.why}`;
    expect(said).toBe(text);
  });

  it('an object that is being deleted is not healthy', () => {
    const leaving = object(own, {}, undefined);
    const live = { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: 'now' } } as KubeObject;
    expect(healthOf(live)).toEqual({ state: 'waiting', why: 'is being deleted' });
  });
});

describe('servicesBehind', () => {
  const service = { namespace: 'a', name: 'hook' };

  it('names each Service of webhooks once, without those that may be passed over', () => {
    const webhooks = [
      { clientConfig: { service } },
      { clientConfig: { service }, failurePolicy: 'Fail' },
      { clientConfig: { service: { namespace: 'a', name: 'other' } }, failurePolicy: 'Ignore' },
      { clientConfig: { url: 'https://example.com' } },
    ];
    const apiVersion = 'admissionregistration.k8s.io/v1';
    for (const kind of ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'])
      expect(servicesBehind({ apiVersion, kind, metadata: { name: 'x' }, webhooks })).toEqual([service]);
  });

  it('names the Service that converts objects of a CRD', () => {
    const spec = { conversion: { strategy: 'Webhook', webhook: { clientConfig: { service } } } };
    expect(servicesBehind(object(['apiextensions.k8s.io/v1', 'CustomResourceDefinition'], spec, {}))).toEqual(
      [service],
    );
    expect(servicesBehind(object(deployment, spec, {}))).toEqual([]);
  });
});
