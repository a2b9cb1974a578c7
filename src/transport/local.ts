import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { PassThrough, type Duplex, type Readable } from 'node:stream';
import { KbootError } from '../model/error.ts';
import type { Process } from './process.ts';
import { endGroup, ownGroup } from './child.ts';
import { hostConnection } from './shell.ts';
import { noStats } from './stats.ts';
import type { ConnectOptions, HostConnection, TransportStats } from './types.ts';
import { remedies } from './remedies.ts';

/** Runs commands on this machine, as root or through sudo. Nothing is contacted. */
export function connectLocal(host: string, options: ConnectOptions): HostConnection {
  const stats = noStats();
  stats.connections = 1;
  const lost = new AbortController();
  const running = new Set<Process>();
  const user = userInfo();
  return hostConnection({
    launcher: {
      host,
      user: user.username,
      isRoot: user.uid === 0,
      lost: lost.signal,
      launch(command) {
        lost.signal.throwIfAborted();
        const process = spawn(command, stats);
        running.add(process);
        void process.exit.then(() => running.delete(process));
        return Promise.resolve(process);
      },
    },
    stats,
    options,
    forward: (address, port) => forward(host, stats, lost.signal, address, port, options.connectTimeoutMs),
    close() {
      lost.abort(new KbootError('E-CONNECT', 'the connection was closed by kboot', { host }));
      for (const process of running) process.kill();
      return Promise.resolve();
    },
  });
}

function spawn(command: string, stats: TransportStats): Process {
  const shell = ownGroup({ stdio: 'pipe' })`exec sh -c ${command}`;
  stats.execs++;
  const stdin = shell.stdin;
  stdin.on('error', () => undefined);
  const stdout = counted(shell.stdout, stats);
  const stderr = counted(shell.stderr, stats);
  return {
    stdin: countedInput(stdin, stats),
    stdout,
    stderr,
    exit: shell.then((output) => output.exitCode),
    kill() {
      stdin.destroy();
      stdout.end();
      stderr.end();
      endGroup(shell.pid);
    },
  };
}

function counted(output: Readable, stats: TransportStats): PassThrough {
  const through = new PassThrough({
    transform(chunk: Buffer, _encoding, done) {
      stats.bytesDown += chunk.length;
      done(null, chunk);
    },
  });
  through.on('error', () => undefined);
  output.pipe(through);
  return through;
}

function countedInput(input: NodeJS.WritableStream, stats: TransportStats): PassThrough {
  const through = new PassThrough({
    transform(chunk: Buffer, _encoding, done) {
      stats.bytesUp += chunk.length;
      done(null, chunk);
    },
  });
  through.on('error', () => undefined);
  input.on('close', () => {
    through.destroy();
  });
  through.pipe(input);
  return through;
}

function forward(
  host: string,
  stats: TransportStats,
  lost: AbortSignal,
  address: string,
  port: number,
  timeoutMs: number,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    lost.throwIfAborted();
    const socket = connect({ host: address, port, noDelay: true });
    const give = (): void => {
      socket.destroy(lost.reason instanceof Error ? lost.reason : undefined);
    };
    lost.addEventListener('abort', give);
    socket.once('close', () => {
      lost.removeEventListener('abort', give);
    });
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no response within ${timeoutMs} ms`));
    }, timeoutMs);
    socket.on('error', (cause) => {
      clearTimeout(timer);
      reject(
        new KbootError('E-CONNECT', `the host cannot connect to ${address}:${port}`, {
          host,
          detail: cause.message,
          remedy: remedies.checkPort({ port }),
          cause,
        }),
      );
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      stats.forwards++;
      socket.on('close', () => {
        stats.bytesUp += socket.bytesWritten;
        stats.bytesDown += socket.bytesRead;
      });
      resolve(socket);
    });
  });
}
