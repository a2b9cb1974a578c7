import { createSign } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { observeRotation } from '../../src/observe/rotation.ts';
import { tokenKeyId } from '../../src/observe/token-key.ts';
import { fingerprints } from '../../src/kube/published-cas.ts';
import { generateCaKey, publicKeyPem } from '../../src/pki/keys.ts';
import type { Reader } from '../../src/transport/types.ts';
import { fakePki, startApi, type FakeApi, type FakePki } from '../kube/api-server.ts';

const since = '2026-11-28T05:00:00Z';
const [before, after] = ['2026-11-28T04:00:00Z', '2026-11-28T05:00:01Z'];

let pki: FakePki;
let api: FakeApi;
let lists: Record<string, readonly object[]>;

beforeAll(async () => {
  pki = await fakePki();
});
beforeEach(async () => {
  api = await startApi(pki);
  lists = {};
  api.answer = ({ method, path }) => {
    const items = lists[path.split('?')[0] ?? ''];
    return method === 'GET' && items !== undefined ? { status: 200, body: { items } } : undefined;
  };
});
afterEach(() => api.close());

const reader = { forward: () => api.connect() } as unknown as Reader;
const observe = (questions: Parameters<typeof observeRotation>[3]) =>
  observeRotation(reader, '10.0.0.1', pki.credentials, questions);

const token = { projected: { sources: [{ serviceAccountToken: {} }] } };
interface PodOptions {
  readonly owner?: string;
  readonly created?: string;
  readonly volumes?: readonly object[];
  readonly rest?: object;
}
function pod(
  name: string,
  { owner, created = before, volumes = [token], rest = {} }: PodOptions = {},
): object {
  const [kind = '', of = ''] = (owner ?? '').split('/');
  const ownerReferences = owner === undefined ? [] : [{ kind, name: of, controller: true }];
  return {
    metadata: { name, namespace: 'shop', creationTimestamp: created, ownerReferences, ...rest },
    spec: { nodeName: 'w-1', volumes },
    status: { phase: 'Running' },
  };
}

function workload(kind: string, name: string, spec: object = {}, ready = 1): void {
  const metadata = { name, namespace: 'shop', generation: 1 };
  const status = {
    ...{ observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: ready },
    ...{ desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberReady: ready },
  };
  const object = { apiVersion: 'apps/v1', kind, metadata, spec: { replicas: 1, ...spec }, status };
  api.objects.set(`/apis/apps/v1/namespaces/shop/${kind.toLowerCase()}s/${name}`, object);
}

describe('Pods of before', () => {
  it('are those that were created until then, run, and hold a token or the CA', async () => {
    lists['/api/v1/pods'] = [
      pod('token'),
      pod('ca', { volumes: [{ projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } }] }),
      pod('same-second', { created: since }),
      pod('new', { created: after }),
      pod('without', { volumes: [{ emptyDir: {} }] }),
      pod('ends', { rest: { deletionTimestamp: after } }),
      pod('static', { rest: { annotations: { 'kubernetes.io/config.mirror': 'x' } } }),
      { ...pod('ended'), status: { phase: 'Succeeded' } },
      { ...pod('waits'), spec: { volumes: [token] } },
      pod('of-job', { owner: 'Job/nightly' }),
    ];
    expect((await observe({ since }))?.pods).toEqual([
      'Pod shop/ca',
      'Pod shop/of-job of Job nightly',
      'Pod shop/same-second',
      'Pod shop/token',
    ]);
    expect((await observe({}))?.pods).toEqual([]);
  });

  it('belong to what replaces them; what cannot be asked for that says why', async () => {
    lists['/api/v1/pods'] = [
      pod('web-1', { owner: 'ReplicaSet/web-7d9' }),
      pod('web-2', { owner: 'ReplicaSet/web-7d9' }),
      pod('bare-set', { owner: 'ReplicaSet/own' }),
      pod('db-0', { owner: 'StatefulSet/db' }),
      pod('part-0', { owner: 'StatefulSet/part' }),
      pod('agent', { owner: 'DaemonSet/agent' }),
      pod('manual', { owner: 'DaemonSet/manual' }),
      pod('sick', { owner: 'DaemonSet/sick' }),
      pod('mine', { owner: 'DaemonSet/mine' }),
      pod('gone', { owner: 'StatefulSet/gone' }),
    ];
    const of = (name: string, owner?: string): object => ({
      metadata: {
        ...{ name, namespace: 'shop' },
        ...(owner && { ownerReferences: [{ kind: 'Deployment', name: owner, controller: true }] }),
      },
    });
    lists['/apis/apps/v1/replicasets'] = [of('web-7d9', 'web'), of('own')];
    workload('Deployment', 'web', { paused: true });
    workload('StatefulSet', 'db');
    workload('StatefulSet', 'part', { updateStrategy: { rollingUpdate: { partition: 2 } } });
    workload('DaemonSet', 'agent');
    workload('DaemonSet', 'manual', { updateStrategy: { type: 'OnDelete' } });
    workload('DaemonSet', 'sick', {}, 0);
    const restarted = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': since } } };
    workload('DaemonSet', 'mine', { template: restarted }, 0);

    const seen = await observe({ since });
    const told = seen?.workloads.map(({ kind, name, isRolling, obstacle }) => [
      kind,
      name,
      isRolling,
      obstacle,
    ]);
    expect(told).toEqual([
      ['DaemonSet', 'agent', false, undefined],
      ['DaemonSet', 'manual', false, 'its updateStrategy is OnDelete'],
      ['DaemonSet', 'mine', true, undefined],
      ['DaemonSet', 'sick', false, 'it is not ready: 0 of 1 Pods ready'],
      ['Deployment', 'web', false, 'it is paused'],
      ['StatefulSet', 'db', false, undefined],
      ['StatefulSet', 'part', false, 'its updateStrategy has a partition'],
    ]);
    expect(seen?.pods).toEqual(['Pod shop/bare-set of ReplicaSet own']);
  });
});

