import type { Host } from '../model/cluster.ts';
import { connectLocal } from './local.ts';
import { connectSsh } from './ssh.ts';
import type { ConnectOptions, HostConnection } from './types.ts';

/**
 * Connects to a host in the way that the inventory names.
 * Throws KbootError E-CONNECT, E-HOST-KEY-UNKNOWN, E-HOST-KEY-CHANGED, E-AUTH.
 * How root is gained shows at the first read or start.
 */
export function connectHost(host: Host, options: ConnectOptions): Promise<HostConnection> {
  switch (host.connection.kind) {
    case 'ssh':
      return connectSsh(host.name, host.connection, options);
    case 'local':
      return Promise.resolve(connectLocal(host.name, options));
  }
}
