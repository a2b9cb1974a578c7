import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyAddonObject, checkAddon, deleteAddonObject, withData } from '../../src/apply/addons.ts';
import { openKube, type KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { diffAddons } from '../../src/plan/diff/addons.ts';
import type { ApplyStep, Condition, ObjectRef } from '../../src/plan/types.ts';
import { sha256 } from '../../src/model/digest.ts';
import { fakePki, startApi, type FakeApi, type FakePki } from '../kube/api-server.ts';
import { desiredAddons, healthy, objectOf } from '../samples/addons.ts';

let pki: FakePki;
let api: FakeApi;
let kube: KubeClient;
beforeAll(async () => {
  pki = await fakePki();
});
let kinds: readonly object[] = [];
beforeEach(async () => {
  api = await startApi(pki);
  kube = await openKube(await api.connect(), pki.credentials);
  kinds = [
    { name: 'widgets', kind: 'Widget', namespaced: true },
    { name: 'gadgets', kind: 'Gadget', namespaced: false },
  ];
  api.answer = ({ path }) => {
    if (path === '/apis/example.com/v1') return { status: 200, body: { resources: kinds } };
    if (path === '/apis/apps/v1')
      return {
        status: 200,
        body: { resources: [{ name: 'deployments', kind: 'Deployment', namespaced: true }] },
      };
    return undefined;
  };
});
afterEach(async () => {
  kube.close();
  await api.close();
});

const inNamespace = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, namespace: 'n' },
});
const widget = inNamespace(objectOf('example.com/v1', 'Widget', 'w'));
const gadget = inNamespace(objectOf('example.com/v1', 'Gadget', 'g'));
const deployment = inNamespace(objectOf('apps/v1', 'Deployment', 'd', { spec: { replicas: 1 } }));
const widgetPath = '/apis/example.com/v1/namespaces/n/widgets/w';

const failure = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('applyAddonObject', () => {
  it('applies objects of any kind where the API serves it', async () => {
    await applyAddonObject(kube, widget);
    await applyAddonObject(kube, gadget);
    expect([...api.objects.keys()]).toEqual([widgetPath, '/apis/example.com/v1/gadgets/g']);
    expect(api.objects.get('/apis/example.com/v1/gadgets/g')?.metadata).toEqual({ name: 'g' });
    expect(api.requests.at(-1)).toMatchObject({ contentType: 'application/apply-patch+yaml' });
  });

  it('a kind that is not served may be served a moment later', async () => {
    kinds = [];
    expect(await failure(applyAddonObject(kube, widget))).toMatchObject({
      code: 'E-KUBE-API',
      message: 'applying Widget n/w: the API does not serve Widget of example.com/v1',
      context: { httpStatus: 404 },
    });
    kinds = [{ name: 'widgets', kind: 'Widget', namespaced: true }];
    await applyAddonObject(kube, widget);
    expect(api.objects.has(widgetPath)).toBe(true);
  });

  it('what does not fit the schema is not tried again', async () => {
    const usual = api.answer;
    api.answer = (request) =>
      request.method === 'PATCH' ? { status: 500, body: { kind: 'Status', message: 'no' } } : usual(request);
    expect(await failure(applyAddonObject(kube, widget))).toMatchObject({ context: { httpStatus: 422 } });
    api.answer = (request) =>
      request.method === 'PATCH'
        ? {
            status: 500,
            body: { kind: 'Status', reason: 'InternalError', message: 'failed calling webhook' },
          }
        : usual(request);
    expect(await failure(applyAddonObject(kube, widget))).toMatchObject({ context: { httpStatus: 500 } });
  });
});

describe('deleteAddonObject', () => {
  const step = { object: widget } as unknown as ApplyStep;

  it('deletes in the background, and what does not exist counts as deleted', async () => {
    api.objects.set(widgetPath, widget);
    await deleteAddonObject(kube, step);
    await deleteAddonObject(kube, step);
    expect(api.objects.size).toBe(0);
    expect(api.requests.find(({ method }) => method === 'DELETE')?.body).toMatchObject({
      propagationPolicy: 'Background',
    });
    kinds = [];
    await deleteAddonObject(kube, step);
  });
});

