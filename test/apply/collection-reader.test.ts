import { describe, expect, it, vi } from 'vitest';
import { CollectionReader, type Look } from '../../src/apply/collection-reader.ts';
import type { KubeClient, KubeResponse } from '../../src/kube/client.ts';
import { nodePath, podPath } from '../../src/kube/paths.ts';
import type { KubeObject } from '../../src/kube/types.ts';

const namespace = 'kube-system';
const registered = '2026-01-01T00:00:09Z';
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `w-${index}`);
const nodeNamed = (name: string, version = 'v1.36.1'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, creationTimestamp: registered },
  status: { nodeInfo: { kubeletVersion: version } },
});
const podOn = (nodeName: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `etcd-${nodeName}`, namespace },
  spec: { nodeName },
  status: {},
});

/** An API that has the Nodes and Pods of these hosts; and what it is asked for, as far as the first `&` or `?limit`. */
class FakeKube implements KubeClient {
  readonly asked: string[] = [];
  version = 'v1.36.1';
  /** Instead of an answer. */
  before: (path: string) => Promise<KubeResponse | undefined> = () => Promise.resolve(undefined);
  #hosts: readonly string[];

  constructor(hosts: readonly string[]) {
    this.#hosts = hosts;
  }

  async request(_method: string, path: string): Promise<KubeResponse> {
    this.asked.push(path.replace(/[?&]limit=.*/, ''));
    const nodes = this.#hosts.map((name) => nodeNamed(name, this.version));
    const pods = this.#hosts.map(podOn);
    const instead = await this.before(path);
    if (instead !== undefined) return instead;
    const [name = '', query = ''] = path.split('?');
    const found =
      nodes.find(({ metadata }) => nodePath(metadata.name) === name) ??
      pods.find(({ metadata }) => podPath(metadata) === name);
    if (found !== undefined) return { status: 200, body: found };
    const node = /nodeName%3D([^&]*)/.exec(query)?.[1];
    const items = name.endsWith('/nodes')
      ? nodes
      : pods.filter(({ spec }) => node === undefined || (spec as { nodeName: string }).nodeName === node);
    return name.endsWith('s') ? { status: 200, body: { items } } : { status: 404, body: {} };
  }

  close(): void {
    return undefined;
  }
}

const versionOf = async (look: Look, name: string): Promise<string | undefined> =>
  (await look.node(name))?.status.nodeInfo?.kubeletVersion;
const podNames = async (look: Look, nodes: readonly string[]): Promise<string[]> =>
  (await look.podsOn(namespace, nodes)).map(({ metadata }) => metadata.name);

describe('looks at the same time', () => {
  it('share one list for each collection, whatever they ask of it', async () => {
    const kube = new FakeKube(names(5));
    const reader = new CollectionReader(5);
    const looks = names(5).map((name) => ({ name, look: reader.look(kube) }));
    const found = await Promise.all(
      looks.map(async ({ name, look }) => [
        await look.pod({ namespace, name: `etcd-${name}` }),
        await podNames(look, names(5)),
        await look.node(name),
      ]),
    );
    expect(kube.asked).toEqual(['/api/v1/namespaces/kube-system/pods', '/api/v1/nodes']);
    expect(found).toMatchObject(
      names(5).map((name) => [
        { metadata: { name: `etcd-${name}` } },
        names(5).map((each) => `etcd-${each}`),
        { metadata: { name, creationTimestamp: registered } },
      ]),
    );
  });

  it('know what does not exist', async () => {
    const kube = new FakeKube(names(5));
    const look = new CollectionReader(5).look(kube);
    const absent = { namespace, name: 'etcd-x' };
    expect(await Promise.all([look.node('x'), look.node('y'), look.pod(absent)])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await podNames(look, ['x'])).toEqual([]);
  });

  it('ask one question once, by itself', async () => {
    const kube = new FakeKube(names(5));
    const reader = new CollectionReader(5);
    await Promise.all(names(3).map(() => reader.look(kube).node('w-1')));
    expect(kube.asked).toEqual(['/api/v1/nodes/w-1']);
  });

  it('keep the namespaces apart', async () => {
    const kube = new FakeKube(names(5));
    const reader = new CollectionReader(5);
    await Promise.all(
      ['kube-system', 'kube-flannel'].map((each) => reader.look(kube).podsOn(each, ['w-1', 'w-2'])),
    );
    expect(kube.asked).toEqual([
      '/api/v1/namespaces/kube-system/pods',
      '/api/v1/namespaces/kube-flannel/pods',
    ]);
  });
});

