import { expect, it } from 'vitest';
import type { KubeClient, KubeResponse } from '../../../src/kube/client.ts';
import { readUpgrade } from '../../../src/observe/upgrade/read.ts';
import { podSample } from '../../samples/upgrade.ts';

const nodes = new Map<string, never>();

/** An API that answers the paths (without limit and continue) that it has, in pages of two. */
function api(
  objects: Readonly<Record<string, readonly object[]>>,
  broken: Readonly<Record<string, KubeResponse>> = {},
) {
  const paths: string[] = [];
  let running = 0;
  let most = 0;
  const client: KubeClient = {
    request: async (method, path) => {
      expect(method).toBe('GET');
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      paths.push(path);
      const { pathname, searchParams } = new URL(path, 'https://kubernetes');
      const failure = broken[pathname];
      if (failure !== undefined) return failure;
      const all = objects[pathname];
      if (all === undefined) return { status: 404, body: { message: 'not found' } };
      if (!searchParams.has('limit')) return { status: 200, body: all[0] };
      const start = Number(searchParams.get('continue') ?? 0);
      const rest = all.length - start - 2;
      const metadata = rest > 0 ? { continue: String(start + 2), remainingItemCount: rest } : {};
      return { status: 200, body: { items: all.slice(start, start + 2), metadata } };
    },
    close: () => undefined,
  };
  return { client, paths, most: () => most };
}

const metrics = (text: string) => new Map([['cp-1', () => Promise.resolve(text)]]);

it('reads every page of the Pods, and keeps only what counts', async () => {
  const pods = Array.from({ length: 5 }, (_, index) => ({
    ...podSample({ name: `p-${index}`, node: 'w-1', of: 'ReplicaSet/web-7d9', labels: { app: 'web' } }),
    secretField: 'x',
  }));
  const { client, paths } = api({ '/api/v1/pods': pods });
  const { pods: seen, unread } = await readUpgrade(client, nodes, metrics(''));
  expect(seen.map(({ metadata }) => metadata.name)).toEqual(['p-0', 'p-1', 'p-2', 'p-3', 'p-4']);
  expect(JSON.stringify(seen)).not.toContain('secretField');
  expect(unread).toEqual([]);
  expect(paths.filter((path) => path.startsWith('/api/v1/pods'))).toEqual([
    '/api/v1/pods?limit=500',
    '/api/v1/pods?limit=500&continue=2',
    '/api/v1/pods?limit=500&continue=4',
  ]);
});

it('begins again once if the pages have expired, and then says so', async () => {
  let asked = 0;
  const client: KubeClient = {
    request: (_method, path) => {
      if (!path.startsWith('/api/v1/pods')) return Promise.resolve({ status: 404, body: {} });
      asked++;
      if (path.includes('continue=')) return Promise.resolve({ status: 410, body: { message: 'expired' } });
      const items = [podSample({ name: 'a', node: 'w-1' })];
      return Promise.resolve({ status: 200, body: { items, metadata: { continue: '1' } } });
    },
    close: () => undefined,
  };
  const { pods, unread } = await readUpgrade(client, nodes, metrics(''));
  expect({ pods, asked }).toEqual({ pods: [], asked: 4 });
  expect(unread).toEqual([expect.stringContaining('410: expired') as string]);
});

