import { describe, expect, it } from 'vitest';
import { drainNode } from '../../src/apply/drain.ts';
import type { KubeClient, KubeResponse } from '../../src/kube/client.ts';
import type { DrainPolicy } from '../../src/plan/types.ts';
import { KbootError } from '../../src/model/error.ts';

interface FakePod {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly emptyDir?: boolean;
  /** Its namespace is being deleted: no eviction can be created in it. */
  readonly namespaceGoes?: boolean;
  readonly finalizers?: readonly string[];
  readonly owner?: string;
  readonly mirror?: boolean;
  readonly phase?: string;
  /** Response statuses of its evictions, in order; then 201. */
  readonly answers?: number[];
  /** Number of reads after its eviction until it is deleted. */
  readonly lingers?: number;
}

interface FakeNode {
  unschedulable?: boolean;
  annotations?: Record<string, string | null>;
}

const leaving: DrainPolicy = { timeoutSeconds: 5, deleteEmptyDirData: true, force: true, leaves: 'cordoned' };
const upgrading: DrainPolicy = { ...leaving, force: false, timeoutSeconds: 0.05, leaves: 'serving' };

/** An API server with one Node, w-1, Pods on it, and budgets. */
function world(
  pods: readonly FakePod[],
  ready: () => string = () => 'True',
  node: FakeNode = {},
  budgets: readonly object[] = [],
) {
  let running = 0;
  let most = 0;
  const requests: string[] = [];
  const evicted = new Map<string, number>();
  const ok = (body: unknown, status = 200): KubeResponse => ({ status, body });
  const gone = ({ name, lingers = 0 }: FakePod): boolean => (evicted.get(name) ?? -1) >= lingers;
  const request = (method: string, path: string, options?: { body?: unknown }): KubeResponse => {
    if (method !== 'GET') requests.push(`${method} ${path} ${JSON.stringify(options?.body)}`);
    const name = /pods\/(.*)\/eviction$/.exec(path)?.[1];
    if (name !== undefined) {
      const status = pods.find((pod) => pod.name === name)?.answers?.shift() ?? 201;
      if (status === 201) evicted.set(name, 0);
      const details = { causes: [{ reason: 'NamespaceTerminating' }] };
      if (pods.find((pod) => pod.name === name)?.namespaceGoes === true) {
        evicted.set(name, 0);
        return ok({ message: 'being terminated', details }, 403);
      }
      return ok({ message: status === 429 ? "it would violate the pod's disruption budget" : '' }, status);
    }
    if (path.startsWith('/api/v1/nodes/')) {
      if (method === 'PATCH') {
        const { metadata, spec } = options?.body as { metadata: FakeNode; spec: FakeNode };
        Object.assign(node, { ...spec, annotations: { ...node.annotations, ...metadata.annotations } });
      }
      const { unschedulable, annotations = {} } = node;
      return ok({
        metadata: { name: 'w-1', annotations },
        spec: { unschedulable },
        status: { conditions: [{ type: 'Ready', status: ready() }] },
      });
    }
    if (path.endsWith('/poddisruptionbudgets')) return ok({ items: budgets });
    const items = pods
      .filter((pod) => !gone(pod))
      .map((pod) => ({
        metadata: {
          name: pod.name,
          namespace: 'default',
          ownerReferences: pod.owner === undefined ? [] : [{ kind: pod.owner, controller: true }],
          annotations: pod.mirror === true ? { 'kubernetes.io/config.mirror': 'x' } : {},
          ...(pod.labels !== undefined && { labels: pod.labels }),
          ...(pod.finalizers !== undefined && { finalizers: pod.finalizers }),
          ...(evicted.has(pod.name) && { deletionTimestamp: 'now', deletionGracePeriodSeconds: 30 }),
        },
        spec: { volumes: pod.emptyDir === true ? [{ name: 'scratch', emptyDir: {} }] : [] },
        status: { phase: pod.phase ?? 'Running' },
      }));
    for (const [each, looks] of evicted) evicted.set(each, looks + 1);
    return ok({ items });
  };
  const client: KubeClient = {
    request: async (...args) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return request(...args);
    },
    close: () => undefined,
  };
  const waits: string[] = [];
  const interrupt = new AbortController();
  const drain = (policy: Partial<DrainPolicy> = {}): Promise<void> =>
    drainNode(
      client,
      'w-1',
      { ...leaving, ...policy },
      { pollMs: 1, signal: interrupt.signal, waiting: (seen) => waits.push(seen) },
    );
  const evictions = (): string[] => requests.flatMap((line) => /pods\/(.*)\/eviction/.exec(line)?.[1] ?? []);
  return { drain, requests, evictions, waits, interrupt, node, most: () => most };
}