describe('the choice between one list and requests', () => {
  const asked = async (hosts: number, look: (look: Look) => Promise<unknown>): Promise<number> => {
    const kube = new FakeKube(names(30));
    await look(new CollectionReader(hosts).look(kube));
    return kube.asked.length;
  };
  const nodes =
    (count: number) =>
    (look: Look): Promise<unknown> =>
      Promise.all(names(count).map((name) => look.node(name)));

  it('lists what a few requests would cost more than', async () => {
    expect(await asked(40, nodes(2))).toBe(1);
    expect(await asked(41, nodes(2))).toBe(2);
    expect(await asked(1000, nodes(20))).toBe(20);
    expect(await asked(1000, nodes(21))).toBe(1);
  });

  it('reads the Pods on few nodes of many by themselves', async () => {
    expect(await asked(1000, (look) => look.podsOn(namespace, names(10)))).toBe(10);
    expect(await asked(1000, (look) => look.podsOn(namespace, names(11)))).toBe(1);
  });

  it('knows the size of a collection once it has listed it', async () => {
    const kube = new FakeKube(names(60));
    const reader = new CollectionReader(5);
    await nodes(2)(reader.look(kube));
    expect(kube.asked).toEqual(['/api/v1/nodes']);
    await nodes(2)(reader.look(kube));
    expect(kube.asked.slice(1)).toEqual(['/api/v1/nodes/w-0', '/api/v1/nodes/w-1']);
  });
});

describe('a look', () => {
  /** Holds back answers, each until it is let go. */
  const holding = (kube: FakeKube): (() => void)[] => {
    const held: (() => void)[] = [];
    kube.before = () =>
      new Promise((resolve) => {
        held.push(() => {
          resolve(undefined);
        });
      });
    return held;
  };

  it.each([
    ['list', ['w-1', 'w-2']],
    ['request', ['w-1']],
  ])('never gets the answer to a %s that was sent before it began', async (_what, asked) => {
    const kube = new FakeKube(names(5));
    const reader = new CollectionReader(5);
    const held = holding(kube);
    const early = reader.look(kube);
    const former = Promise.all(asked.map((name) => versionOf(early, name)));
    await vi.waitUntil(() => held.length === 1);
    kube.version = 'v1.36.2';
    const late = reader.look(kube);
    const latter = Promise.all(asked.map((name) => versionOf(late, name)));
    await vi.waitUntil(() => held.length === 2);
    for (const letGo of held) letGo();
    expect(await former).toEqual(asked.map(() => 'v1.36.1'));
    expect(await latter).toEqual(asked.map(() => 'v1.36.2'));
    // Nor that to one that has ended.
    kube.before = () => Promise.resolve(undefined);
    kube.version = 'v1.36.3';
    expect(await versionOf(reader.look(kube), 'w-1')).toBe('v1.36.3');
  });

  it('gets what was read since it began, even though it asks later', async () => {
    const kube = new FakeKube(names(5));
    const reader = new CollectionReader(5);
    const [first, second] = [reader.look(kube), reader.look(kube)];
    await Promise.all([versionOf(first, 'w-1'), versionOf(first, 'w-2')]);
    expect(await versionOf(second, 'w-3')).toBe('v1.36.1');
    expect(kube.asked).toEqual(['/api/v1/nodes']);
  });

  it.each([
    ['list', ['w-1', 'w-2']],
    ['request', ['w-1']],
  ])('gets the error of a %s that it waits for; nobody gets it later', async (_what, asked) => {
    const kube = new FakeKube(names(5));
    const reader = new CollectionReader(5);
    const looks = [reader.look(kube), reader.look(kube)];
    kube.before = () => Promise.resolve({ status: 500, body: { message: 'etcdserver: no leader' } });
    const ended = await Promise.allSettled(looks.flatMap((look) => asked.map((name) => look.node(name))));
    expect(ended.map((each) => (each.status === 'rejected' ? String(each.reason) : each.status))).toEqual(
      ended.map(() => expect.stringContaining('the API answered 500: etcdserver: no leader') as string),
    );
    expect(kube.asked).toHaveLength(1);
    kube.before = () => Promise.resolve(undefined);
    expect(await Promise.all(looks.map((look) => versionOf(look, 'w-1')))).toEqual(['v1.36.1', 'v1.36.1']);
  });

  it('gets an error that comes at once', async () => {
    const kube = new FakeKube(names(5));
    kube.request = () => {
      throw new Error('the connection is closed');
    };
    await expect(new CollectionReader(5).look(kube).node('w-1')).rejects.toThrow('the connection is closed');
  });

  it('waits after a list for as long as that took', async () => {
    const kube = new FakeKube(names(5));
    const reader = new CollectionReader(5);
    const times: number[] = [];
    kube.before = async () => {
      times.push(performance.now());
      await new Promise((resolve) => setTimeout(resolve, 50));
      times.push(performance.now());
      return undefined;
    };
    await podNames(reader.look(kube), names(2));
    await podNames(reader.look(kube), names(2));
    const [begun = 0, ended = 0, again = 0] = times;
    expect(again - ended).toBeGreaterThanOrEqual((ended - begun) * 0.9);
  });

  it('reads consistently: never an old state that an API server still has', async () => {
    const kube = new FakeKube(names(5));
    const paths: string[] = [];
    kube.before = (path) => {
      paths.push(path);
      return Promise.resolve(undefined);
    };
    const look = new CollectionReader(5).look(kube);
    await Promise.all([look.node('w-1'), look.node('w-2'), look.podsOn(namespace, ['w-1'])]);
    expect(paths).toHaveLength(2);
    expect(paths.filter((path) => path.includes('resourceVersion'))).toEqual([]);
  });
});
