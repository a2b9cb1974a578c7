import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ClientChannel } from 'ssh2';
import type { Connection } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { shareBastion, throughBastion } from './bastion.ts';
import { channelProcess, channelStream } from './channel.ts';
import { bastionEndpoint, hostEndpoint, type Endpoint } from './endpoint.ts';
import type { SshLogin } from './login.ts';
import { openSession } from './open.ts';
import type { Process } from './process.ts';
import { hostConnection } from './shell.ts';
import { Slots } from './slots.ts';
import { noStats } from './stats.ts';
import { openTcp } from './tcp.ts';
import type { ConnectOptions, HostConnection, TransportStats } from './types.ts';
import { within } from './within.ts';
import { remedies } from './remedies.ts';

/** OpenSSH allows 10 sessions per connection (MaxSessions); leave some of them free. */
const execsAtATime = 4;

/** Connects to a host over SSH, through its bastion if it has one. Throws as `openSession` does. */
export async function connectSsh(
  host: string,
  connection: Extract<Connection, { kind: 'ssh' }>,
  options: ConnectOptions,
): Promise<HostConnection> {
  const endpoint = hostEndpoint(host, connection);
  const via = bastionEndpoint(host, connection);
  const stats = noStats();
  const bastion = via && (await shareBastion(via, options));
  let session: SshLogin;
  try {
    const openStream = bastion === undefined ? openTcp : throughBastion(bastion);
    session = await openSession(endpoint, openStream, options);
  } catch (error) {
    await bastion?.release();
    throw error;
  }
  stats.connections = bastion?.opened === true ? 2 : 1;
  const slots = new Slots(execsAtATime);
  const spares = new Map<Process, () => void>();
  return hostConnection({
    launcher: {
      host,
      user: endpoint.user,
      isRoot: endpoint.user === 'root',
      lost: session.lost,
      async launch(command, spare) {
        const process = await launch({ endpoint, session, slots, stats, spares }, command);
        if (spare === undefined) return process;
        spares.set(process, spare);
        void process.exit.then(() => spares.delete(process));
        return process;
      },
    },
    stats,
    options,
    forward: (address, port) => forward(endpoint, session, stats, address, port, options.connectTimeoutMs),
    async close() {
      await session.close();
      await bastion?.release();
    },
  });
}

interface Launching {
  readonly endpoint: Endpoint;
  readonly session: SshLogin;
  readonly slots: Slots;
  readonly stats: TransportStats;
  /** Processes that make room if the host allows too few sessions. */
  readonly spares: ReadonlyMap<Process, () => void>;
}

async function launch(
  { endpoint, session, slots, stats, spares }: Launching,
  command: string,
): Promise<Process> {
  let tries = 0;
  let mayHaveEnded = true;
  for (;;) {
    const release = await slots.take();
    try {
      const channel = await exec(session, command);
      stats.execs++;
      return channelProcess(channel, stats, session, release);
    } catch (cause) {
      const refused = isRefusedChannel(cause) && !session.lost.aborted;
      if (refused && (await makeRoom(spares))) tries = triesAfterAnEnd;
      let wait = refused && (tries > 0 || slots.shrink());
      if (refused && !wait && mayHaveEnded && stats.execs > 0) {
        mayHaveEnded = false;
        tries = triesAfterAnEnd;
        wait = true;
      }
      release();
      session.lost.throwIfAborted();
      if (!wait) throw noExec(endpoint, cause);
      if (tries-- > 0) await sleep(50);
    }
  }
}

/**
 * How often a channel is asked for again, 50 ms apart, after another one has ended:
 * the server counts a session until its processes have ended, which may be after its channel has closed here.
 */
const triesAfterAnEnd = 40;

/** Ends the spare processes; false if there are none. */
async function makeRoom(spares: Launching['spares']): Promise<boolean> {
  const ending = [...spares];
  for (const [process, ended] of ending) {
    process.kill();
    ended();
  }
  await Promise.all(ending.map(([{ exit }]) => exit));
  return ending.length > 0;
}

function exec(session: SshLogin, command: string): Promise<ClientChannel> {
  return untilLost(session, (done) => session.client.exec(command, done));
}

/** Runs a client call; rejects with the reason as soon as the connection is lost. */
function untilLost<T extends Channel>(
  { lost }: SshLogin,
  call: (done: (error: Error | undefined, channel: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    lost.throwIfAborted();
    const fail = (): void => {
      reject(lost.reason as Error);
    };
    lost.addEventListener('abort', fail, { once: true });
    call((error, channel) => {
      lost.removeEventListener('abort', fail);
      if (error) reject(error);
      else resolve(channel);
    });
  });
}

function isRefusedChannel(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Channel open failure');
}

function noExec(endpoint: Endpoint, cause: unknown): KbootError {
  return new KbootError('E-CONNECT', 'the host refused to open a session', {
    host: endpoint.host,
    detail: cause instanceof Error ? cause.message : String(cause),
    remedy: remedies.allowSessions,
    cause,
  });
}

async function forward(
  endpoint: Endpoint,
  session: SshLogin,
  stats: TransportStats,
  address: string,
  port: number,
  timeoutMs: number,
): Promise<Duplex> {
  try {
    const channel = await within(
      untilLost<ClientChannel>(session, (done) =>
        session.client.forwardOut('127.0.0.1', 0, address, port, done),
      ),
      timeoutMs,
      () => new Error(`no answer from the host in ${timeoutMs} ms`),
      (late) => {
        late.destroy();
      },
    );
    stats.forwards++;
    return channelStream(channel, stats, session);
  } catch (cause) {
    session.lost.throwIfAborted();
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new KbootError('E-CONNECT', `the host cannot connect to ${address}:${port}`, {
      host: endpoint.host,
      detail,
      remedy: /prohibited/i.test(detail) ? remedies.allowForwarding : remedies.checkPort({ port }),
      cause,
    });
  }
}
