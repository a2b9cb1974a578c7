import { expect, it } from 'vitest';
import { NodeReader } from '../../src/apply/node-reader.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/types.ts';

const creationTimestamp = '2026-01-01T00:00:09Z';
const names = Array.from({ length: 21 }, (_, index) => `w-${index}`);
const nodeNamed = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, creationTimestamp },
});

/** Reads all Nodes while a gate waits for `awaited` of them; how often the API was asked, and what it got. */
async function reading(awaited: number): Promise<{ lists: number; single: number; times: unknown[] }> {
  const reader = new NodeReader();
  const count = { lists: 0, single: 0 };
  const kube = {
    request: () => {
      count.lists++;
      return Promise.resolve({ status: 200, body: { items: names.map(nodeNamed) } });
    },
  } as unknown as KubeClient;
  const leave = reader.enter(awaited);
  const nodes = await Promise.all(
    names.map((name) =>
      reader.read(kube, name, 0, () => {
        count.single++;
        return Promise.resolve(nodeNamed(name));
      }),
    ),
  );
  leave();
  return { ...count, times: [...new Set(nodes.map((node) => node?.metadata.creationTimestamp))] };
}

it('lists all Nodes once if a gate waits for many, and knows when each was registered', async () => {
  expect(await reading(21)).toEqual({ lists: 1, single: 0, times: [creationTimestamp] });
  expect(await reading(20)).toEqual({ lists: 0, single: 21, times: [creationTimestamp] });
});