it('finds tokens in Secrets that another key signed, by the name of the key in the token', async () => {
  const [own, other] = [await generateCaKey('ECDSA-P256'), await generateCaKey('RSA-2048')];
  const signed = (key: string): string => {
    const header = Buffer.from(JSON.stringify({ kid: tokenKeyId(publicKeyPem(key)) })).toString('base64url');
    return `${header}.e30.${createSign('sha256').update(`${header}.e30`).sign(key).toString('base64url')}`;
  };
  const secret = (name: string, text: string): object => ({
    metadata: { name, namespace: 'shop' },
    data: { token: Buffer.from(text).toString('base64') },
  });
  lists['/api/v1/secrets'] = [
    ...[secret('new', signed(own)), secret('old', signed(other)), secret('broken', 'x'), secret('empty', '')],
  ];
  expect((await observe({ signingKey: own }))?.tokens.map(({ name }) => name)).toEqual(['old', 'broken']);
  expect((await observe({}))?.tokens).toEqual([]);
});

it('reads what is published, in every namespace', async () => {
  const own = fingerprints(pki.ca.cert);
  lists['/api/v1/configmaps'] = [
    { metadata: { name: 'kube-root-ca.crt', namespace: 'a' }, data: { 'ca.crt': pki.ca.cert } },
    { metadata: { name: 'kube-root-ca.crt', namespace: 'b' } },
  ];
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const data = { 'client-ca-file': pki.ca.cert + pki.ca.cert };
  api.objects.set(path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data });
  const published = (await observe({}))?.published;
  expect([...(published?.get('kube-root-ca.crt') ?? [])]).toEqual([
    ['ConfigMap a/kube-root-ca.crt', own],
    ['ConfigMap b/kube-root-ca.crt', []],
  ]);
  expect([...(published?.get('client-ca-file')?.values() ?? [])]).toEqual([[...own, ...own]]);
  expect([...(published?.get('requestheader-client-ca-file')?.values() ?? [])]).toEqual([[]]);
});

it('is unknown without an answer, and so is the time', async () => {
  const now = async (): Promise<string | undefined> => (await observe({}))?.now;
  lists['/api/v1/configmaps'] = [];
  const { answer } = api;
  api.answer = (request) =>
    request.method === 'POST'
      ? { status: 201, body: { metadata: { creationTimestamp: since } } }
      : answer(request);
  expect(await now()).toBe(since);
  api.answer = answer;
  expect([await now(), await observe({})]).toMatchObject([undefined, { now: undefined }]);
  api.answer = () => ({ status: 503, body: {} });
  expect([await now(), await observe({ since })]).toEqual([undefined, undefined]);
  await api.close();
  expect([await now(), await observe({ since })]).toEqual([undefined, undefined]);
});
