import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { given } from '../../inventory/build-value.ts';
import { defaults } from '../../inventory/defaults.ts';
import { absolutePath } from '../../inventory/paths.ts';
import type { Bastion, Host } from '../../model/cluster.ts';
import type { KbootError } from '../../model/error.ts';
import type { Inspection } from '../../model/inspection.ts';
import { readNetworks, type HeldAddress } from '../../observe/networks.ts';
import { probeHost } from '../../observe/probe.ts';
import type { ConnectOptions } from '../../transport/types.ts';
import { connectAll } from '../observe/connect.ts';
import type { NewSsh } from '../../view/new-inventory.ts';
import { firstAddress, type StatedHost } from './answers.ts';

/** The state read from one host. */
export interface SeenHost {
  readonly inspection: Inspection;
  readonly held: readonly HeldAddress[];
}

/** The state of the hosts, with open connections for further queries. */
export interface Look {
  /** By host name. */
  readonly seen: ReadonlyMap<string, SeenHost>;
  readonly failed: ReadonlyMap<string, KbootError>;
  /**
   * MAC addresses of the machines that answer a control plane for an address, probed as preflight does
   * (observe/inspect.ts). Takes about 2 s if no machine does.
   */
  holders(address: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface LookOptions extends NewSsh {
  /** Relative paths are relative to its folder. */
  readonly file: string;
  readonly concurrency: number;
}

/** Reads all hosts concurrently; changes nothing on them. A host that cannot be read is in `failed`. */
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

/** A host as it is reached before there is an inventory. */
export function sshHost(
  { name, role, stated, ssh, isLocal }: StatedHost,
  shared: Omit<LookOptions, 'concurrency'>,
): Host {
  const options = { ...shared, ...ssh };
  const { bastion } = options;
  const folders = { inventory: resolve(dirname(options.file)), home: homedir() };
  const login = (address: string, ssh: Omit<NewSsh, 'bastion'>): Bastion => ({
    address,
    user: ssh.user,
    port: ssh.port ?? defaults.sshPort,
    ...given('identityFile', ssh.identityFile && absolutePath(ssh.identityFile, folders)),
  });
  const address = firstAddress(stated);
  return {
    name,
    roles: [role],
    address,
    connection:
      isLocal === true
        ? { kind: 'local' }
        : {
            kind: 'ssh',
            ...login(address, options),
            ...given('bastion', bastion && login(bastion.address, bastion)),
          },
    labels: {},
    taints: [],
  };
}
