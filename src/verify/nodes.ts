import type { KubeClient } from '../kube/client.ts';
import { conditionOf } from '../kube/readiness.ts';
import type { KubeObject } from '../kube/types.ts';
import { nodes as nodesOf, type Cluster } from '../model/cluster.ts';
import { byFamily, type Addresses } from './family.ts';
import { listObjects } from './kube.ts';

/** A node that can be checked, or why it cannot. */
export type NodeState =
  { readonly name: string; readonly addresses: Addresses } | { readonly name: string; readonly why: string };

/** The nodes of the inventory, in its order, then nodes that only the API knows. */
export async function readNodes(kube: KubeClient, cluster: Cluster): Promise<readonly NodeState[]> {
  const live = new Map((await listObjects(kube, '/api/v1/nodes')).map((node) => [node.metadata.name, node]));
  const names = new Set([...nodesOf(cluster).map(({ name }) => name), ...live.keys()]);
  return [...names].map((name) => stateOf(name, live.get(name)));
}

function stateOf(name: string, node: KubeObject | undefined): NodeState {
  if (node === undefined) return { name, why: 'the cluster has no Node with this name' };
  const ready = conditionOf(node, 'Ready');
  if (ready?.status !== 'True')
    return { name, why: `the Node is not Ready: ${ready?.message ?? 'its kubelet gives no reason'}` };
  const { addresses } = node['status'] as {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
  const internal = (addresses ?? []).flatMap(({ type, address }) => (type === 'InternalIP' ? [address] : []));
  return internal.length === 0
    ? { name, why: 'the Node has no InternalIP' }
    : { name, addresses: byFamily(internal) };
}
