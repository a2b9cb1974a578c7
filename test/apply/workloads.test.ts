import { describe, expect, it } from 'vitest';
import { CollectionReader, type Look } from '../../src/apply/collection-reader.ts';
import { workloadReady } from '../../src/apply/workloads.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/types.ts';

const proxy = (desired: number, numberReady: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { namespace: 'kube-system', name: 'kube-proxy' },
  status: { desiredNumberScheduled: desired, updatedNumberScheduled: desired, numberReady },
});
interface Pod {
  readonly isReady?: boolean;
  readonly isLeaving?: boolean;
  readonly owner?: string;
  readonly born?: string;
}
const registered = '2026-01-01T00:00:09Z';
const nodeNamed = (name: string): KubeObject => {
  const metadata = { name, creationTimestamp: registered };
  return { apiVersion: 'v1', kind: 'Node', metadata };
};
const podOn = (
  nodeName: string,
  { isReady = true, isLeaving = false, owner = 'kube-proxy', born = registered }: Pod = {},
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `${owner}-${nodeName}`,
    ...{ ownerReferences: [{ kind: 'DaemonSet', name: owner }] },
    ...{ creationTimestamp: born },
    ...(isLeaving && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
  },
  spec: { nodeName },
  status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
});

/** A look at an API with these Pods in a cluster of a thousand hosts; and the paths that it is asked for. */
function serving(pods: readonly KubeObject[]): { readonly look: Look; readonly asked: string[] } {
  const asked: string[] = [];
  const request: KubeClient['request'] = (_method, path) => {
    asked.push(path);
    const named = /\/nodes\/(.*)$/.exec(path)?.[1];
    if (named !== undefined) return Promise.resolve({ status: 200, body: nodeNamed(named) });
    const node = /nodeName%3D([^&]*)/.exec(path)?.[1];
    const items = pods.filter(
      (pod) => node === undefined || (pod['spec'] as { nodeName: string }).nodeName === node,
    );
    return Promise.resolve({ status: 200, body: { items } });
  };
  return { look: new CollectionReader(1000).look({ request, close: () => undefined }), asked };
}

describe('workloadReady', () => {
  it('does not list Pods without a reason', async () => {
    const { look, asked } = serving([]);
    expect(await workloadReady(look, proxy(3, 3), { awaited: [], lost: ['w-1'] })).toBeUndefined();
    expect(await workloadReady(look, proxy(3, 2), { awaited: [], lost: [] })).toBe('2 of 3 Pods ready');
    expect(asked).toEqual([]);
  });

  it('reads nothing while its status says that it is not ready, and no host is lost', async () => {
    const { look, asked } = serving([podOn('w-1')]);
    expect(await workloadReady(look, proxy(3, 2), { awaited: ['w-1'], lost: [] })).toBe('2 of 3 Pods ready');
    expect(asked).toEqual([]);
  });

  it('wants a Pod of its own that is Ready on each awaited node', async () => {
    for (const pods of [
      [],
      [podOn('w-1', { owner: 'other' })],
      [podOn('w-1', { isReady: false })],
      [podOn('w-1', { isLeaving: true })],
      // Of the Node that was deleted.
      [podOn('w-1', { born: '2025-12-31T23:59:59Z' })],
    ])
      expect(await workloadReady(serving(pods).look, proxy(1, 1), { awaited: ['w-1'], lost: [] })).toBe(
        'its Pod on w-1 is not ready',
      );
  });

  it('does not count the Pods on lost nodes, and counts all others', async () => {
    const { look } = serving([
      podOn('w-1', { isReady: false }),
      podOn('w-2', { isLeaving: true }),
      podOn('w-3'),
    ]);
    const lost = ['w-1', 'w-2', 'w-4'];
    expect(await workloadReady(look, proxy(3, 1), { awaited: [], lost })).toBeUndefined();
    // w-4 has none, and w-3 is not lost.
    expect(await workloadReady(look, proxy(4, 1), { awaited: [], lost })).toBe('1 of 4 Pods ready');
    // The Pod on a lost node that is Ready is one of those that are counted.
    expect(await workloadReady(look, proxy(3, 1), { awaited: [], lost: ['w-1', 'w-3'] })).toBe(
      '1 of 3 Pods ready',
    );
  });
});
