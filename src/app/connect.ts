import pLimit from 'p-limit';
import type { Host } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import type { ConnectOptions, HostConnection } from '../transport/types.ts';

/** Connections of a run, by host name, and why the others could not be made. */
export interface Connections {
  readonly open: ReadonlyMap<string, HostConnection>;
  readonly failed: ReadonlyMap<string, KbootError>;
  close(): Promise<void>;
}

/**
 * Connects to hosts, `concurrency` at a time, and does `then` with each as soon as it is there.
 * What `then` throws counts as that host's failure. One dead host costs the others nothing.
 */
export async function connectAll<T>(
  hosts: readonly Host[],
  options: ConnectOptions,
  concurrency: number,
  then: (host: Host, connection: HostConnection) => Promise<T>,
): Promise<Connections & { readonly results: ReadonlyMap<string, T> }> {
  // ssh2 and zx cost start-up time that offline plans need not pay.
  const { connectHost } = await import('../transport/connect.ts');
  const limit = pLimit(concurrency);
  const open = new Map<string, HostConnection>();
  const failed = new Map<string, KbootError>();
  const results = new Map<string, T>();
  await Promise.all(
    hosts.map((host) =>
      limit(async () => {
        try {
          const connection = await connectHost(host, options);
          open.set(host.name, connection);
          results.set(host.name, await then(host, connection));
        } catch (cause) {
          failed.set(host.name, withHost(cause, host.name));
        }
      }),
    ),
  );
  return {
    open,
    failed,
    results,
    async close() {
      await Promise.all([...open.values()].map((connection) => connection.close()));
    },
  };
}

function withHost(cause: unknown, host: string): KbootError {
  if (cause instanceof KbootError)
    return cause.context.host === undefined
      ? new KbootError(cause.code, cause.message, { ...cause.context, host })
      : cause;
  // Anything else is a defect of kboot: it must not pass for an unreachable host.
  throw cause;
}
