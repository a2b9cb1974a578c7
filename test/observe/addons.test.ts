import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addonRecordObject, recorded } from '../../src/kube/addons.ts';
import { openKube, type KubeClient } from '../../src/kube/client.ts';
import { refKey } from '../../src/kube/scopes.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { observeAddons, type AddonsObservation } from '../../src/observe/addons.ts';
import { fakePki, startApi, type FakeApi, type FakePki } from '../kube/api-server.ts';
import { desiredAddons, objectOf, widgets } from '../samples/addons.ts';

let pki: FakePki;
let api: FakeApi;
let kube: KubeClient;
beforeAll(async () => {
  pki = await fakePki();
});
beforeEach(async () => {
  api = await startApi(pki);
  kube = await openKube(await api.connect(), pki.credentials);
});
afterAll(() => undefined);

const discovery: Readonly<Record<string, readonly object[]>> = {
  '/api/v1': [
    { name: 'configmaps', kind: 'ConfigMap', namespaced: true },
    { name: 'namespaces', kind: 'Namespace', namespaced: false },
    { name: 'namespaces/status', kind: 'Namespace', namespaced: false },
  ],
  '/apis/apiextensions.k8s.io/v1': [
    { name: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false },
  ],
  '/apis/example.com/v1': [{ name: 'gadgets', kind: 'Gadget', namespaced: false }],
};

/** Serves discovery, lists of ConfigMaps and of Widgets, and dry runs; `other` comes first. */
function serve(records: readonly KubeObject[] = [], other: FakeApi['answer'] = () => undefined): void {
  api.answer = (request) => {
    const [path = '', query = ''] = request.path.split('?');
    const given = other(request);
    if (given !== undefined) return given;
    const resources = discovery[path];
    if (resources !== undefined) return { status: 200, body: { resources } };
    if (path.endsWith('/configmaps')) return { status: 200, body: { items: records } };
    if (path === '/apis/example.com/v1/widgets')
      return {
        status: 200,
        body: { items: [{ metadata: { name: 'w' } }], metadata: { remainingItemCount: 4 } },
      };
    if (query.includes('dryRun=All')) return { status: 200, body: request.body };
    return undefined;
  };
}

const observe = async (addons: ReturnType<typeof desiredAddons>): Promise<AddonsObservation> => {
  try {
    return await observeAddons(kube, addons);
  } finally {
    kube.close();
    await api.close();
  }
};

