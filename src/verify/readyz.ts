import http from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { KubeCredentials } from '../kube/client.ts';

/**
 * GET /readyz over a stream that leads to `host`, as any client of the cluster does it: the certificate must be
 * of the cluster's CA and for that very name or address. Rejects with what is wrong with TLS; not bounded in time.
 */
export function getReadyz(
  stream: Duplex,
  host: string,
  credentials: KubeCredentials,
): Promise<{ readonly status: number; readonly body: string }> {
  const socket = tls.connect({
    socket: stream,
    // `host` is what the certificate is compared with; an address may not stand in SNI (RFC 6066 3).
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
