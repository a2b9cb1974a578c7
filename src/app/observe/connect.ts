import { setImmediate as turn } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Connection, Host } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import type { ConnectOptions, HostConnection } from '../../transport/types.ts';
import type { Workspace } from '../workspace.ts';
import { remedies } from '../remedies.ts';

/** What is needed to reach the hosts of a cluster. */
export type ClusterPlace = Pick<Workspace, 'cluster' | 'inventoryFile' | 'state'>;

/** Connections of a run, by host name, and why the others could not be opened. */
export interface Connections {
  readonly open: ReadonlyMap<string, HostConnection>;
  readonly failed: ReadonlyMap<string, KbootError>;
  close(): Promise<void>;
}

/**
 * Hosts that are connected to or read at a time, for each on which steps run at a time: reading waits more than it works, and
 * hosts that are dead or slow hold their places.
 */
const readsPerWorker = 4;

/**
 * Connects to hosts of a workspace, and calls `then` with each connection as soon as it is open; `concurrency`: on how many hosts
 * steps run at a time. Hosts without a workspace are not Vagrant machines.
 * Whatever `then` throws counts as that host's failure. A dead host does not delay the others.
 * Throws E-VAGRANT if Vagrant is needed and fails as a whole.
 */
export async function connectAll<T>(
  workspace: ClusterPlace | undefined,
  hosts: readonly Host[],
  options: ConnectOptions,
  concurrency: number,
  then: (host: Host, connection: HostConnection) => Promise<T>,
): Promise<Connections & { readonly results: ReadonlyMap<string, T> }> {
  // ssh2 costs start-up time that offline plans need not pay.
  const { connectHost } = await import('../../transport/connect.ts');
  const ways = await waysTo(workspace, hosts);
  const connecting = pLimit(concurrency * readsPerWorker);
  const reading = pLimit(concurrency * readsPerWorker);
  // One login starts in each turn of the event loop: a slow machine runs fewer at a time, so that each ends before its host
  // would be taken for dead. A bastion gets them one after another.
  const starting = pLimit(1);
  const open = new Map<string, HostConnection>();
  const failed = new Map<string, KbootError>();
  const results = new Map<string, T>();
  await Promise.all(
    hosts.map(async (host) => {
      try {
        const way = ways(host);
        if (way instanceof KbootError) throw way;
        const connection = await connecting(async () => {
          await starting(() => turn());
          return connectHost({ name: host.name, connection: way }, options);
        });
        open.set(host.name, connection);
        results.set(host.name, await reading(() => then(host, connection)));
      } catch (cause) {
        failed.set(host.name, withHost(cause, host.name));
      }
    }),
  );
  return {
    open: inOrder(open, hosts),
    failed: inOrder(failed, hosts),
    results: inOrder(results, hosts),
    async close() {
      await Promise.all([...open.values()].map((connection) => connection.close()));
    },
  };
}

/** Hosts are in the inventory's order, regardless of when each answered. */
function inOrder<T>(found: ReadonlyMap<string, T>, hosts: readonly Host[]): ReadonlyMap<string, T> {
  const place = new Map(hosts.map(({ name }, index) => [name, index]));
  return new Map([...found].sort(([one], [other]) => (place.get(one) ?? 0) - (place.get(other) ?? 0)));
}

/** How each host is reached; Vagrant provides the settings of its machines, if there are any. */
async function waysTo(
  workspace: ClusterPlace | undefined,
  hosts: readonly Host[],
): Promise<(host: Host) => Connection | KbootError> {
  const asked = workspace !== undefined && hosts.some(({ connection }) => connection.kind === 'vagrant');
  const machines = asked ? await (await import('../vagrant.ts')).waysToMachines(workspace) : undefined;
  return ({ name, connection }) =>
    connection.kind === 'vagrant'
      ? (machines?.get(name) ??
        new KbootError('E-VAGRANT', `Vagrant was not queried for ${name}`, { host: name }))
      : connection;
}

function withHost(cause: unknown, host: string): KbootError {
  if (cause instanceof KbootError)
    return cause.context.host === undefined
      ? new KbootError(cause.code, cause.message, { ...cause.context, host })
      : cause;
  // One bad host is one bad host: the others are read, and every connection is closed.
  return unreadable(host, cause);
}

/** What was thrown while a host's answer was read, and is no KbootError. */
function unreadable(host: string, cause: unknown): KbootError {
  return new KbootError('E-PROBE', 'what the host answered cannot be understood', {
    host,
    detail: cause instanceof Error ? cause.message : String(cause),
    remedy: remedies.whatAnswers,
    cause,
  });
}
