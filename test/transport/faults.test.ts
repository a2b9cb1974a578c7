import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connectHost } from '../../src/transport/connect.ts';
import { HandshakeReset, retryHandshake } from '../../src/transport/retry.ts';
import { failure } from './failure.ts';
import { fakeServer, type FakeServer } from './fake-server.ts';
import { connectOptions, sshHost } from './sshd.ts';

const cleanup: (() => unknown)[] = [];
const start = async (...behaviour: Parameters<typeof fakeServer>): Promise<FakeServer> => {
  const server = await fakeServer(...behaviour);
  cleanup.push(() => {
    server.stop();
  });
  return server;
};

afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

describe('a faulty server', () => {
  it('gets no credential before its host key is verified', async () => {
    const server = await start({});
    const asked: string[] = [];
    const options = connectOptions({
      sshPassword: 'secret',
      askSecret: (question) => {
        asked.push(question);
        return Promise.resolve('secret');
      },
    });
    const error = await failure(connectHost(sshHost({ port: server.port }), options));
    expect(error.code).toBe('E-HOST-KEY-UNKNOWN');
    expect(server.methods).toEqual([]);
    expect(asked).toEqual([]);
  });

  for (const method of ['password', 'keyboard-interactive'] as const) {
    it(`logs in by ${method} after the keys, and prompts once`, async () => {
      const server = await start({
        auth(context) {
          if (context.method === 'password' && method === 'password' && context.password === 'secret') {
            context.accept();
          } else if (context.method === 'keyboard-interactive' && method === 'keyboard-interactive') {
            context.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
              if (answers[0] === 'secret') context.accept();
              else context.reject([method]);
            });
          } else {
            context.reject([method]);
          }
        },
      });
      const asked: string[] = [];
      const askSecret = (question: string): Promise<string> => {
        asked.push(question);
        return Promise.resolve('secret');
      };
      const host = sshHost({ port: server.port, hostKey: server.hostKey, user: 'ops' });
      const options = connectOptions({ askSecret });
      for (const connection of await Promise.all([connectHost(host, options), connectHost(host, options)])) {
        cleanup.push(() => connection.close());
      }
      expect(asked).toHaveLength(1);
      const wrong = connectHost(host, connectOptions({ sshPassword: 'wrong-one' }));
      const error = await failure(wrong);
      expect(error.code).toBe('E-AUTH');
      expect(error.context.detail).toContain('refused: password');
      expect(error.context.remedy).toContain('the correct password');
      expect(JSON.stringify(error)).not.toContain('wrong-one');
    });
  }

  it('does not count the time the operator takes to type', async () => {
    const server = await start({
      auth(context) {
        if (context.method === 'password') context.accept();
        else context.reject(['password']);
      },
    });
    const askSecret = (): Promise<string> => new Promise((done) => setTimeout(done, 1500, 'secret'));
    const host = sshHost({ port: server.port, hostKey: server.hostKey });
    const connection = await connectHost(host, connectOptions({ askSecret, connectTimeoutMs: 1000 }));
    await connection.close();
  });

  it('does not treat truncated output as complete, though the exit status came first', async () => {
    const server = await start({
      exec(command, channel, client) {
        const mark = /echo (kboot-\w+);/.exec(command)?.[1] ?? '';
        channel.stderr.write(`${mark}\n`);
        channel.write(`${mark}\nhalf of the out`);
        channel.exit(0);
        setTimeout(() => {
          client.end();
        }, 20);
      },
    });
    const { port, hostKey } = server;
    const { reader } = await connectHost(sshHost({ port, hostKey }), connectOptions());
    expect((await failure(reader.read('id', { timeoutMs: 20_000 }))).code).toBe('E-CONNECT');
  });

  it('reports that a server other than sshd answered', async () => {
    const http = createServer((socket) => socket.end('SSH-1.0-not really\r\n'));
    await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
    cleanup.push(() => http.close());
    const { port } = http.address() as AddressInfo;
    const error = await failure(connectHost(sshHost({ port }), connectOptions()));
    expect(error.code).toBe('E-CONNECT');
    expect(error.context.detail).toBeTruthy();
  });
});

describe('retrying a handshake', () => {
  it('tries six times over about ten seconds, and only after a reset', async () => {
    const pauses: number[] = [];
    const pause = (ms: number): Promise<void> => {
      pauses.push(ms);
      return Promise.resolve();
    };
    let tries = 0;
    const reset = (): Promise<never> => {
      tries++;
      return Promise.reject(new HandshakeReset('gone'));
    };
    await expect(retryHandshake(reset, pause)).rejects.toThrow(HandshakeReset);
    expect(tries).toBe(6);
    const sum = pauses.reduce((a, b) => a + b, 0);
    expect(sum).toBeGreaterThan(5000);
    expect(sum).toBeLessThan(16_000);

    pauses.length = 0;
    await expect(retryHandshake(() => Promise.reject(new Error('other')), pause)).rejects.toThrow('other');
    expect(pauses).toEqual([]);
  });
});
