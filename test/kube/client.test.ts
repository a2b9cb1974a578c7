import { createServer, connect, type AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  applyObject,
  getObject,
  itemsIn,
  objectIn,
  openKube,
  type KubeClient,
} from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { KbootError } from '../../src/model/error.ts';
import { context, leafSpec, makeLeaf, sampleCluster } from '../samples/pki.ts';
import { failure } from '../transport/failure.ts';
import { fakePki, startApi, type FakeApi, type FakePki } from './api-server.ts';

const coredns: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'coredns', namespace: 'kube-system' },
  data: { Corefile: 'ü\n'.repeat(20_000) },
};
const path = '/api/v1/namespaces/kube-system/configmaps/coredns';

let pki: FakePki;
let stranger: FakePki;
let api: FakeApi;
let kube: KubeClient;

beforeAll(async () => {
  [pki, stranger] = [await fakePki(), await fakePki()];
}, 60_000);
beforeEach(async () => {
  api = await startApi(pki);
  kube = await openKube(await api.connect(), api.credentials);
});
afterEach(async () => {
  kube.close();
  await api.close();
});

describe('the API client', () => {
  it('sends many concurrent requests over one stream', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => kube.request('GET', `/api/v1/x/${i}`)),
    );
    expect(answers.every(({ status }) => status === 404)).toBe(true);
    expect(api.requests).toHaveLength(100);
    expect(api.streams).toHaveLength(1);
  });

  it('applies objects server-side, as kboot, and takes over fields', async () => {
    await applyObject(kube, coredns);
    await applyObject(kube, coredns);
    expect(api.requests[0]).toEqual({
      method: 'PATCH',
      path: `${path}?fieldManager=kboot&force=true`,
      contentType: 'application/apply-patch+yaml',
      body: coredns,
    });
    expect(await getObject(kube, coredns)).toEqual(coredns);
  });

  it('removes the item of somebody else that has the name of its own, and only if nothing else is wrong', async () => {
    const ports = { 'f:ports': { 'k:{"port":81}': {} } };
    const managedFields = [
      { manager: 'kubectl-edit', operation: 'Update', fieldsV1: { 'f:spec': ports } },
      { manager: 'kboot', operation: 'Apply', fieldsV1: { 'f:spec': {} } },
    ];
    const service: KubeObject = {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', namespace: 'b' } },
      spec: { ports: [{ name: 'http', port: 80 }] },
    };
    const at = '/api/v1/namespaces/b/services/a';
    const duplicate = { reason: 'FieldValueDuplicate', field: 'spec.ports[1].name' };
    const other = { reason: 'FieldValueInvalid', field: 'spec.type' };
    const answering = (causes: readonly object[]): void => {
      api.requests.length = 0;
      const metadata = { ...service.metadata, resourceVersion: '7', managedFields } as KubeObject['metadata'];
      api.objects.set(at, { ...service, metadata, spec: { ports: [{ name: 'http', port: 81 }] } });
      api.answer = ({ contentType }) => {
        if (contentType === 'application/json-patch+json') return { status: 200, body: service };
        return api.requests.length === 1
          ? { status: 422, body: { message: 'twice', details: { causes } } }
          : undefined;
      };
    };
    answering([duplicate]);
    await applyObject(kube, service);
    expect(api.requests.map(({ method, contentType }) => `${method} ${contentType}`)).toEqual([
      'PATCH application/apply-patch+yaml',
      expect.stringMatching(/^GET /),
      'PATCH application/json-patch+json',
      'PATCH application/apply-patch+yaml',
    ]);
    expect(api.requests[2]?.body).toEqual([
      { op: 'test', path: '/metadata/resourceVersion', value: '7' },
      {
        ...{ op: 'replace', path: '/metadata/managedFields' },
        value: [{ manager: 'kboot', operation: 'Apply', fieldsV1: { 'f:spec': ports } }],
      },
    ]);
    for (const causes of [[duplicate, other], [other], []]) {
      answering(causes);
      expect((await failure(applyObject(kube, service))).message).toContain('answered 422: twice');
      expect(api.requests).toHaveLength(1);
    }
  });

  it('sends the body of a DELETE: its preconditions', async () => {
    const body = { kind: 'DeleteOptions', preconditions: { uid: 'u' } };
    await kube.request('DELETE', path, { body });
    expect(api.requests[0]).toMatchObject({ method: 'DELETE', contentType: 'application/json', body });
  });

  it('distinguishes objects that do not exist from objects that could not be read', async () => {
    expect(await getObject(kube, coredns)).toBeUndefined();
    api.answer = () => ({ status: 403, body: { message: 'forbidden: User "x"' } });
    const error = await failure(getObject(kube, coredns));
    expect(error).toMatchObject({ code: 'E-KUBE-API', context: { httpStatus: 403 } });
    expect(error.message).toBe(
      'reading ConfigMap kube-system/coredns: the API answered 403: forbidden: User "x"',
    );
  });

  it("passes on the API's message about an object that it refuses", async () => {
    api.answer = () => ({ status: 422, body: { message: 'spec.x: Invalid value' } });
    expect((await failure(applyObject(kube, coredns))).message).toContain(
      'answered 422: spec.x: Invalid value',
    );
    api.answer = () => ({ status: 500, body: 'not json' });
    expect((await failure(applyObject(kube, coredns))).message).toContain('answered 500: not json');
  });

  it('says of an answer that no API server gives which request it was, and where it is wrong', async () => {
    const items = [{ metadata: { name: 'w-1' } }, { metadata: { name: 'w-2' }, spec: { taints: 'all' } }];
    api.answer = () => ({ status: 200, body: { items } });
    const error = await failure(listAll(kube, '/api/v1/nodes', (node) => node));
    expect(error.code).toBe('E-KUBE-API');
    expect(error.message).toBe(
      'GET /api/v1/nodes?limit=500: the answer is not one of the Kubernetes API: items[1].spec.taints is a text',
    );
  });

  it('leaves a log as it is, even one that is JSON', async () => {
    api.answer = () => ({ status: 200, body: '{"level":"info"}' });
    expect((await kube.request('GET', '/log', { asText: true })).body).toBe('{"level":"info"}');
    expect((await kube.request('GET', '/log')).body).toEqual({ level: 'info' });
  });

  it('refuses an answer that is longer than allowed, and goes on', async () => {
    api.answer = () => ({ status: 200, body: 'x'.repeat(200_000) });
    const error = await failure(kube.request('GET', '/log', { asText: true, maxBytes: 1000 }));
    expect(error.message).toBe('GET /log: the answer is longer than 1000 bytes');
    api.answer = () => undefined;
    expect((await kube.request('GET', '/readyz', { maxBytes: 2 })).body).toBe('ok');
  });

  it('reports a connection that ended, for the pending request and later ones', async () => {
    api.answer = () => 'hang up';
    const error = await failure(kube.request('GET', '/readyz'));
    expect(error.code).toBe('E-KUBE-API');
    expect(error.message).toMatch(/^GET \/readyz: /);
    expect(error.context.httpStatus).toBeUndefined();
    expect((await failure(kube.request('GET', '/readyz'))).code).toBe('E-KUBE-API');
    api.answer = () => undefined;
    const again = await openKube(await api.connect(), api.credentials);
    expect((await again.request('GET', '/readyz')).body).toBe('ok');
    again.close();
  });

  it('a stream that breaks during a request does not crash kboot', async () => {
    api.answer = () => {
      api.streams[0]?.destroy(new Error('ECONNRESET'));
      return undefined;
    };
    expect((await failure(kube.request('GET', '/readyz'))).code).toBe('E-KUBE-API');
  });
});

