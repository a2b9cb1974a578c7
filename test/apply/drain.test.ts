import { describe, expect, it } from 'vitest';
import { drainNode } from '../../src/apply/drain.ts';
import type { KubeClient, KubeResponse } from '../../src/kube/client.ts';

interface FakePod {
  readonly name: string;
  readonly owner?: string;
  readonly mirror?: boolean;
  readonly phase?: string;
  /** Response statuses of its evictions, in order; then 201. */
  readonly answers?: number[];
  /** Number of reads after its eviction until it is deleted. */
  readonly lingers?: number;
}

/** An API server with one Node, w-1, and Pods on it. */
function world(pods: readonly FakePod[], ready: () => string = () => 'True') {
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
      return ok({ message: status === 429 ? "it would violate the pod's disruption budget" : '' }, status);
    }
    if (path.startsWith('/api/v1/nodes/'))
      return ok({ metadata: { name: 'w-1' }, status: { conditions: [{ type: 'Ready', status: ready() }] } });
    const items = pods
      .filter((pod) => !gone(pod))
      .map((pod) => ({
        metadata: {
          name: pod.name,
          namespace: 'default',
          ownerReferences: pod.owner === undefined ? [] : [{ kind: pod.owner, controller: true }],
          annotations: pod.mirror === true ? { 'kubernetes.io/config.mirror': 'x' } : {},
          ...(evicted.has(pod.name) && { deletionTimestamp: 'now' }),
        },
        status: { phase: pod.phase ?? 'Running' },
      }));
    for (const [each, looks] of evicted) evicted.set(each, looks + 1);
    return ok({ items });
  };
  const client: KubeClient = {
    request: (...args) => Promise.resolve(request(...args)),
    close: () => undefined,
  };
  const waits: string[] = [];
  const interrupt = new AbortController();
  const drain = (timeoutSeconds = 5): Promise<void> =>
    drainNode(client, 'w-1', {
      ...{ timeoutSeconds, pollMs: 1, signal: interrupt.signal },
      waiting: (seen) => waits.push(seen),
    });
  const evictions = (): string[] => requests.flatMap((line) => /pods\/(.*)\/eviction/.exec(line)?.[1] ?? []);
  return { drain, requests, evictions, waits, interrupt };
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
    await expect(drain(0.05)).rejects.toMatchObject({
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

  it('an interrupt ends it', async () => {
    const { drain, interrupt } = world([{ name: 'web', lingers: 1_000_000 }]);
    interrupt.abort();
    await expect(drain()).rejects.toMatchObject({ code: 'E-INTERRUPTED' });
  });
});
