import { describe, expect, it } from 'vitest';
import { waitForPods, type PodState } from '../../src/verify/pods.ts';
import { fakeKube, items, ok, pod, readyStatus, type FakeKube } from '../samples/verify.ts';

const running = new AbortController().signal;

interface Cluster {
  /** Ready Pods as the DaemonSet reports them, one value per request; the last one repeats. */
  readonly ready: readonly number[];
  readonly pods: readonly unknown[];
  readonly events?: readonly unknown[];
}

function cluster({ ready, pods, events = [] }: Cluster): FakeKube {
  const left = [...ready];
  return fakeKube((_method, path) => {
    if (path.includes('/daemonsets/')) {
      const [numberReady] = left.length > 1 ? left.splice(0, 1) : left;
      return ok({ status: { numberReady } });
    }
    return path.includes('/events') ? items(...events) : items(...pods);
  });
}

const wait = (
  kube: FakeKube,
  nodes: readonly string[],
  timeoutMs = 10_000,
  signal = running,
): Promise<ReadonlyMap<string, PodState>> =>
  waitForPods(kube, { namespace: 'ns', app: 'server', nodes, timeoutMs, pollMs: 1 }, signal, () => undefined);

async function whyOf(status: object, events: readonly unknown[] = []): Promise<string> {
  const kube = cluster({ ready: [0], pods: [pod('server', 'w-1', status)], events });
  const state = (await wait(kube, ['w-1'], 5)).get('w-1');
  return state !== undefined && 'why' in state ? state.why : '';
}

const warning = (name: string, message: string, lastTimestamp = '2026-11-20T10:00:00Z'): unknown => ({
  involvedObject: { name },
  reason: 'FailedCreatePodSandBox',
  message,
  lastTimestamp,
});

describe('waitForPods', () => {
  it('waits for all nodes, and reads the Pods only once the DaemonSet reports them Ready', async () => {
    const pods = ['cp-1', 'w-1'].map((node, index) => pod('server', node, readyStatus(`10.244.${index}.2`)));
    const kube = cluster({ ready: [0, 1, 1, 2], pods });
    expect(await wait(kube, ['cp-1', 'w-1'])).toEqual(
      new Map([
        ['cp-1', { addresses: { 4: '10.244.0.2' } }],
        ['w-1', { addresses: { 4: '10.244.1.2' } }],
      ]),
    );
    expect(kube.requests.filter((each) => each.includes('/pods?'))).toHaveLength(1);
    expect(kube.requests.filter((each) => each.includes('/daemonsets/'))).toHaveLength(4);
  });

  it('does not count the Pod of another node for a missing one', async () => {
    const pods = [pod('server', 'stray', readyStatus('10.244.9.2')), pod('server', 'w-1', { podIP: '' })];
    const states = await wait(cluster({ ready: [1], pods }), ['w-1'], 20);
    expect(states.get('w-1')).toHaveProperty('why');
    expect([...states.keys()]).toEqual(['w-1']);
  });

  it('reports why a container does not run', async () => {
    const container = (state: object): object => ({ containerStatuses: [{ state }] });
    expect(
      await whyOf(container({ waiting: { reason: 'ImagePullBackOff', message: 'no such image' } })),
    ).toBe('ImagePullBackOff: no such image');
    expect(await whyOf(container({ terminated: { reason: 'Error', exitCode: 1 } }))).toBe(
      'Error with status 1',
    );
  });

  it('reports the newest warning event of the Pod, where the kubelet reports network errors', async () => {
    const creating = { containerStatuses: [{ state: { waiting: { reason: 'ContainerCreating' } } }] };
    const events = [
      warning('server-w-1', 'new', '2026-11-20T10:00:02Z'),
      warning('server-w-1', 'old', '2026-11-20T10:00:01Z'),
      warning('server-w-2', 'of another'),
    ];
    expect(await whyOf(creating, events)).toBe('ContainerCreating; FailedCreatePodSandBox: new');
  });

  it("reports the scheduler's message", async () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', message: 'too many pods' }];
    expect(await whyOf({ conditions })).toBe('too many pods');
  });

  it('reports that there is no Pod', async () => {
    const states = await wait(cluster({ ready: [0], pods: [] }), ['w-1'], 5);
    expect(states.get('w-1')).toEqual({ why: 'the DaemonSet created no Pod on this node' });
  });

  it('ends when interrupted', async () => {
    const interrupt = new AbortController();
    const kube = cluster({ ready: [0], pods: [] });
    setTimeout(() => {
      interrupt.abort();
    }, 10);
    expect((await wait(kube, ['w-1'], 3_600_000, interrupt.signal)).get('w-1')).toHaveProperty('why');
  });
});
