import type { Cluster, Connection, Host } from '../../model/cluster.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import { observeFormerHost, type FormerHost } from '../../observe/former-host.ts';
import { isManaged } from '../../plan/rollout/node-removal.ts';
import type { ConnectOptions } from '../../transport/types.ts';
import type { Workspace } from '../workspace.ts';
import { connectAll, type Connections } from './connect.ts';

/** How a host that left the inventory was reached. */
export interface FormerHostAddress {
  readonly name: string;
  readonly address: string;
  readonly connection: Connection;
}

/**
 * Connects to the hosts that left the inventory and whose Nodes are still in the API, and reads their kubelets. `known`
 * has the hosts of the inventory that was applied last; without it a host is tried at its Node's address, as the
 * inventory's other hosts are reached.
 */
export async function observeFormerHosts(
  workspace: Workspace,
  api: ClusterObservation | undefined,
  connect: ConnectOptions,
  concurrency: number,
  known: readonly FormerHostAddress[] = [],
): Promise<Connections & { readonly results: ReadonlyMap<string, FormerHost> }> {
  const { cluster, desire } = workspace;
  const nodes =
    api?.state === 'present'
      ? [...api.nodes.values()].filter(
          (node) => isManaged(node) && !cluster.hosts.some(({ name }) => name === node.metadata.name),
        )
      : [];
  const places = nodes.flatMap(
    ({ metadata: { name }, status }) =>
      known.find((each) => each.name === name) ?? assumed(cluster, name, internalIP(status)) ?? [],
  );
  const hosts = places
    // A host that was renamed is in the inventory under its new name.
    .filter(({ address }) => !cluster.hosts.some((host) => host.address === address))
    .map((place): Host => ({ ...place, roles: [], labels: {}, taints: [] }));
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
          why: reached.failed.get(name)?.message ?? 'its address is not known',
        },
      ]),
    ),
  };
}

/** As the inventory's other hosts are reached, without what holds for one of them alone. */
function assumed(
  { hosts }: Cluster,
  name: string,
  address: string | undefined,
): FormerHostAddress | undefined {
  const connection = hosts.map((host) => host.connection).find(({ kind }) => kind === 'ssh');
  if (address === undefined || connection?.kind !== 'ssh' || connection.firstUse !== undefined)
    return undefined;
  const { kind, port, user, identityFile, bastion, onlyIdentities } = connection;
  return {
    name,
    address,
    connection: {
      ...{ kind, address, port, user },
      ...(identityFile !== undefined && { identityFile }),
      ...(bastion !== undefined && { bastion }),
      ...(onlyIdentities !== undefined && { onlyIdentities }),
    },
  };
}

function internalIP(status: unknown): string | undefined {
  const { addresses } = (status ?? {}) as {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
  return addresses?.find(({ type }) => type === 'InternalIP')?.address;
}
