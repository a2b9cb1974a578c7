import http from 'node:http';
import tls from 'node:tls';
import type { Reader } from '../transport/types.ts';
import type { Unmet } from './conditions.ts';

/** Where a component answers, as its own host sees it. */
interface Listener {
  readonly address: string;
  readonly port: number;
  /** With a certificate that it made for itself. */
  readonly tls?: boolean;
}

/** Requests the healthz of a component through its host: kubelets and controllers listen only on 127.0.0.1. */
export async function checkHealthz(reader: Reader, { address, port, tls: secure }: Listener): Promise<Unmet> {
  const stream = await reader.forward(address, port);
  try {
    const socket =
      secure === true
        ? // Nothing vouches for that certificate, and nothing secret is sent: the SSH connection leads to the host.
          tls.connect({ socket: stream, rejectUnauthorized: false })
        : stream;
    const status = await new Promise<number>((resolve, reject) => {
      socket.once('error', reject);
      const request = http.get(
        { createConnection: () => socket, path: '/healthz', host: '127.0.0.1', port, timeout: 5_000 },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      request.on('timeout', () => request.destroy(new Error('its healthz does not respond')));
      request.on('error', reject);
    });
    return status === 200 ? undefined : `its healthz returned status ${status}`;
  } finally {
    stream.destroy();
  }
}
