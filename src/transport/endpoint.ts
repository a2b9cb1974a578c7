import type { Connection, FirstUse } from '../model/cluster.ts';

type SshConnectionSettings = Extract<Connection, { kind: 'ssh' }>;

/** An SSH server to log in to: a host, or the bastion in front of it. */
export interface Endpoint {
  /** Name of the inventory host that the connection is for; included in errors. */
  readonly host: string;
  readonly isBastion: boolean;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey?: string;
  readonly identityFile?: string;
  readonly onlyIdentities?: readonly string[];
  readonly firstUse?: FirstUse;
}

/** The host's own SSH server. */
export function hostEndpoint(host: string, connection: SshConnectionSettings): Endpoint {
  return { ...server(connection), host, isBastion: false };
}

/** The bastion's SSH server, if the host is reached through one. */
export function bastionEndpoint(host: string, connection: SshConnectionSettings): Endpoint | undefined {
  return connection.bastion && { ...server(connection.bastion), host, isBastion: true };
}

function server(from: Omit<Endpoint, 'host' | 'isBastion'>): Omit<Endpoint, 'host' | 'isBastion'> {
  return {
    address: from.address,
    port: from.port,
    user: from.user,
    ...(from.hostKey !== undefined && { hostKey: from.hostKey }),
    ...(from.identityFile !== undefined && { identityFile: from.identityFile }),
    ...(from.onlyIdentities !== undefined && { onlyIdentities: from.onlyIdentities }),
    ...(from.firstUse !== undefined && { firstUse: from.firstUse }),
  };
}

/** `10.0.0.11:22`, `[fd00::11]:22`; prefixed with `bastion ` for a bastion. */
export function describeEndpoint(endpoint: Endpoint): string {
  const address = endpoint.address.includes(':') ? `[${endpoint.address}]` : endpoint.address;
  return `${endpoint.isBastion ? 'bastion ' : ''}${address}:${endpoint.port}`;
}