describe('withData', () => {
  it('gives a Secret the data of this machine, if it is what was planned', () => {
    const addons = desiredAddons({ a: [objectOf('v1', 'Secret', 's', { stringData: { a: 'b' } })] });
    const [step] = diffAddons(addons, { state: 'absent' })[0]?.applies ?? [];
    const data = '{"a":"Yg=="}';
    expect(step?.data?.sha256).toBe(sha256(data));
    expect(withData(step as ApplyStep, data)).toEqual(addons[0]?.objects[0]);
    expect(() => withData(step as ApplyStep, '{"a":"Yw=="}')).toThrow(
      'its data changed since the plan was made',
    );
  });
});

describe('checkAddon', () => {
  const ready = (
    objects: readonly ObjectRef[],
    part: (Condition & { kind: 'addon-ready' })['part'] = 'all',
  ): Condition & { kind: 'addon-ready' } => ({ kind: 'addon-ready', addon: 'a', part, objects });

  it('says which object is not ready, and how many others', async () => {
    const condition = ready([deployment, widget, gadget]);
    api.objects.set(widgetPath, widget);
    expect(await checkAddon(kube, condition)).toEqual({
      ...{ text: 'Deployment n/d does not exist (and 1 more of its objects)', isFinal: false },
    });
    api.objects.set('/apis/apps/v1/namespaces/n/deployments/d', healthy(deployment));
    api.objects.set('/apis/example.com/v1/gadgets/g', gadget);
    expect(await checkAddon(kube, condition)).toBeUndefined();
    // What was ready is not asked for again.
    const asked = api.requests.length;
    expect(await checkAddon(kube, condition)).toBeUndefined();
    expect(api.requests).toHaveLength(asked);
  });

  it('names first what will never be ready', async () => {
    const job = inNamespace(objectOf('batch/v1', 'Job', 'j'));
    const usual = api.answer;
    api.answer = (request) =>
      request.path === '/apis/batch/v1'
        ? { status: 200, body: { resources: [{ name: 'jobs', kind: 'Job', namespaced: true }] } }
        : usual(request);
    api.objects.set('/apis/batch/v1/namespaces/n/jobs/j', {
      ...job,
      status: { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] },
    });
    expect(await checkAddon(kube, ready([deployment, job]))).toEqual({
      text: 'Job n/j Failed is True (BackoffLimitExceeded) (and 1 more of its objects)',
      isFinal: true,
    });
  });

  it('waits for an endpoint of each Service behind webhooks', async () => {
    const hook = objectOf('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'v', {
      webhooks: [{ clientConfig: { service: { namespace: 'n', name: 'hook' } } }],
    });
    let endpoints: unknown = null;
    const usual = api.answer;
    api.answer = (request) => {
      if (request.path === '/apis/admissionregistration.k8s.io/v1')
        return {
          status: 200,
          body: {
            resources: [{ name: 'validatingwebhookconfigurations', kind: hook.kind, namespaced: false }],
          },
        };
      if (request.path.includes('/endpointslices?'))
        return { status: 200, body: { items: [{ metadata: { name: 's' }, endpoints }] } };
      return usual(request);
    };
    api.objects.set('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/v', hook);
    const condition = ready([hook], 'webhooks');
    const unmet = 'ValidatingWebhookConfiguration v: its Service n/hook has no ready endpoint';
    expect(await checkAddon(kube, condition)).toMatchObject({ text: unmet });
    endpoints = [{ conditions: { ready: false } }];
    expect(await checkAddon(kube, condition)).toMatchObject({ text: unmet });
    endpoints = [{ conditions: { ready: true } }];
    expect(await checkAddon(kube, condition)).toBeUndefined();
  });

  it('names the finalizer that holds a deletion up', async () => {
    const condition: Condition = { kind: 'addon-gone', addon: 'a', objects: [widget] };
    api.objects.set(widgetPath, {
      ...widget,
      metadata: { ...widget.metadata, finalizers: ['example.com/x'] } as KubeObject['metadata'],
    });
    expect(await checkAddon(kube, condition)).toMatchObject({
      text: 'Widget n/w still exists: it has the finalizer example.com/x, which its controller must remove',
    });
    api.objects.delete(widgetPath);
    expect(await checkAddon(kube, condition)).toBeUndefined();
  });
});
