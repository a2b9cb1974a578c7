import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Opens a stream, uses it, and destroys it; opening and use together may take `timeoutMs`.
 * Rejects with the error of either, or with a timeout Error that says whether the stream was open.
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
          `${stream === undefined ? 'no connection' : 'connected, but no response'} in ${timeoutMs / 1000} s`,
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
