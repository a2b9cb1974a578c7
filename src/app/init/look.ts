import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { absolutePath } from '../../inventory/paths.ts';
import type { Host } from '../../model/cluster.ts';
import type { KbootError } from '../../model/error.ts';
import type { Inspection } from '../../model/inspection.ts';
import { readNetworks, type HeldAddress } from '../../observe/networks.ts';
import { probeHost } from '../../observe/probe.ts';
import type { ConnectOptions } from '../../transport/types.ts';
import { connectAll } from '../connect.ts';
import type { StatedHost } from './answers.ts';

/** What one host showed. */
export interface SeenHost {
  readonly inspection: Inspection;
  readonly held: readonly HeldAddress[];
}

/** Hosts that were looked at, and the connections to look again. */
export interface Look {
  /** By host name. */
  readonly seen: ReadonlyMap<string, SeenHost>;
  readonly failed: ReadonlyMap<string, KbootError>;
  /**
   * MAC addresses of those who answer a control plane for an address, asked as preflight does (observe/inspect.ts).
   * Takes about 2 s where nobody does.
   */
  holders(address: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface LookOptions {
  readonly user: string;
  readonly identityFile?: string;
  /** Relative paths count from its folder. */
  readonly file: string;
  readonly concurrency: number;
}

/** Reads the hosts, all at once; changes nothing on them. A host that cannot be read is in `failed`. */
export async function lookAt(
  hosts: readonly StatedHost[],
  options: LookOptions,
  connect: ConnectOptions,
): Promise<Look> {
  const connections = await connectAll(
    undefined,
    hosts.map((host) => sshHost(host, options)),
    connect,
    options.concurrency,
    async (_host, { reader }): Promise<SeenHost> => {
      const { inspection } = await probeHost(reader, []);
      return { inspection, held: await readNetworks(reader) };
    },
  );
  const planes = hosts.filter(({ role, name }) => role === 'control-plane' && connections.results.has(name));
  return {
    seen: connections.results,
    failed: connections.failed,
    async holders(address) {
      const answers = await Promise.all(
        planes.map(async ({ name }) => {
          const reader = connections.open.get(name)?.reader;
          if (reader === undefined) return [];
          const { inspection } = await probeHost(reader, [], { virtualIP: address });
          return inspection.virtualIPHeldBy === '' ? [] : [inspection.virtualIPHeldBy];
        }),
      );
      return answers.flat();
    },
    close: () => connections.close(),
  };
}

function sshHost({ name, role, stated }: StatedHost, { user, identityFile, file }: LookOptions): Host {
  const folders = { inventory: resolve(dirname(file)), home: homedir() };
  return {
    name,
    roles: [role],
    address: stated,
    connection: {
      kind: 'ssh',
      address: stated,
      port: 22,
      user,
      ...(identityFile !== undefined && { identityFile: absolutePath(identityFile, folders) }),
    },
    labels: {},
    taints: [],
  };
}
