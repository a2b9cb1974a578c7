import { Duplex, PassThrough, Writable, type Readable } from 'node:stream';
import type { Channel, ClientChannel } from 'ssh2';
import type { SshLogin } from './login.ts';
import type { Process } from './process.ts';
import type { TransportStats } from './types.ts';

/** The connection of a channel. */
type Wire = Pick<SshLogin, 'stream' | 'lost'>;

/**
 * Wraps an exec channel as a Process. ssh2's own streams neither fail a write that the remote side will
 * never read nor report a closed channel while output is unread; these do.
 * Calls `released` once, when the channel is closed or lost.
 */
export function channelProcess(
  channel: ClientChannel,
  stats: TransportStats,
  { stream, lost }: Wire,
  released: () => void,
): Process {
  const gone = new AbortController();
  const stdout = counted(stats);
  const stderr = counted(stats);
  const stdin = new Writable({ ...writes(channel, stream, stats, gone.signal) });
  silence(stdin, stdout, stderr, channel, channel.stderr);

  const exit = new Promise<number | null>((resolve) => {
    channel.once('exit', (code: number | null) => {
      gone.abort();
      resolve(code);
    });
    let open = true;
    const closed = (): void => {
      if (!open) return;
      open = false;
      lost.removeEventListener('abort', cut);
      gone.abort();
      resolve(null);
      released();
    };
    const cut = (): void => {
      closed();
      stop(channel, stdout, stderr);
    };
    channel.once('close', closed);
    if (lost.aborted) cut();
    else lost.addEventListener('abort', cut, { once: true });
  });

  gone.signal.addEventListener('abort', () => {
    if (!stdin.writableFinished) stdin.destroy(broken());
  });
  channel.pipe(stdout);
  channel.stderr.pipe(stderr);

  return {
    stdin,
    stdout,
    stderr,
    exit,
    kill() {
      channel.close();
      stop(channel, stdout, stderr);
    },
  };
}

/** Ends the outputs and drains the channel: ssh2 never reports a channel with unread output as closed. */
function stop(channel: ClientChannel, stdout: Writable, stderr: Writable): void {
  channel.unpipe();
  channel.stderr.unpipe();
  channel.resume();
  channel.stderr.resume();
  stdout.end();
  stderr.end();
}

/** Wraps a forwarded TCP channel as a plain Duplex that closes, and fails writes, when the channel closes. */
export function channelStream(channel: Channel, stats: TransportStats, wire: Wire): Duplex {
  const { lost } = wire;
  const gone = new AbortController();
  const stream = new Duplex({
    ...writes(channel, wire.stream, stats, gone.signal),
    read() {
      channel.resume();
    },
    destroy(error, done) {
      lost.removeEventListener('abort', cut);
      channel.close();
      channel.resume();
      done(error);
    },
  });
  const cut = (): void => {
    gone.abort();
    stream.destroy(lost.reason as Error);
  };
  silence(stream, channel);
  channel.on('data', (chunk: Buffer) => {
    stats.bytesDown += chunk.length;
    if (!stream.destroyed && !stream.push(chunk)) channel.pause();
  });
  channel.once('end', () => {
    if (!stream.destroyed) stream.push(null);
  });
  channel.once('close', () => {
    gone.abort();
    if (!stream.writableFinished) stream.destroy();
  });
  if (lost.aborted) cut();
  else lost.addEventListener('abort', cut, { once: true });
  return stream;
}

type Writes = Pick<Required<ConstructorParameters<typeof Writable>>[0], 'write' | 'final'>;

/** Bytes that are handed to a connection at a time. */
const slice = 64 * 1024;

/**
 * Writes to a channel as fast as its connection takes it. By itself, ssh2 takes as much as the channel's window (2 MiB) for
 * each of them: on a slow line, whatever is sent next on the connection would wait for that.
 */
function writes(channel: Channel, wire: Duplex, stats: TransportStats, gone: AbortSignal): Writes {
  return {
    write(chunk: Buffer, _encoding, done) {
      if (gone.aborted) {
        done(broken());
        return;
      }
      const settle = (error?: Error | null): void => {
        gone.removeEventListener('abort', fail);
        done(error);
      };
      const fail = (): void => {
        wire.removeListener('drain', next);
        done(broken());
      };
      let at = 0;
      const next = (): void => {
        if (wire.writableNeedDrain) {
          wire.once('drain', next);
          return;
        }
        const bytes = chunk.subarray(at, at + slice);
        at += bytes.length;
        stats.bytesUp += bytes.length;
        channel.write(bytes, (error) => {
          if (gone.aborted) return;
          if (error || at === chunk.length) settle(error);
          else next();
        });
      };
      gone.addEventListener('abort', fail, { once: true });
      next();
    },
    final(done) {
      channel.end();
      done();
    },
  };
}

function counted(stats: TransportStats): PassThrough {
  return new PassThrough({
    transform(chunk: Buffer, _encoding, done) {
      stats.bytesDown += chunk.length;
      done(null, chunk);
    },
  });
}

function broken(): Error {
  return Object.assign(new Error('the remote side closed its input'), { code: 'EPIPE' });
}

/** An error event without a listener would crash kboot; code that reads or writes the stream still gets the error. */
function silence(...streams: (Readable | Writable)[]): void {
  for (const stream of streams) stream.on('error', () => undefined);
}