describe('observeAddons', () => {
  const config = objectOf('v1', 'ConfigMap', 'c', { data: { a: '1' } });
  const gadget = objectOf('example.com/v1', 'Gadget', 'g');

  it('reads objects of every kind that is served, and changes nothing', async () => {
    const addons = desiredAddons({ a: [config, gadget, objectOf('example.com/v1', 'Widget', 'w')] });
    api.objects.set('/api/v1/namespaces/default/configmaps/c', addons[0]?.objects[0] as KubeObject);
    api.objects.set('/apis/example.com/v1/gadgets/g', {
      ...(addons[0]?.objects[1] as KubeObject),
      metadata: { name: 'g', labels: { 'kboot.dev/addon': 'a' } },
    });
    serve();
    const seen = await observe(addons);
    expect([...seen.objects.keys()]).toEqual([
      '["/ConfigMap","default","c"]',
      // Discovery says that Gadgets are in no namespace.
      '["example.com/Gadget","","g"]',
    ]);
    expect([...seen.served.keys()].sort()).toEqual(['example.com/v1/Gadget', 'v1/ConfigMap']);
    expect(seen.dryRuns).toEqual(new Map());
    expect(api.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('asks what an apply would make of what differs, without storing it', async () => {
    const addons = desiredAddons({ a: [config] });
    api.objects.set('/api/v1/namespaces/default/configmaps/c', {
      ...(addons[0]?.objects[0] as KubeObject),
      data: { a: '2' },
    });
    serve();
    const seen = await observe(addons);
    expect([...seen.dryRuns.values()]).toMatchObject([{ result: { data: { a: '1' } } }]);
    const writes = api.requests.filter(({ method }) => method !== 'GET');
    expect(writes.map(({ path }) => path)).toEqual([
      '/api/v1/namespaces/default/configmaps/c?fieldManager=kboot&force=true&dryRun=All',
    ]);
    expect(api.objects.get('/api/v1/namespaces/default/configmaps/c')).toMatchObject({ data: { a: '2' } });
  });

  it('an item of somebody else that an apply removes is no reason to refuse it', async () => {
    const listed = objectOf('v1', 'ConfigMap', 's', { spec: { ports: [{ name: 'a', port: 80 }] } });
    const addons = desiredAddons({ a: [listed] });
    const managedFields = [
      {
        ...{ manager: 'kubectl-edit', operation: 'Update' },
        fieldsV1: { 'f:spec': { 'f:ports': { 'k:{"port":81}': {} } } },
      },
      { manager: 'kboot', operation: 'Apply', fieldsV1: {} },
    ];
    api.objects.set('/api/v1/namespaces/default/configmaps/s', {
      ...listed,
      metadata: { name: 's', namespace: 'default', managedFields } as KubeObject['metadata'],
      spec: { ports: [{ name: 'a', port: 81 }] },
    });
    const causes = [{ reason: 'FieldValueDuplicate', field: 'spec.ports[1].name' }];
    serve([], ({ path }) =>
      path.includes('dryRun') ? { status: 422, body: { message: 'twice', details: { causes } } } : undefined,
    );
    const seen = await observe(addons);
    expect([...seen.dryRuns.values()]).toMatchObject([{ isInvalid: false }]);
  });

  it.each([
    [422, { kind: 'Status', reason: 'Invalid', message: 'immutable' }, true],
    [500, { kind: 'Status', message: 'failed to create typed patch object' }, true],
    [500, { kind: 'Status', reason: 'InternalError', message: 'failed calling webhook' }, false],
    [404, { kind: 'Status', reason: 'NotFound', message: 'namespaces "x" not found' }, false],
  ])('a refusal with status %d and %j is final: %s', async (status, body, isInvalid) => {
    serve([], ({ path }) => (path.includes('dryRun') ? { status, body } : undefined));
    const seen = await observe(desiredAddons({ a: [config] }));
    expect([...seen.dryRuns.values()]).toEqual([
      { refused: `a dry run: the API answered ${status}: ${body.message}`, isInvalid },
    ]);
  });

  it('an object that cannot be read is not taken for one that does not exist', async () => {
    serve([], ({ path, method }) =>
      path.includes('/gadgets/') && method === 'GET'
        ? { status: 500, body: { message: 'conversion webhook failed' } }
        : undefined,
    );
    const seen = await observe(desiredAddons({ a: [gadget] }));
    expect([...seen.unread.values()]).toEqual([
      'reading Gadget default/g: the API answered 500: conversion webhook failed',
    ]);
    expect(seen.dryRuns).toEqual(new Map());
  });

  it('finds what an add-on had, and how many objects its CRD has', async () => {
    const before = desiredAddons({ old: [config, widgets] });
    const objects = before[0]?.objects ?? [];
    const record = addonRecordObject({
      ...{ name: 'old', after: [], prune: 'all', objects: objects.map(recorded) },
    });
    api.objects.set('/api/v1/namespaces/default/configmaps/c', objects[0] as KubeObject);
    api.objects.set('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com', {
      ...(objects[1] as KubeObject),
      spec: {
        ...{ group: 'example.com', names: { plural: 'widgets' } },
        versions: [
          { name: 'v0', served: false },
          { name: 'v1', served: true },
        ],
      },
    });
    serve([record]);
    const seen = await observe([]);
    expect([...seen.records.values()]).toMatchObject([{ record: { name: 'old', prune: 'all' } }]);
    expect([...seen.objects.keys()].sort()).toEqual(objects.map(refKey).sort());
    expect(seen.instances).toEqual(new Map([['widgets.example.com', 5]]));
  });
});
