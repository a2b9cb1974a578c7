import type { ServerChannel } from 'ssh2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectHost } from '../../src/transport/connect.ts';
import { MarkerFilter } from '../../src/transport/marker.ts';
import type { HostConnection } from '../../src/transport/types.ts';
import { failure } from './failure.ts';
import { fakeServer } from './fake-server.ts';
import { connectOptions, sshHost } from './sshd.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

async function connectTo(behaviour: Parameters<typeof fakeServer>[0]): Promise<HostConnection> {
  const server = await fakeServer(behaviour);
  cleanup.push(() => {
    server.stop();
  });
  const options = connectOptions({ connectTimeoutMs: 3_000 });
  return await connectHost(sshHost({ port: server.port, hostKey: server.hostKey }), options);
}

/** The line after which a host's output counts. */
const markIn = (command: string): string => /kboot-[0-9a-f]{24}/.exec(command)?.[0] ?? '';

const begin = (command: string, channel: ServerChannel): void => {
  channel.write(`${markIn(command)}\n`);
  channel.stderr.write(`${markIn(command)}\n`);
};

/** Writes as fast as the other side takes it, until the channel is closed. */
function flood(channel: ServerChannel, bytes: string): void {
  let open = true;
  channel.once('close', () => {
    open = false;
  });
  const more = (): void => {
    while (open && channel.writable) if (!channel.write(bytes)) return void channel.once('drain', more);
  };
  more();
}

function drip(channel: ServerChannel): void {
  const timer = setInterval(() => channel.write('x'), 10);
  channel.once('close', () => {
    clearInterval(timer);
  });
  cleanup.push(() => {
    clearInterval(timer);
  });
}

describe('a host that is silent, or floods, after login', () => {
  it.each<[string, Parameters<typeof fakeServer>[0], string]>([
    ['never answers the exec', { silent: true }, 'E-TIMEOUT'],
    ['answers it, and then nothing', { exec: () => undefined }, 'E-TIMEOUT'],
    ['begins, and then nothing', { exec: begin }, 'E-TIMEOUT'],
    [
      'never closes the channel',
      {
        exec(command, channel) {
          begin(command, channel);
          channel.write('all of it\n');
          channel.exit(0);
        },
      },
      'E-TIMEOUT',
    ],
    [
      'sends one byte after another without end',
      {
        exec(command, channel) {
          begin(command, channel);
          drip(channel);
        },
      },
      'E-TIMEOUT',
    ],
    [
      'floods its output',
      {
        exec(command, channel) {
          begin(command, channel);
          flood(channel, 'x'.repeat(64 * 1024));
        },
      },
      'E-PROBE',
    ],
    [
      'floods before it begins',
      {
        exec(_command, channel) {
          flood(channel, 'Welcome! '.repeat(4096));
        },
      },
      'E-PROBE',
    ],
    [
      'floods its errors',
      {
        exec(command, channel) {
          begin(command, channel);
          flood(channel.stderr as unknown as ServerChannel, 'x'.repeat(64 * 1024));
        },
      },
      'E-PROBE',
    ],
  ])('%s', async (_title, behaviour, code) => {
    const connection = await connectTo(behaviour);
    const limits = { timeoutMs: code === 'E-TIMEOUT' ? 500 : 20_000, maxBytes: 1024 * 1024 };
    const error = await failure(connection.reader.read('true', limits));
    expect([error.code, error.context.host]).toEqual([code, 'cp-1']);
    expect(error.context.remedy).toBeTruthy();
    await connection.close();
  });

  it('never answers a forward', async () => {
    const connection = await connectTo({ silent: true });
    const error = await failure(connection.reader.forward('127.0.0.1', 6443));
    expect([error.code, error.context.detail]).toEqual(['E-CONNECT', 'no answer from the host in 3000 ms']);
    await connection.close();
  });

  it('an answer that hangs does not keep a later one from being given up', async () => {
    const connection = await connectTo({ silent: true });
    const reads = Array.from({ length: 6 }, () =>
      failure(connection.reader.read('true', { timeoutMs: 300 })),
    );
    expect((await Promise.all(reads)).map(({ code }) => code)).toEqual(Array(6).fill('E-TIMEOUT'));
    await connection.close();
  });
});

describe('MarkerFilter', () => {
  const passed = async (chunks: readonly string[], watch?: string): Promise<[string, string, number]> => {
    const filter = new MarkerFilter('MARK', watch);
    let [out, watched] = ['', 0];
    filter.on('data', (chunk: Buffer) => (out += chunk.toString()));
    filter.on('watched', (count: number) => (watched = count));
    for (const chunk of chunks) filter.write(chunk);
    filter.end();
    await new Promise((done) => filter.once('end', done));
    return [out, filter.before, watched];
  };

  it.each([1, 2, 3, 5, 100])('finds the mark and what is watched in chunks of %i', async (size) => {
    const text = 'hello PROMPT: PROMPT: x\nMAR MARK\nrest MARK\n';
    const chunks = text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
    expect(await passed(chunks, 'PROMPT:')).toEqual(['rest MARK\n', 'hello PROMPT: PROMPT: x\nMAR ', 2]);
  });

  it('looks at each byte a fixed number of times, in chunks of one byte, too', () => {
    const copied = (bytes: number): number => {
      const joined = vi.spyOn(Buffer, 'concat');
      const filter = new MarkerFilter('x'.repeat(30));
      const [byte, done] = [Buffer.from('y'), (): void => undefined];
      for (let index = 0; index < bytes; index++) filter._transform(byte, 'utf8', done);
      const sum = joined.mock.calls.flatMap(([list]) => list).reduce((all, { length }) => all + length, 0);
      joined.mockRestore();
      return sum;
    };
    expect(copied(400_000) / copied(200_000)).toBeLessThan(2.2);
  });
});
