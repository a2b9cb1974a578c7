import { describe, expect, it } from 'vitest';
import { diffAddons } from '../../../src/plan/diff/addons.ts';
import { addonPhases } from '../../../src/plan/phases/addons.ts';
import { conditionText } from '../../../src/plan/target.ts';
import type { KubeObject } from '../../../src/kube/types.ts';
import { appliedAddons, desiredAddons, objectOf, widgets } from '../../samples/addons.ts';

const service = { namespace: 'default', name: 'hook' };
const everything = [
  objectOf('example.com/v1', 'Widget', 'w'),
  objectOf('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'v', {
    webhooks: [{ clientConfig: { service } }],
  }),
  objectOf('apps/v1', 'Deployment', 'd'),
  objectOf('v1', 'Service', 'hook'),
  widgets,
  objectOf('v1', 'Namespace', 'n'),
];

/** Each batch in words. */
function batches(phases: ReturnType<typeof addonPhases>): Record<string, string[]> {
  return Object.fromEntries(
    phases.map(({ id, batches: all }) => [
      id,
      all.map(({ tasks, gates }) =>
        [
          ...tasks.flatMap(({ steps }) =>
            steps.map((step) => `${step.verb} ${'object' in step ? step.object.kind : ''}`),
          ),
          ...gates.map(({ condition }) => `wait ${conditionText(condition)}`),
        ].join(', '),
      ),
    ]),
  );
}

describe('addonPhases', () => {
  it('applies an add-on in an order in which each part finds what it needs', () => {
    const addons = desiredAddons({ a: everything });
    expect(batches(addonPhases(diffAddons(addons, { state: 'absent' }), []))).toEqual({
      'addon-a': [
        'create ConfigMap',
        'create Namespace',
        'create CustomResourceDefinition, wait CRDs of add-on a',
        'create Service',
        'create Deployment',
        'create ValidatingWebhookConfiguration, wait webhooks of add-on a',
        'create Widget',
        'wait add-on a',
      ],
    });
  });

  it('applies hooks of a chart before and after the rest, the Jobs of one weight before the next', () => {
    const hook = (name: string, event: string, weight: string, kind = 'Job'): KubeObject => ({
      ...{ apiVersion: kind === 'Job' ? 'batch/v1' : 'v1', kind },
      metadata: { name, annotations: { 'helm.sh/hook': event, 'helm.sh/hook-weight': weight } },
    });
    const objects = [
      hook('done', 'post-install', '1'),
      hook('last', 'post-install,post-upgrade', '5'),
      hook('first', 'pre-install', '10'),
      hook('config', 'pre-install', '-5', 'ConfigMap'),
      ...everything.filter(({ kind }) => kind === 'Deployment' || kind === 'Namespace'),
    ];
    const addons = desiredAddons({ a: objects });
    expect(batches(addonPhases(diffAddons(addons, { state: 'absent' }), []))).toEqual({
      'addon-a': [
        'create ConfigMap',
        'create Namespace',
        'create ConfigMap',
        'create Job, wait hooks before add-on a',
        'create Deployment',
        'wait workloads of add-on a',
        'create Job, wait hooks after add-on a',
        'create Job, wait hooks after add-on a',
        'wait add-on a',
        // The record of the Jobs that have run.
        'update ConfigMap',
      ],
    });
  });

  it('removes it in the opposite order, each part while its controller runs', () => {
    const addons = desiredAddons({ a: everything }, { a: { prune: 'all' } });
    expect(batches(addonPhases(diffAddons([], appliedAddons(addons)), []))).toEqual({
      'addons-removed': [
        'delete Widget, wait deletion of a: Widget default/w',
        'delete ValidatingWebhookConfiguration',
        'delete Deployment',
        'delete Service',
        'delete CustomResourceDefinition, delete Namespace, wait deletion of a: ValidatingWebhookConfiguration v, CustomResourceDefinition widgets.example.com and 3 more',
        'delete ConfigMap',
      ],
    });
  });

  it('one task for each batch, so that a failure is reported once', () => {
    const addons = desiredAddons({ a: everything });
    for (const { batches: all } of addonPhases(diffAddons(addons, { state: 'absent' }), []))
      for (const { tasks } of all) expect(tasks.length).toBeLessThanOrEqual(1);
  });

  it('an add-on begins after those that it needs, side by side with the others; what left goes last', () => {
    const needs = [{ phase: 'readiness', need: 'all' as const }];
    const objects = [objectOf('v1', 'ConfigMap', 'c')];
    const gone = appliedAddons(desiredAddons({ old: objects }));
    const addons = desiredAddons(
      { a: [objectOf('v1', 'Pod', 'a')], b: [objectOf('v1', 'Pod', 'b')], c: [objectOf('v1', 'Pod', 'c')] },
      { a: { after: ['c'] } },
    );
    const phases = addonPhases(diffAddons(addons, gone), needs);
    expect(phases.map(({ id, after }) => [id, after.map(({ phase }) => phase)])).toEqual([
      ['addon-c', ['readiness']],
      ['addon-a', ['readiness', 'addon-c']],
      ['addon-b', ['readiness']],
      ['addons-removed', ['readiness', 'addon-c', 'addon-a', 'addon-b']],
    ]);
  });

  it('does not wait for webhooks if nothing comes after them', () => {
    const addons = desiredAddons({ a: everything.slice(1) });
    const found = batches(addonPhases(diffAddons(addons, { state: 'absent' }), []));
    expect(found['addon-a']?.join()).not.toContain('wait webhooks');
  });
});
