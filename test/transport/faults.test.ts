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

  /** A server whose dialogue asks these questions one by one, each with the answer that it takes. */
  const asking = (questions: readonly (readonly [string, string, boolean?])[], seen: string[][]) =>
    start({
      auth(context) {
        if (context.method !== 'keyboard-interactive') {
          context.reject(['keyboard-interactive']);
          return;
        }
        const next = (index: number): void => {
          const [prompt, right, echo = false] = questions[index] ?? ['', ''];
          if (prompt === '') {
            context.accept();
            return;
          }
          context.prompt([{ prompt, echo }], (answers) => {
            seen.push([prompt, ...answers]);
            if (answers[0] === right) next(index + 1);
            else context.reject(['keyboard-interactive']);
          });
        };
        next(0);
      },
    });

  it.each([
    'Verification code: ',
    "One-time password (OATH) for `ops': ",
    'Enter PASSCODE: ',
    'Password & verification code: ',
    '(ops@cp-1) Duo two-factor login, password or code: ',
    'YubiKey for ops: ',
    'Favourite colour? ',
    'New password: ',
    'Retype new password: ',
    "Please give me root's secret: ",
  ])('a dialogue that asks "%s" gets no password', async (prompt) => {
    const seen: string[][] = [];
    const server = await asking([[prompt, 'hunter2']], seen);
    const host = sshHost({ port: server.port, hostKey: server.hostKey, user: 'ops' });
    const error = await failure(connectHost(host, connectOptions({ sshPassword: 'hunter2' })));
    expect(error.code).toBe('E-AUTH');
    expect(error.context.detail).toContain(`an answer to "${prompt.trim().replace(/:$/, '')}"`);
    expect(seen).toEqual([[prompt, '']]);
  });

  it.each([
    'Password: ',
    '(ops@cp-1) Password: ',
    "ops's password: ",
    'Passwort: ',
    '(code@token-1) Password: ',
  ])('a dialogue that asks "%s" gets it once, and not if it would be echoed', async (prompt) => {
    const seen: string[][] = [];
    const server = await asking([[prompt, 'hunter2']], seen);
    const host = sshHost({ port: server.port, hostKey: server.hostKey, user: 'ops' });
    const options = connectOptions({ sshPassword: 'hunter2' });
    const connection = await connectHost(host, options);
    cleanup.push(() => connection.close());
    expect(seen).toEqual([[prompt, 'hunter2']]);
    const greedy = await asking(
      [
        [prompt, 'hunter2'],
        [prompt, 'hunter2'],
      ],
      seen,
    );
    await failure(connectHost(sshHost({ port: greedy.port, hostKey: greedy.hostKey, user: 'ops' }), options));
    const open = await asking([[prompt, 'hunter2', true]], seen);
    await failure(connectHost(sshHost({ port: open.port, hostKey: open.hostKey, user: 'ops' }), options));
    expect(seen.slice(1)).toEqual([
      [prompt, 'hunter2'],
      [prompt, ''],
      [prompt, ''],
    ]);
  });

  it('a code is asked for on the terminal, which names the host, and the password goes to its own question', async () => {
    const seen: string[][] = [];
    const server = await asking(
      [
        ['Password: ', 'hunter2'],
        ['Code\u001b[2J: ', '123456'],
      ],
      seen,
    );
    const asked: string[] = [];
    const askSecret = (question: string): Promise<string> => {
      asked.push(question);
      return Promise.resolve('123456');
    };
    const host = sshHost({ port: server.port, hostKey: server.hostKey, user: 'ops' });
    const connection = await connectHost(host, connectOptions({ sshPassword: 'hunter2', askSecret }));
    cleanup.push(() => connection.close());
    expect(asked).toEqual(['cp-1 asks ops: Code⟨U+001B⟩[2J']);
    expect(seen.map(([, answer]) => answer)).toEqual(['hunter2', '123456']);
  });

  it('a bastion gets its own password, and never that of the hosts', async () => {
    const given: string[] = [];
    const password = (right: string) =>
      start({
        auth(context) {
          if (context.method === 'password') given.push(context.password);
          if (context.method === 'password' && context.password === right) context.accept();
          else context.reject(['password']);
        },
      });
    const bastion = await password('of the bastion');
    const target = { address: '127.0.0.1', port: bastion.port, user: 'jump', hostKey: bastion.hostKey };
    const host = sshHost({ port: 22, hostKey: bastion.hostKey, user: 'ops', bastion: target });
    const error = await failure(connectHost(host, connectOptions({ sshPassword: 'of the hosts' })));
    expect(error.code).toBe('E-AUTH');
    expect(error.message).toContain('bastion 127.0.0.1');
    expect(error.context.detail).toContain('KBOOT_BASTION_PASSWORD is not set');
    expect(given).toEqual([]);
    const asked: string[] = [];
    const askSecret = (question: string): Promise<undefined> => {
      asked.push(question);
      return Promise.resolve(undefined);
    };
    await failure(connectHost(host, connectOptions({ sshPassword: 'of the hosts', askSecret })));
    expect(asked).toEqual([`SSH password for jump on the bastion 127.0.0.1:${bastion.port}`]);
    const options = connectOptions({ sshPassword: 'of the hosts', bastionPassword: 'of the bastion' });
    await failure(connectHost(host, options));
    expect(given).toEqual(['of the bastion']);
  });

  it.each(['typed', 'stated in the environment'])(
    'a password that was %s goes to one host first, and to nobody once it was refused',
    async (how) => {
      const given: string[] = [];
      const right = 'right';
      const server = await start({
        auth(context) {
          if (context.method === 'password') given.push(context.password);
          if (context.method === 'password' && context.password === right) context.accept();
          else context.reject(['password']);
        },
      });
      const host = sshHost({ port: server.port, hostKey: server.hostKey, user: 'ops' });
      const connectThirty = async (word: string): Promise<string[]> => {
        given.length = 0;
        const asked: string[] = [];
        const askSecret = (question: string): Promise<string> => {
          asked.push(question);
          return Promise.resolve(word);
        };
        const options = connectOptions({ askSecret, ...(how !== 'typed' && { sshPassword: word }) });
        const ended = await Promise.allSettled(
          Array.from({ length: 30 }, (_, n) => connectHost({ ...host, name: `w-${n}` }, options)),
        );
        for (const each of ended) if (each.status === 'fulfilled') await each.value.close();
        const question: unknown = expect.stringMatching(/^SSH password for ops on w-\d+ \(then used for/);
        expect(asked).toEqual(how === 'typed' ? [question] : []);
        return ended.map(({ status }) => status);
      };
      expect(new Set(await connectThirty('mistyped'))).toEqual(new Set(['rejected']));
      expect(given).toEqual(['mistyped']);
      expect(new Set(await connectThirty('right'))).toEqual(new Set(['fulfilled']));
      expect(given).toHaveLength(30);
    },
  );

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
