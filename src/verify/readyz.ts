import http from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { KubeCredentials } from '../kube/client.ts';

/**
 * GET /readyz over a stream to `host`, as any client of the cluster does: the certificate must be signed by the
 * cluster's CA and valid for that name or address. Rejects with the TLS error; has no timeout.
 */
export function getReadyz(
  stream: Duplex,
  host: string,
  credentials: KubeCredentials,
): Promise<{ readonly status: number; readonly body: string }> {
  const socket = tls.connect({
    socket: stream,
    // The certificate is checked against `host`; SNI must not contain an address (RFC 6066 3).
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ca: credentials.caPem,
    cert: credentials.certificatePem,
    key: credentials.keyPem,
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    const request = http.request({
      createConnection: () => socket,
      path: '/readyz',
      headers: { host, connection: 'close' },
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString().trim() });
      });
    });
    request.end();
  });
}
