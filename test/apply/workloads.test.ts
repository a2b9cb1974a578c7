import { describe, expect, it } from 'vitest';
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
const node = (name: string): Promise<KubeObject> => {
  const metadata = { name, creationTimestamp: registered };
  return Promise.resolve({ apiVersion: 'v1', kind: 'Node', metadata });
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

/** An API with these Pods that knows the field selector; and the paths that it is asked for. */
function serving(pods: readonly KubeObject[]): { readonly kube: KubeClient; readonly asked: string[] } {
  const asked: string[] = [];
  const request: KubeClient['request'] = (_method, path) => {
    asked.push(path);
    const node = /nodeName%3D([^&]*)/.exec(path)?.[1];
    const items = pods.filter(
      (pod) => node === undefined || (pod['spec'] as { nodeName: string }).nodeName === node,
    );
    return Promise.resolve({ status: 200, body: { items } });
  };
  return { kube: { request, close: () => undefined }, asked };
}
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `w-${index}`);

describe('workloadReady', () => {
  it('does not list Pods without a reason', async () => {
    const { kube, asked } = serving([]);
    expect(await workloadReady(kube, proxy(3, 3), { awaited: [], lost: ['w-1'], node })).toBeUndefined();
    expect(await workloadReady(kube, proxy(3, 2), { awaited: [], lost: [], node })).toBe('2 of 3 Pods ready');
    expect(asked).toEqual([]);
  });

  it('asks for the Pods of a few nodes only, and for all Pods at once for many', async () => {
    const few = serving([podOn('w-1')]);
    expect(await workloadReady(few.kube, proxy(3, 3), { awaited: ['w-1'], lost: [], node })).toBeUndefined();
    expect(few.asked).toHaveLength(1);
    expect(few.asked[0]).toContain('/namespaces/kube-system/pods?fieldSelector=spec.nodeName%3Dw-1');
    const many = serving(names(11).map((name) => podOn(name)));
    expect(
      await workloadReady(many.kube, proxy(11, 11), { awaited: names(11), lost: [], node }),
    ).toBeUndefined();
    expect(many.asked).toHaveLength(1);
    expect(many.asked[0]).not.toContain('fieldSelector');
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
      expect(await workloadReady(serving(pods).kube, proxy(1, 1), { awaited: ['w-1'], lost: [], node })).toBe(
        'its Pod on w-1 is not ready',
      );
  });

  it('does not count the Pods on lost nodes, and counts all others', async () => {
    const { kube } = serving([
      podOn('w-1', { isReady: false }),
      podOn('w-2', { isLeaving: true }),
      podOn('w-3'),
    ]);
    const lost = ['w-1', 'w-2', 'w-4'];
    expect(await workloadReady(kube, proxy(3, 1), { awaited: [], lost, node })).toBeUndefined();
    // w-4 has none, and w-3 is not lost.
    expect(await workloadReady(kube, proxy(4, 1), { awaited: [], lost, node })).toBe('1 of 4 Pods ready');
    // The Pod on a lost node that is Ready is one of those that are counted.
    expect(await workloadReady(kube, proxy(3, 1), { awaited: [], lost: ['w-1', 'w-3'], node })).toBe(
      '1 of 3 Pods ready',
    );
  });
});
