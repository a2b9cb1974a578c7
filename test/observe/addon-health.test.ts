import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { addonRecordObject } from '../../src/kube/addons.ts';
import { openKube, type KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { addonProblems } from '../../src/observe/addon-health.ts';
import { fakePki, startApi, type FakeApi, type FakePki } from '../kube/api-server.ts';

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
afterEach(async () => {
  kube.close();
  await api.close();
});

const ref = (apiVersion: string, kind: string, name: string) => ({
  ...{ apiVersion, kind, metadata: { namespace: 'shop', name } },
});
const record = addonRecordObject({
  ...{ name: 'shop', after: [], prune: 'except-data' },
  objects: [
    ref('apps/v1', 'Deployment', 'web'),
    ref('apps/v1', 'Deployment', 'gone'),
    ref('batch/v1', 'Job', 'done'),
    ref('v1', 'ConfigMap', 'settings'),
    ref('example.com/v1', 'Widget', 'w'),
  ],
});
const resources: Readonly<Record<string, readonly object[]>> = {
  '/apis/apps/v1': [{ name: 'deployments', kind: 'Deployment', namespaced: true }],
  '/apis/batch/v1': [{ name: 'jobs', kind: 'Job', namespaced: true }],
};

function serve(available: number): void {
  const web: KubeObject = {
    ...ref('apps/v1', 'Deployment', 'web'),
    spec: { replicas: 2 },
    status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: available },
  };
  api.objects.set('/apis/apps/v1/namespaces/shop/deployments/web', web);
  api.answer = ({ path }) => {
    const found = resources[path];
    if (found !== undefined) return { status: 200, body: { resources: found } };
    return path.startsWith('/api/v1/namespaces/kube-system/configmaps')
      ? { status: 200, body: { items: [record] } }
      : undefined;
  };
}

it('lists what of an add-on is not healthy or is gone, not a Job that has run or what has no state', async () => {
  serve(1);
  expect([...(await addonProblems(kube))].sort()).toEqual([
    'add-on shop: Deployment shop/gone: does not exist',
    'add-on shop: Deployment shop/web: 1 of 2 Pods are available',
    'add-on shop: Widget shop/w: does not exist',
  ]);
  expect(api.requests.filter(({ path }) => path.includes('settings'))).toEqual([]);
});

it('lists nothing of what is healthy', async () => {
  serve(2);
  api.objects.set('/apis/apps/v1/namespaces/shop/deployments/gone', {
    ...ref('apps/v1', 'Deployment', 'gone'),
    spec: { replicas: 0 },
    status: { observedGeneration: 1 },
  });
  expect(await addonProblems(kube)).toEqual(['add-on shop: Widget shop/w: does not exist']);
});
