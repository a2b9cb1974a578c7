import type { InventoryRecord } from '../../inventory/record.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Cluster, Host } from '../../model/cluster.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import { observeFormerHost, type FormerHost } from '../../observe/former-host.ts';
import { recordedInventory } from '../../plan/diff/inventory.ts';
import { isManaged } from '../../plan/rollout/node-removal.ts';
import type { ConnectOptions } from '../../transport/types.ts';
import type { Workspace } from '../workspace.ts';
import { connectAll, type Connections } from './connect.ts';

/**
 * Connects to the hosts that left the inventory and whose Nodes are still in the API, and reads their kubelets. A host is
 * reached as the cluster's record of the applied inventory says; without one, at the address of its Node.
 */
export async function observeFormerHosts(
  { cluster, desire }: Workspace,
  api: ClusterObservation | undefined,
  connect: ConnectOptions,
  concurrency: number,
): Promise<Connections & { readonly results: ReadonlyMap<string, FormerHost> }> {
  const nodes =
    api?.state === 'present' ? [...api.nodes.values()].filter((node) => isGone(node, cluster)) : [];
  const record = recordedInventory(api);
  const hosts = nodes.flatMap((node) => formerHost(node, cluster, record ?? {}) ?? []);
  const reached = await connectAll(undefined, hosts, connect, concurrency, ({ name }, { reader }) =>
    observeFormerHost(reader, name, desire.clusterId),
  );
  return {
    ...reached,
    results: new Map(
      nodes.map(({ metadata: { name } }): [string, FormerHost] => [
        name,
        reached.results.get(name) ?? {
          state: 'unreachable',
          why: reached.failed.get(name)?.message ?? 'how to reach it is not known',
        },
      ]),
    ),
  };
}

function isGone(node: KubeObject, { hosts }: Cluster): boolean {
  return isManaged(node) && !hosts.some(({ name }) => name === node.metadata.name);
}

/** With the keys and the bastion of the inventory's other hosts, but not with a host key that was given for one of them. */
function formerHost(node: KubeObject, { hosts }: Cluster, record: InventoryRecord): Host | undefined {
  const { name } = node.metadata;
  const recorded = (field: string): string | undefined => valueOf(record[`spec.hosts[${name}].${field}`]);
  const model = hosts.map(({ connection }) => connection).find(({ kind }) => kind === 'ssh');
  const address = recorded('address')?.split(',')[0] ?? internalIP(node['status']);
  // A host that was renamed is in the inventory under its new name.
  if (address === undefined || hosts.some((host) => host.address === address)) return undefined;
  if (model?.kind !== 'ssh' || model.firstUse !== undefined) return undefined;
  const { kind, identityFile, bastion, onlyIdentities } = model;
  return {
    ...{ name, address, roles: [], labels: {}, taints: [] },
    connection: {
      kind,
      address: recorded('ssh.address') ?? address,
      port: Number(recorded('ssh.port') ?? valueOf(record['spec.ssh.port']) ?? model.port),
      user: recorded('ssh.user') ?? valueOf(record['spec.ssh.user']) ?? model.user,
      ...(identityFile !== undefined && { identityFile }),
      ...(bastion !== undefined && { bastion }),
      ...(onlyIdentities !== undefined && { onlyIdentities }),
    },
  };
}

/** A text or number of the record; undefined for anything else. */
function valueOf(json: string | undefined): string | undefined {
  try {
    const value: unknown = json === undefined ? undefined : JSON.parse(json);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  } catch {
    return undefined;
  }
}

function internalIP(status: unknown): string | undefined {
  const { addresses } = (status ?? {}) as {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
  return addresses?.find(({ type }) => type === 'InternalIP')?.address;
}
