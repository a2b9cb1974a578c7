import type { Connection } from '../model/cluster.ts';
import { connectSsh } from './ssh.ts';
import type { ConnectOptions, HostConnection } from './types.ts';

/** A host, and how to reach it. */
export interface ReachableHost {
  readonly name: string;
  readonly connection: Connection;
}

/**
 * Connects to a host.
 * Throws KbootError E-CONNECT, E-HOST-KEY-UNKNOWN, E-HOST-KEY-CHANGED, E-AUTH.
 * Privilege escalation is attempted, and can fail, at the first read or start.
 */
export async function connectHost(host: ReachableHost, options: ConnectOptions): Promise<HostConnection> {
  switch (host.connection.kind) {
    case 'ssh':
      return connectSsh(host.name, host.connection, options);
    case 'local':
      // zx costs start-up time that other hosts need not pay.
      return (await import('./local.ts')).connectLocal(host.name, options);
  }
}
