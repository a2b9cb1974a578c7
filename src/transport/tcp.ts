import { connect, type Socket } from 'node:net';
import { KbootError } from '../model/error.ts';
import { describeEndpoint, type Endpoint } from './endpoint.ts';
import { HandshakeReset } from './retry.ts';
import { remedies } from './remedies.ts';
import type { Text } from '../model/language/text.ts';

/** A TCP connection to an SSH server. Throws E-CONNECT, or HandshakeReset for a reset connection. */
export function openTcp(endpoint: Endpoint, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: endpoint.address, port: endpoint.port, noDelay: true });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      fail(
        new KbootError('E-CONNECT', `${describeEndpoint(endpoint)} did not respond within ${timeoutMs} ms`, {
          host: endpoint.host,
          remedy: remedies.hostIsUp,
        }),
      );
    }, timeoutMs);
    // Kept for the life of the socket: ssh2 adds its own listener later.
    socket.on('error', (error) => {
      fail(tcpError(endpoint, error));
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

function tcpError(endpoint: Endpoint, cause: NodeJS.ErrnoException): Error {
  const at = describeEndpoint(endpoint);
  const failed = (message: string, remedy: Text): KbootError =>
    new KbootError('E-CONNECT', message, { host: endpoint.host, remedy, cause });
  switch (cause.code) {
    case 'ECONNRESET':
      return new HandshakeReset(cause.message, { cause });
    case 'ECONNREFUSED':
      return failed(`${at} refused the connection: nothing listens there`, remedies.startSshd);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return failed(`${at} is unreachable`, remedies.checkRoute);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failed(`${endpoint.address} does not resolve`, remedies.correctAddress);
    case undefined:
    default:
      return failed(`${at} cannot be reached: ${cause.message}`, remedies.checkAddress);
  }
}
