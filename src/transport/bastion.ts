import type { Duplex } from 'node:stream';
import { KbootError } from '../model/error.ts';
import { describeEndpoint, type Endpoint } from './endpoint.ts';
import type { SshLogin } from './login.ts';
import { openSession } from './open.ts';
import { openTcp } from './tcp.ts';
import type { ConnectOptions } from './types.ts';
import { remedies } from './remedies.ts';

interface Shared {
  readonly session: Promise<SshLogin>;
  users: number;
}

/** A share of the single connection to a bastion; releasing the last share closes it. */
export interface BastionShare {
  readonly endpoint: Endpoint;
  readonly session: SshLogin;
  /** Whether this share opened the connection. */
  readonly opened: boolean;
  release(): Promise<void>;
}

const open = new Map<string, Shared>();

/** Connects to a bastion, or shares the connection already opened for another host. */
export async function shareBastion(endpoint: Endpoint, options: ConnectOptions): Promise<BastionShare> {
  const { host, ...server } = endpoint;
  const key = JSON.stringify([server, options.knownHostsFiles]);
  const known = open.get(key);
  const shared = known ?? { session: openSession(endpoint, openTcp, options), users: 0 };
  open.set(key, shared);
  shared.users++;
  const forget = (): void => {
    if (open.get(key) === shared) open.delete(key);
  };
  let session: SshLogin;
  try {
    session = await shared.session;
  } catch (error) {
    forget();
    if (!(error instanceof KbootError)) throw error;
    throw new KbootError(error.code, error.message, { ...error.context, host });
  }
  session.lost.addEventListener('abort', forget, { once: true });
  let released = false;
  return {
    endpoint,
    session,
    opened: known === undefined,
    async release() {
      if (released) return;
      released = true;
      shared.users--;
      if (shared.users > 0) return;
      forget();
      await session.close();
    },
  };
}

/** A TCP stream from the bastion to an SSH server. Throws E-CONNECT. */
export function throughBastion({
  endpoint: via,
  session: bastion,
}: BastionShare): (to: Endpoint, timeoutMs: number) => Promise<Duplex> {
  return (to, timeoutMs) =>
    new Promise((resolve, reject) => {
      const failed = (reason: string, cause?: Error): void => {
        clearTimeout(timer);
        reject(
          new KbootError(
            'E-CONNECT',
            `${describeEndpoint(via)} cannot connect to ${describeEndpoint(to)}: ${reason}`,
            {
              host: to.host,
              remedy: remedies.checkBastion,
              cause,
            },
          ),
        );
      };
      const timer = setTimeout(() => {
        failed(`no response within ${timeoutMs} ms`);
      }, timeoutMs);
      if (bastion.lost.aborted) {
        failed('its connection was lost');
        return;
      }
      bastion.client.forwardOut('127.0.0.1', 0, to.address, to.port, (error, channel) => {
        clearTimeout(timer);
        if (error) {
          failed(error.message, error);
          return;
        }
        channel.on('error', () => undefined);
        resolve(channel);
      });
    });
}
