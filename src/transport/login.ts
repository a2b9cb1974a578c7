import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import ssh2, { type AnyAuthMethod, type AuthHandlerMiddleware, type Client } from 'ssh2';
import { KbootError } from '../model/error.ts';
import { credentials } from './auth.ts';
import { Deadline } from './deadline.ts';
import { describeEndpoint, type Endpoint } from './endpoint.ts';
import type { HostKeyCheck } from './host-key.ts';
import { HandshakeReset } from './retry.ts';
import { watchSilence } from './silence.ts';
import type { ConnectOptions } from './types.ts';
import { remedies } from './remedies.ts';

/** A logged-in SSH client. */
export interface SshLogin {
  readonly client: Client;
  /** What its messages take: when it is full, more would only wait there. */
  readonly stream: Duplex;
  /** Aborts when the connection is lost; the reason is an E-CONNECT. */
  readonly lost: AbortSignal;
  /** Disconnects, and waits up to 1 s until that is sent; not for the other side. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * ssh2 asks for a sign of life, but counts only its answer, which comes late where much else is on its way: what is silent is
 * decided here (silence.ts).
 */
const keepalive = { keepaliveInterval: 10_000, keepaliveCountMax: Infinity };

/**
 * Logs in over `stream`: verifies the host key, then offers credentials.
 * Throws E-HOST-KEY-*, E-AUTH, E-CONNECT, or HandshakeReset if a retry makes sense.
 * On any error the stream is closed.
 */
export function login(
  endpoint: Endpoint,
  stream: Duplex,
  check: HostKeyCheck,
  options: ConnectOptions,
  timeoutMs: number,
): Promise<SshLogin> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const lost = new AbortController();
    // Every channel waits for both.
    setMaxListeners(0, lost.signal, stream);
    let phase: 'silent' | 'handshake' | 'login' | 'ready' = 'silent';
    let hostKeyError: KbootError | undefined;
    let lastError: (Error & { code?: string | number }) | undefined;
    let ended = false;

    let unwatch = (): void => undefined;
    const end = (error: Error): void => {
      ended = true;
      unwatch();
      deadline.clear();
      if (phase === 'ready') lost.abort(error);
      else {
        offers.ended('untold');
        reject(error);
      }
      client.destroy();
      stream.destroy();
    };
    const deadline = new Deadline(timeoutMs, () => {
      end(loginTimeout(endpoint, phase === 'silent', options.connectTimeoutMs));
    });
    const offers = credentials(endpoint, options, deadline);

    const closed = (): void => {
      const cause = lastError;
      if (hostKeyError !== undefined) end(hostKeyError);
      else if (phase === 'ready') end(connectionLost(endpoint, cause));
      // A numeric code is sshd's reason for disconnecting, such as too many failed logins.
      else if (phase === 'login' && typeof cause?.code === 'number') end(offers.refused(cause.message));
      else if (phase === 'login') end(connectionLost(endpoint, cause));
      else if (isReset(cause)) end(new HandshakeReset(cause?.message ?? 'connection closed', { cause }));
      else end(noHandshake(endpoint, cause));
    };

    const authHandler: AuthHandlerMiddleware = (accepted, partial, next) => {
      // ssh2 has no answer before the first offer.
      const isPartial = (partial as typeof partial | null) === true;
      offers.next(accepted as typeof accepted | null, isPartial).then(
        (method) => {
          if (ended) return;
          if (method === false) end(offers.refused());
          else next(method satisfies AnyAuthMethod);
        },
        (error: unknown) => {
          end(withHost(endpoint, error));
        },
      );
    };

    client.on('error', (error: Error & { level?: string }) => {
      // A key that the agent refuses to sign with is one failed credential, not a failed login.
      if (phase === 'login' && (error.level === 'agent' || error.level === 'client-authentication')) return;
      lastError = error;
      closed();
    });
    client.once('handshake', () => {
      phase = 'login';
    });
    client.once('ready', () => {
      deadline.clear();
      phase = 'ready';
      offers.ended('accepted');
      unwatch = watchSilence(stream, keepalive.keepaliveInterval, () => {
        end(connectionLost(endpoint, new Error('the host has been silent for 40 s')));
      });
      resolve({ client, stream, lost: lost.signal, close });
    });
    // A bastion's stream may end without emitting close.
    client.once('end', closed);
    client.once('close', closed);

    const close = async (): Promise<void> => {
      if (lost.signal.aborted) return;
      unwatch();
      const sent = new Promise<void>((done) => {
        stream.once('finish', done);
        client.once('close', done);
        setTimeout(done, 1000).unref();
      });
      lost.abort(new KbootError('E-CONNECT', 'the connection was closed by kboot', { host: endpoint.host }));
      client.end();
      await sent;
      client.destroy();
      stream.destroy();
    };

    client.connect({
      sock: stream,
      username: endpoint.user,
      readyTimeout: 0,
      ...keepalive,
      algorithms: { serverHostKey: check.algorithms },
      hostVerifier: (key: Buffer) => {
        hostKeyError = check.verify(key);
        return hostKeyError === undefined;
      },
      authHandler,
    });
    // connect() paused the stream, so this listener only watches.
    stream.once('data', () => {
      if (phase === 'silent') phase = 'handshake';
    });
  });
}

function isReset(error: (Error & { code?: string | number }) | undefined): boolean {
  if (error === undefined) return true;
  return (
    error.code === 'ECONNRESET' ||
    error.code === 'EPIPE' ||
    error.message === 'Connection lost before handshake'
  );
}

function loginTimeout(endpoint: Endpoint, silent: boolean, ms: number): KbootError {
  const at = describeEndpoint(endpoint);
  return silent
    ? new KbootError(
        'E-CONNECT',
        `${at} accepts the connection but sends nothing: no SSH banner within ${ms} ms`,
        {
          host: endpoint.host,
          remedy: remedies.checkSshd,
        },
      )
    : new KbootError('E-CONNECT', `${at} stopped responding during login, after ${ms} ms`, {
        host: endpoint.host,
        remedy: remedies.slowLogin,
      });
}

function noHandshake(endpoint: Endpoint, cause: Error | undefined): KbootError {
  const detail = cause?.message ?? 'no reason given';
  return new KbootError('E-CONNECT', `the SSH handshake with ${describeEndpoint(endpoint)} failed`, {
    host: endpoint.host,
    detail,
    remedy: detail.includes('host key') ? remedies.noPlainHostKey : remedies.sshdOnPort,
    cause,
  });
}

function connectionLost(endpoint: Endpoint, cause: Error | undefined): KbootError {
  return new KbootError(
    'E-CONNECT',
    `the connection to ${describeEndpoint(endpoint)} was lost: ${cause?.message ?? 'the host closed it'}`,
    {
      host: endpoint.host,
      remedy: remedies.checkNetwork,
      cause,
    },
  );
}

function withHost(endpoint: Endpoint, error: unknown): Error {
  if (error instanceof KbootError) {
    return new KbootError(error.code, error.message, { ...error.context, host: endpoint.host });
  }
  return error instanceof Error ? error : new Error(String(error));
}
