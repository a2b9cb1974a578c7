import { describe, expect, it } from 'vitest';
import { addonSecrets, desireAddons, inOrder } from '../../src/desire/addons.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Addon } from '../../src/model/addon.ts';

const addon = (name: string, more: Partial<Addon> = {}): Addon => ({
  ...{ name, after: [], manifests: [], images: [], prune: 'except-data', timeoutSeconds: 300 },
  ...more,
});
const object = (apiVersion: string, kind: string, name: string, more: object = {}): KubeObject => ({
  ...{ apiVersion, kind, metadata: { name } },
  ...more,
});
const crd = object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'widgets.example.com', {
  spec: { group: 'example.com', names: { kind: 'Widget' }, scope: 'Cluster' },
});

const desired = (addons: readonly Addon[], objects: Readonly<Record<string, readonly KubeObject[]>>) =>
  desireAddons(addons, new Map(Object.entries(objects)));

describe('desireAddons', () => {
  it('gives objects the label of their add-on, and a namespace where they need one', () => {
    const [first, second] = desired([addon('a', { namespace: 'own' }), addon('b')], {
      a: [
        object('v1', 'ConfigMap', 'x'),
        { ...object('v1', 'ConfigMap', 'x'), metadata: { name: 'x', namespace: 'other' } },
        {
          ...object('v1', 'Namespace', 'n'),
          metadata: { name: 'n', namespace: 'wrong', labels: { l: '1' } },
        },
        crd,
      ],
      b: [object('example.com/v1', 'Widget', 'w'), object('v1', 'Pod', 'p')],
    });
    expect(first?.objects.map(({ metadata }) => [metadata.namespace, metadata.labels])).toEqual([
      ['own', { 'kboot.dev/addon': 'a' }],
      ['other', { 'kboot.dev/addon': 'a' }],
      [undefined, { l: '1', 'kboot.dev/addon': 'a' }],
      [undefined, { 'kboot.dev/addon': 'a' }],
    ]);
    // The CRD of another add-on says that Widgets are in no namespace.
    expect(second?.objects.map(({ metadata }) => metadata.namespace)).toEqual([undefined, 'default']);
  });

  it('creates the namespace that an add-on names, unless it is an object or every cluster has it', () => {
    const of = (addons: readonly Addon[], objects: readonly KubeObject[] = []): unknown =>
      desired(addons, { b: objects }).map(({ namespace }) => namespace);
    expect(of([addon('a', { namespace: 'own' })])).toEqual(['own']);
    expect(of([addon('a'), addon('b', { namespace: 'kube-system' })])).toEqual([undefined, undefined]);
    expect(of([addon('a', { namespace: 'own' }), addon('b')], [object('v1', 'Namespace', 'own')])).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('writes Secrets as the API keeps them, and knows their data by name', () => {
    const secret = object('v1', 'Secret', 's', { data: { a: 'YQ==' }, stringData: { b: 'hunter2' } });
    const found = desired([addon('a')], { a: [secret] });
    expect(found[0]?.objects[0]).toMatchObject({ data: { a: 'YQ==', b: 'aHVudGVyMg==' } });
    expect(found[0]?.objects[0]).not.toHaveProperty('stringData');
    expect([...addonSecrets(found)]).toEqual([
      ['add-on a: Secret default/s', '{"a":"YQ==","b":"aHVudGVyMg=="}'],
    ]);
  });

  it('leaves the rules of an aggregated ClusterRole to its controller', () => {
    const role = object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'r', {
      ...{ aggregationRule: { clusterRoleSelectors: [] }, rules: [] },
    });
    expect(desired([addon('a')], { a: [role] })[0]?.objects[0]).not.toHaveProperty('rules');
  });

  it('names every object that has two owners', () => {
    const own = {
      ...object('v1', 'ConfigMap', 'coredns'),
      metadata: { namespace: 'kube-system', name: 'coredns' },
    };
    const twice = object('v1', 'ConfigMap', 'x');
    const make = (): unknown =>
      desireAddons(
        [addon('a'), addon('b')],
        new Map([
          ['a', [twice, own]],
          ['b', [twice, object('v1', 'Pod', 'p'), object('v1', 'Pod', 'p')]],
        ]),
        [own],
      );
    expect(make).toThrow(
      [
        'ConfigMap kube-system/coredns of add-on a is already that of kboot itself',
        'ConfigMap default/x of add-on b is already that of add-on a',
        'Pod default/p of add-on b is already in it',
      ].join('\n'),
    );
  });

  it.each([
    ['v1', 'ConfigMap', 'kboot-addon-a'],
    ['v1', 'ConfigMap', 'kboot-addon-of-one-that-left'],
    ['coordination.k8s.io/v1', 'Lease', 'kboot'],
  ])('leaves to kboot what it writes during a run: %s %s kube-system/%s', (apiVersion, kind, name) => {
    const metadata = { name, namespace: 'kube-system' };
    expect(() => desired([addon('a')], { a: [{ apiVersion, kind, metadata }] })).toThrow(
      `${kind} kube-system/${name} of add-on a is already that of kboot itself`,
    );
    expect(desired([addon('a')], { a: [object(apiVersion, kind, name)] })).toHaveLength(1);
  });

  it('orders add-ons after those that they need, and does not mind a circle', () => {
    const order = (after: Readonly<Record<string, readonly string[]>>): string[] =>
      inOrder(Object.entries(after).map(([name, list]) => ({ name, after: list }))).map(({ name }) => name);
    expect(order({ a: ['c'], b: [], c: ['b', 'gone'] })).toEqual(['b', 'c', 'a']);
    expect(order({ a: ['b'], b: ['a'] })).toEqual(['b', 'a']);
  });
});
