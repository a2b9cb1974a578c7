import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** A stream to a port of this machine, like one of a host's `forward`; it is added to `opened`. */
export function connectTo(port: number, opened: Duplex[] = []): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    opened.push(socket);
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