describe('drainNode', () => {
  it('cordons first, then evicts Pods and waits until they are deleted', async () => {
    const { drain, requests, evictions } = world([
      { name: 'web', owner: 'ReplicaSet', lingers: 2 },
      { name: 'alone' },
      { name: 'flannel', owner: 'DaemonSet' },
      { name: 'etcd-w-1', owner: 'Node', mirror: true },
      { name: 'job', owner: 'Job', phase: 'Succeeded' },
    ]);
    await drain();
    expect(requests[0]).toContain('"kboot.dev/cordoned-by":"kboot"');
    expect(requests[0]).toContain('"unschedulable":true');
    expect(evictions()).toEqual(['web', 'alone']);
    expect(requests[1]).toContain('"apiVersion":"policy/v1","kind":"Eviction"');
  });

  it('retries while a disruption budget forbids it, and reports that once', async () => {
    const { drain, evictions, waits } = world([{ name: 'db', answers: [429, 429, 429] }]);
    await drain();
    expect(evictions()).toHaveLength(4);
    expect(waits).toHaveLength(2);
    expect(waits[0]).toContain('disruption budget');
  });

  it('times out with the Pods that are left, and leaves the Node cordoned', async () => {
    const { drain, requests } = world([{ name: 'db', answers: Array<number>(10_000).fill(429) }]);
    await expect(drain({ timeoutSeconds: 0.05 })).rejects.toMatchObject({
      code: 'E-WAIT',
      context: { detail: 'default/db', remedy: expect.stringContaining('cordoned') as string },
    });
    expect(requests.filter((line) => line.startsWith('DELETE'))).toEqual([]);
  });

  it('does not wait for Pods of a node that is not Ready, or becomes not Ready', async () => {
    const dead = world([{ name: 'web' }], () => 'Unknown');
    await dead.drain();
    expect(dead.evictions()).toEqual([]);
    let looks = 0;
    const dying = world([{ name: 'web', lingers: 1_000_000 }], () => (looks++ < 3 ? 'True' : 'Unknown'));
    await dying.drain();
    expect(dying.evictions()).toEqual(['web']);
  });

  it('an eviction that the API refuses is an error, one of a deleted Pod is not', async () => {
    await expect(world([{ name: 'x', answers: [403] }]).drain()).rejects.toMatchObject({
      code: 'E-KUBE-API',
    });
    await world([{ name: 'x', answers: [404] }]).drain();
  });

  it('waits for the Pods of a namespace that is being deleted', async () => {
    const { drain, waits } = world([{ name: 'x', namespaceGoes: true, lingers: 2 }]);
    await drain();
    expect(waits).toEqual(['1 Pod left, default/x is terminating']);
  });

  it('an interrupt ends it', async () => {
    const { drain, interrupt } = world([{ name: 'web', lingers: 1_000_000 }]);
    interrupt.abort();
    await expect(drain()).rejects.toMatchObject({ code: 'E-INTERRUPTED' });
  });
});

