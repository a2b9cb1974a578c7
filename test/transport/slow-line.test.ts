import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import { expect, it } from 'vitest';
import { channelProcess } from '../../src/transport/channel.ts';
import { openSession } from '../../src/transport/open.ts';
import { noStats } from '../../src/transport/stats.ts';
import { fakeServer } from './fake-server.ts';
import { connectOptions } from './sshd.ts';

/** A line that can stop taking bytes. */
class Line extends Duplex {
  readonly #socket;
  #isStopped = false;
  #held: (() => void) | undefined;

  constructor(port: number) {
    super();
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk) => this.push(chunk));
    this.#socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const pass = (): void => {
      this.#socket.write(chunk);
      done();
    };
    if (this.#isStopped) this.#held = pass;
    else pass();
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  stop(): void {
    this.#isStopped = true;
  }

  go(): void {
    this.#isStopped = false;
    this.#held?.();
  }
}

it('what is written to a channel waits outside of a connection that takes no more, and arrives once it does', async () => {
  let received = 0;
  const server = await fakeServer({
    exec: (_command, channel) => {
      channel.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      channel.on('end', () => {
        channel.exit(0);
        channel.end();
      });
    },
  });
  const line = new Line(server.port);
  const endpoint = {
    ...{ host: 'cp-1', isBastion: false, address: '127.0.0.1', port: server.port, user: 'root' },
    hostKey: server.hostKey,
  };
  const session = await openSession(endpoint, () => Promise.resolve(line), connectOptions());
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    session.client.exec('cat', (error, opened) => {
      if (error) reject(error);
      else resolve(opened);
    });
  });
  const process = channelProcess(channel, noStats(), session, () => undefined);
  process.stdout.resume();
  process.stderr.resume();
  line.stop();
  const bytes = 1024 * 1024;
  process.stdin.write(Buffer.alloc(bytes));
  await sleep(50);
  expect(line.writableLength).toBeGreaterThan(0);
  expect(line.writableLength).toBeLessThan(bytes / 4);
  line.go();
  process.stdin.end();
  await process.exit;
  expect(received).toBe(bytes);
  const closed = once(line, 'close');
  await session.close();
  await closed;
  server.stop();
});
