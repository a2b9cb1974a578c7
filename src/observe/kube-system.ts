import { itemsIn, openKube, refused, type KubeClient, type KubeCredentials } from '../kube/client.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Json, JsonObject } from '../model/cluster.ts';
import type { Reader } from '../transport/types.ts';

/** The most objects of each kind. */
const most = 500;

/**
 * Events and Pods of kube-system, and Nodes, reduced to what explains a failure: no environment, no annotations, no volumes.
 * Throws KbootError if the API does not answer at this address.
 */
export async function observeKubeSystem(
  reader: Reader,
  address: string,
  credentials: KubeCredentials,
): Promise<JsonObject> {
  const kube = await openKube(await reader.forward(address, 6443), credentials);
  try {
    const [events, pods, nodes] = await Promise.all([
      list(kube, '/api/v1/namespaces/kube-system/events'),
      list(kube, '/api/v1/namespaces/kube-system/pods'),
      list(kube, '/api/v1/nodes'),
    ]);
    return {
      events: events.map((event) =>
        picked(event, [
          'involvedObject',
          'reason',
          'message',
          'type',
          'count',
          'firstTimestamp',
          'lastTimestamp',
          'source',
        ]),
      ),
      pods: pods.map((pod) => ({
        ...named(pod),
        node: at(pod, 'spec', 'nodeName'),
        status: at(pod, 'status'),
      })),
      nodes: nodes.map((node) => ({
        ...named(node),
        taints: at(node, 'spec', 'taints'),
        unschedulable: at(node, 'spec', 'unschedulable'),
        conditions: at(node, 'status', 'conditions'),
        nodeInfo: at(node, 'status', 'nodeInfo'),
      })),
    };
  } finally {
    kube.close();
  }
}

async function list(kube: KubeClient, path: string): Promise<readonly KubeObject[]> {
  const answer = await kube.request('GET', `${path}?limit=${most}`);
  if (answer.status !== 200) throw refused(`reading ${path}`, answer);
  return itemsIn(answer.body, path);
}

function named({ metadata }: KubeObject): JsonObject {
  const { name, labels, creationTimestamp } = metadata as unknown as Readonly<Record<string, Json>>;
  return { name: name ?? null, labels: labels ?? null, created: creationTimestamp ?? null };
}

function picked(object: KubeObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(fields.map((field) => [field, at(object, field)]));
}

function at(object: KubeObject, ...path: readonly string[]): Json {
  const found = path.reduce<unknown>(
    (value, key) => (value as Readonly<Record<string, unknown>> | null | undefined)?.[key],
    object,
  );
  return (found as Json | undefined) ?? null;
}
