import http from 'node:http';
import type { Reader } from '../transport/types.ts';
import type { Unmet } from './conditions.ts';

/** Requests the kubelet's healthz through the host itself: it listens only on 127.0.0.1. */
export async function checkKubelet(reader: Reader, port: number): Promise<Unmet> {
  const stream = await reader.forward('127.0.0.1', port);
  try {
    const status = await new Promise<number>((resolve, reject) => {
      const request = http.get(
        { createConnection: () => stream, path: '/healthz', host: '127.0.0.1', port, timeout: 5_000 },
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
