import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Opens a stream, uses it, destroys it; both together within `timeoutMs`.
 * Rejects with what failed, or with an Error that says how far it came.
 */
export async function overStream<T>(
  open: () => Promise<Duplex>,
  timeoutMs: number,
  use: (stream: Duplex) => Promise<T>,
): Promise<T> {
  let stream: Duplex | undefined;
  let expired = false;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      expired = true;
      reject(
        new Error(
          `${stream === undefined ? 'no connection' : 'connected, but no answer'} in ${timeoutMs / 1000} s`,
        ),
      );
    }, timeoutMs);
  });
  const work = async (): Promise<T> => {
    const opened = await open();
    opened.on('error', () => undefined);
    if (expired) opened.destroy();
    stream = opened;
    return await use(opened);
  };
  try {
    return await Promise.race([work(), timeout]);
  } finally {
    clearTimeout(timer);
    stream?.destroy();
  }
}

/** A TCP connection from this machine. */
export function connectHere(address: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true });
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