describe('a drain that leaves the Node serving', () => {
  const db = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { namespace: 'default', name: 'db' },
    spec: { minAvailable: 2, selector: { matchLabels: { app: 'db' } } },
    status: { currentHealthy: 2, desiredHealthy: 2, disruptionsAllowed: 0, expectedPods: 2 },
  };
  const forever = Array<number>(10_000).fill(429);
  const labels = { app: 'db' };

  async function failureOf(drain: Promise<void>): Promise<KbootError> {
    const failure: unknown = await drain.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure instanceof KbootError) return failure;
    throw new Error('the drain did not fail', { cause: failure });
  }

  it('names every Pod that is left and the budget that forbids it, and uncordons the Node', async () => {
    const { drain, node, evictions } = world(
      [
        { name: 'db-0', owner: 'StatefulSet', labels, answers: forever },
        { name: 'slow', owner: 'ReplicaSet', lingers: 1_000_000, finalizers: ['example.com/backup'] },
        { name: 'web', owner: 'ReplicaSet' },
      ],
      undefined,
      {},
      [db, { ...db, metadata: { namespace: 'other', name: 'db' } }],
    );
    const { code, message, context } = await failureOf(drain(upgrading));
    expect({ code, message }).toEqual({
      code: 'E-DRAIN',
      message: 'not drained after 0.05 s: 2 Pods left, default/db-0, default/slow',
    });
    expect(context.detail?.split('\n')).toEqual([
      'default/db-0: PodDisruptionBudget default/db (minAvailable 2; currentHealthy 2, desiredHealthy 2, disruptionsAllowed 0) forbids it',
      'default/slow: is terminating, with 30 s to end; finalizers: example.com/backup',
    ]);
    expect(new Set(evictions())).toEqual(new Set(['db-0', 'slow', 'web']));
    expect(evictions().filter((name) => name === 'db-0').length).toBeGreaterThan(1);
    expect(evictions().filter((name) => name === 'slow')).toHaveLength(1);
    expect(node).toMatchObject({ unschedulable: false, annotations: { 'kboot.dev/cordoned-by': null } });
  });

  it('says what the API said where it is not the budget that forbids it', async () => {
    const { drain } = world(
      [{ name: 'db-0', owner: 'StatefulSet', labels, answers: Array<number>(10_000).fill(500) }],
      undefined,
      {},
      [db],
    );
    const { context } = await failureOf(drain(upgrading));
    expect(context.detail).toBe('default/db-0: the API answered 500: ');
  });

  it('says that a Pod has several budgets, which the API never evicts', async () => {
    const all = { ...db, metadata: { namespace: 'default', name: 'all' } };
    const { drain } = world(
      [{ name: 'db-0', owner: 'StatefulSet', labels, answers: Array<number>(10_000).fill(500) }],
      undefined,
      {},
      [db, { ...all, spec: { maxUnavailable: '25%', selector: {} } }],
    );
    const { context } = await failureOf(drain(upgrading));
    expect(context.detail).toContain('several budgets: PodDisruptionBudget default/db');
    expect(context.detail).toContain('PodDisruptionBudget default/all (maxUnavailable 25%;');
  });

  it('leaves a Node cordoned that somebody else had cordoned', async () => {
    const { drain, node } = world([{ name: 'db', owner: 'StatefulSet', answers: forever }], undefined, {
      unschedulable: true,
    });
    expect((await failureOf(drain(upgrading))).code).toBe('E-DRAIN');
    expect(node).toEqual({ unschedulable: true });
  });

  it('uncordons a Node that an earlier run had cordoned', async () => {
    const { drain, node } = world([{ name: 'db', owner: 'StatefulSet', answers: forever }], undefined, {
      unschedulable: true,
      annotations: { 'kboot.dev/cordoned-by': 'kboot' },
    });
    await failureOf(drain(upgrading));
    expect(node.unschedulable).toBe(false);
  });

  it('evicts nothing if the policy keeps one of the Pods, and names all of them', async () => {
    const pods: readonly FakePod[] = [
      { name: 'web', owner: 'ReplicaSet' },
      { name: 'alone' },
      { name: 'cache', owner: 'ReplicaSet', emptyDir: true },
      { name: 'log', owner: 'DaemonSet', emptyDir: true },
      { name: 'job', phase: 'Failed', emptyDir: true },
    ];
    const { drain, evictions, node } = world(pods);
    const { message, context } = await failureOf(drain({ ...upgrading, deleteEmptyDirData: false }));
    expect(message).toBe('2 Pods of Node w-1 may not be evicted: default/alone, default/cache');
    expect(context.detail?.split('\n')).toHaveLength(2);
    expect(context.remedy).toContain('force: true and spec.upgrade.drain.deleteEmptyDirData: true');
    expect(evictions()).toEqual([]);
    expect(node.unschedulable).toBe(false);
    const forced = world(pods);
    await forced.drain({ ...upgrading, force: true, timeoutSeconds: 5 });
    expect(forced.evictions()).toEqual(['web', 'alone', 'cache']);
    expect(forced.node.unschedulable).toBe(true);
  });

  it('an interrupt and a refusal leave it serving too, an error that ends by itself does not', async () => {
    const interrupted = world([{ name: 'web', owner: 'ReplicaSet', lingers: 1_000_000 }]);
    interrupted.interrupt.abort();
    expect((await failureOf(interrupted.drain(upgrading))).code).toBe('E-INTERRUPTED');
    expect(interrupted.node.unschedulable).toBe(false);
    const pod = (status: number): FakePod => ({ name: 'web', owner: 'ReplicaSet', answers: [status] });
    const invalid = world([pod(422)]);
    await failureOf(invalid.drain(upgrading));
    expect(invalid.node.unschedulable).toBe(false);
    const forbidden = world([pod(403)]);
    await failureOf(forbidden.drain(upgrading));
    expect(forbidden.node.unschedulable).toBe(true);
  });
});

describe('evictions', () => {
  it('are requested with the grace period of the policy', async () => {
    const { drain, requests } = world([{ name: 'web', owner: 'ReplicaSet' }]);
    await drain({ gracePeriodSeconds: 7 });
    expect(requests.at(-1)).toContain('"deleteOptions":{"gracePeriodSeconds":7}');
    const own = world([{ name: 'web', owner: 'ReplicaSet' }]);
    await own.drain();
    expect(own.requests.at(-1)).not.toContain('deleteOptions');
  });

  it('of a big Node go side by side, but not all at once', async () => {
    const { drain, evictions, most } = world(
      Array.from({ length: 250 }, (_, index) => ({ name: `web-${index}`, owner: 'ReplicaSet' })),
    );
    await drain();
    expect(evictions()).toHaveLength(250);
    expect(most()).toBeGreaterThan(1);
    expect(most()).toBeLessThanOrEqual(20);
  });
});
