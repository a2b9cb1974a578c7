import type { Duplex } from 'node:stream';
import { KbootError } from '../model/error.ts';
import { describeEndpoint, type Endpoint } from './endpoint.ts';
import { hostKeyCheck } from './host-key.ts';
import { login, type SshLogin } from './login.ts';
import { HandshakeReset, retryHandshake } from './retry.ts';
import type { ConnectOptions } from './types.ts';
import { remedies } from './remedies.ts';

/**
 * Connects and logs in; retries if sshd drops the connection before login (MaxStartups).
 * `openStream` opens a new stream to the server within its timeout.
 * Throws E-CONNECT, E-HOST-KEY-UNKNOWN, E-HOST-KEY-CHANGED, E-AUTH.
 */
export async function openSession(
  endpoint: Endpoint,
  openStream: (endpoint: Endpoint, timeoutMs: number) => Promise<Duplex>,
  options: ConnectOptions,
): Promise<SshLogin> {
  const check = hostKeyCheck(endpoint, options.knownHostsFiles);
  try {
    const session = await retryHandshake(async () => {
      const start = performance.now();
      const stream = await openStream(endpoint, options.connectTimeoutMs);
      const left = options.connectTimeoutMs - (performance.now() - start);
      return login(endpoint, stream, check, options, left);
    });
    await check.keep().catch(async (error: unknown) => {
      await session.close();
      throw error;
    });
    return session;
  } catch (error) {
    if (!(error instanceof HandshakeReset)) throw error;
    throw new KbootError('E-CONNECT', `${describeEndpoint(endpoint)} closed the connection before login`, {
      host: endpoint.host,
      detail: error.message,
      remedy: remedies.raiseMaxStartups,
      cause: error,
    });
  }
}
