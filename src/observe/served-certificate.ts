import type { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { Reader } from '../transport/types.ts';
import { whyNot } from './why.ts';

const timeoutMs = 8_000;

/**
 * The certificate that a TLS server at an address of a host presents, whatever its dates and its issuer; or why there is
 * none. Presents no client certificate: the server's comes first. Never rejects.
 */
export async function observeServedCertificate(
  reader: Reader,
  address: string,
  port: number,
): Promise<X509Certificate | string> {
  let stream: Duplex | undefined;
  try {
    stream = await reader.forward(address, port);
    return await handshake(stream);
  } catch (cause) {
    return whyNot(cause);
  } finally {
    stream?.destroy();
  }
}

function handshake(stream: Duplex): Promise<X509Certificate | string> {
  // Nothing is sent to the server but the handshake, and nothing is believed: the certificate is what is asked for.
  const socket = tls.connect({ socket: stream, servername: '', rejectUnauthorized: false });
  return new Promise((resolve) => {
    const end = (why: string): void => {
      clearTimeout(timer);
      // With TLS 1.2, a server that demands a certificate of the client refuses after it has presented its own.
      resolve(presented(socket) ?? why);
      socket.destroy();
    };
    const timer = setTimeout(() => {
      end(`no TLS handshake in ${timeoutMs / 1000} s`);
    }, timeoutMs);
    socket.on('error', (cause: Error) => {
      end(/wrong version number|packet length/.test(cause.message) ? 'it does not speak TLS' : cause.message);
    });
    socket.once('secureConnect', () => {
      end('it presents no certificate');
    });
    socket.once('close', () => {
      end('the connection was closed');
    });
  });
}

function presented(socket: tls.TLSSocket): X509Certificate | undefined {
  try {
    return socket.getPeerX509Certificate();
  } catch {
    return undefined;
  }
}