describe('opening the API', () => {
  it("refuses a server whose certificate is not signed by the cluster's CA", async () => {
    const error = await failure(
      openKube(await api.connect(), { ...api.credentials, caPem: stranger.credentials.caPem }),
    );
    expect(error.code).toBe('E-KUBE-API');
    expect(error.message).toMatch(/^cannot use the API server: /);
    expect(api.requests).toEqual([]);
  });

  it('refuses a server of the CA that is not an API server', async () => {
    const spec = { ...leafSpec(sampleCluster(), 'etcd-server', 'cp1'), ca: 'ca' as const };
    const etcd = await makeLeaf(spec, pki.ca, { ...context, now: new Date() });
    const { certificatePem: cert, keyPem: key } = pki.credentials;
    for (const server of [etcd, { cert, key }]) {
      const impostor = await startApi({ ...pki, server });
      const error = await failure(openKube(await impostor.connect(), api.credentials));
      expect(error.code).toBe('E-KUBE-API');
      expect(impostor.requests).toEqual([]);
      await impostor.close();
    }
  });

  it('reports that the other side does not speak TLS or closes the connection', async () => {
    for (const greeting of ['HTTP/1.1 400 Bad Request\r\n\r\n', '']) {
      const server = createServer((socket) => {
        socket.on('error', () => undefined).end(greeting);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      expect((await failure(openKube(socket, api.credentials))).code).toBe('E-KUBE-API');
      server.close();
    }
  });

  it('fails without a client certificate that the API server accepts', async () => {
    const client = await openKube(await api.connect(), {
      ...stranger.credentials,
      caPem: pki.credentials.caPem,
    }).catch((error: unknown) => error);
    if (client instanceof Error) return;
    const open = client as KubeClient;
    expect((await failure(open.request('GET', '/readyz'))).code).toBe('E-KUBE-API');
    open.close();
  });
});

describe('answers of another form', () => {
  it.each([
    null,
    5,
    'x',
    {},
    { metadata: null },
    { metadata: { name: 7 } },
    { metadata: { name: 'x', labels: { a: 5 } } },
    { metadata: { name: 'x' }, spec: [] },
  ])('%j is not an object', (body) => {
    expect(() => objectIn(body, 'x')).toThrow(KbootError);
    expect(() => itemsIn({ items: [body] }, 'x')).toThrow(KbootError);
  });

  it.each([null, 5, {}, { items: 5 }, { items: null }])('%j is not a list', (body) => {
    expect(() => itemsIn(body, 'x')).toThrow(KbootError);
  });

  it('a list without an end is an error', async () => {
    let pages = 0;
    const endless = {
      request: () => {
        pages++;
        return Promise.resolve({ status: 200, body: { items: [], metadata: { continue: `t${pages}` } } });
      },
      close: () => undefined,
    };
    await expect(listAll(endless, '/api/v1/pods', (each: KubeObject) => each)).rejects.toMatchObject({
      code: 'E-KUBE-API',
    });
    expect(pages).toBe(2000);
  });
});