it('reads webhooks that fail closed, with the ready endpoints of their Services', async () => {
  const webhook = {
    name: 'a.example.com',
    clientConfig: { service: { namespace: 'policy', name: 'hook' } },
    rules: [{ operations: ['CREATE'], apiGroups: [''], resources: ['pods'] }],
  };
  const { client } = api({
    '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations': [
      {
        metadata: { name: 'policy' },
        webhooks: [
          webhook,
          { ...webhook, name: 'b', failurePolicy: 'Ignore' },
          { ...webhook, name: 'c', clientConfig: { url: 'https://example.com' } },
        ],
      },
    ],
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': [
      { metadata: { name: 'empty' } },
      {
        metadata: { name: 'sidecar' },
        webhooks: [{ ...webhook, matchConditions: [{ expression: 'true' }] }],
      },
    ],
    '/apis/discovery.k8s.io/v1/namespaces/policy/endpointslices': [
      {
        metadata: { name: 'hook-x7' },
        endpoints: [
          { conditions: { ready: true }, nodeName: 'w-1', targetRef: { name: 'hook-1' } },
          { conditions: { ready: false }, nodeName: 'w-2' },
          {},
        ],
      },
    ],
    '/api/v1/namespaces/policy': [{ metadata: { name: 'policy', labels: { team: 'x' } } }],
  });
  const { webhooks, unread } = await readUpgrade(client, nodes, metrics(''));
  expect(unread).toEqual([]);
  expect(webhooks).toMatchObject([
    {
      configuration: 'ValidatingWebhookConfiguration policy',
      ...{ name: 'a.example.com', isConditional: false, namespaceLabels: { team: 'x' } },
      ready: [{ node: 'w-1', pod: 'hook-1' }, {}],
    },
    { configuration: 'MutatingWebhookConfiguration sidecar', isConditional: true },
  ]);
});

it('reads budgets, volumes of one node, and objects that would be lost', async () => {
  const term = { key: 'kubernetes.io/hostname', operator: 'In', values: ['w-1'] };
  const claimRef = { namespace: 'shop', name: 'data' };
  const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions: [term] }] } };
  const { client, most } = api({
    '/apis/policy/v1/poddisruptionbudgets': [{ metadata: { namespace: 'shop', name: 'b' } }],
    '/api/v1/persistentvolumes': [
      { metadata: { name: 'local' }, spec: { claimRef, nodeAffinity } },
      { metadata: { name: 'unbound' }, spec: { nodeAffinity } },
      { metadata: { name: 'network' }, spec: { claimRef } },
    ],
    '/apis/scheduling.k8s.io/v1alpha1/workloads': ['a', 'b', 'c'].map((name) => ({
      metadata: { namespace: 'shop', name },
    })),
  });
  const seen = await readUpgrade(client, nodes, metrics(''));
  expect(seen.budgets).toHaveLength(1);
  expect(seen.localVolumes).toEqual([{ volume: 'local', namespace: 'shop', claim: 'data', nodes: ['w-1'] }]);
  expect(seen.stored).toEqual([
    {
      ...{ groupVersion: 'scheduling.k8s.io/v1alpha1', resource: 'workloads', lostIn: 36 },
      ...{ names: ['shop/a', 'shop/b'], count: 3 },
    },
  ]);
  expect(most()).toBeLessThanOrEqual(10);
});

it('reads requests for deprecated APIs from the metrics', async () => {
  const text = `# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs
# TYPE apiserver_requested_deprecated_apis gauge
apiserver_requested_deprecated_apis{group="storage.k8s.io",removed_release="1.37",resource="volumeattributesclasses",subresource="",version="v1beta1"} 1
apiserver_requested_deprecated_apis{group="",removed_release="",resource="endpoints",subresource="",version="v1"} 1
apiserver_request_total{code="200"} 7
`;
  const { deprecated } = await readUpgrade(api({}).client, nodes, metrics(text));
  expect(deprecated).toEqual([
    {
      ...{ host: 'cp-1', group: 'storage.k8s.io', version: 'v1beta1', resource: 'volumeattributesclasses' },
      ...{ subresource: '', removedRelease: '1.37' },
    },
  ]);
});

it('says what it could not read, and reads the rest', async () => {
  const body = { message: 'overloaded' };
  const { client } = api(
    { '/api/v1/pods': [podSample({ name: 'a', node: 'w-1' })] },
    { '/apis/policy/v1/poddisruptionbudgets': { status: 503, body } },
  );
  const failing = new Map([['cp-2', () => Promise.reject(new Error('no route'))]]);
  const { pods, unread } = await readUpgrade(client, nodes, failing);
  expect(pods).toHaveLength(1);
  expect(unread.toSorted()).toEqual([
    expect.stringMatching(/^PodDisruptionBudgets: .*503: overloaded$/) as string,
    'metrics of cp-2: no route',
  ]);
});
