import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { ServerChannel } from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import type { KbootError } from '../../src/model/error.ts';
import { connectHost } from '../../src/transport/connect.ts';
import type { ConnectOptions, HostConnection } from '../../src/transport/types.ts';
import { sudoError } from '../../src/transport/sudo-error.ts';
import { failure } from './failure.ts';
import { fakeServer, type FakeServer } from './fake-server.ts';
import { connectOptions, sshHost } from './sshd.ts';

const patient = { timeoutMs: 20_000 };
const cleanup: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

/** Runs the command that sudo would run. */
function become(command: string, channel: ServerChannel): void {
  const child = spawn('sh', ['-c', command.slice(command.indexOf('sh -c '))]);
  child.stdin.on('error', () => undefined);
  channel.pipe(child.stdin);
  child.stdout.on('data', (data: Buffer) => channel.write(data));
  child.stderr.on('data', (data: Buffer) => channel.stderr.write(data));
  child.on('close', (code) => {
    channel.exit(code ?? 255);
    channel.end();
  });
}

function giveUp(channel: ServerChannel, stderr: string, code = 1): void {
  channel.stderr.write(stderr);
  channel.exit(code);
  channel.end();
}

interface Dialogue {
  /** Bytes received before the first prompt. */
  early: number;
  lines: string[];
}

/** Simulates `sudo -S -p PROMPT`: prompts until the password is correct, at most three times. */
function askPassword(command: string, channel: ServerChannel, password: string, dialogue: Dialogue): void {
  const prompt = / -p (\S+) /.exec(command)?.[1] ?? 'Password:';
  let prompted = false;
  const ask = (before: string): void => {
    prompted = true;
    channel.stderr.write(`${before}${prompt.slice(0, 5)}`);
    setTimeout(() => channel.stderr.write(prompt.slice(5)), 10);
  };
  const onData = (data: Buffer): void => {
    if (!prompted) dialogue.early += data.length;
    const line = data.toString();
    dialogue.lines.push(line);
    if (line !== `${password}\n`) {
      ask('Sorry, try again.\n');
      return;
    }
    channel.off('data', onData);
    channel.pause();
    channel.stderr.write('\n');
    become(command, channel);
  };
  channel.on('data', onData);
  setTimeout(() => {
    ask('We trust you have received the usual lecture.\n');
  }, 20);
}

type Sudo = (command: string, channel: ServerChannel) => void;

async function hostWith(
  sudo: Sudo,
  options: Partial<ConnectOptions> = {},
): Promise<HostConnection & { server: FakeServer }> {
  const server = await fakeServer({ exec: sudo });
  cleanup.push(() => {
    server.stop();
  });
  const { port, hostKey } = server;
  const connection = await connectHost(sshHost({ port, hostKey, user: 'ops' }), connectOptions(options));
  cleanup.push(() => connection.close());
  return { ...connection, server };
}

/** A sudo that requires this password for everything. */
function withPassword(password: string, dialogue: Dialogue = { early: 0, lines: [] }): Sudo {
  return (command, channel) => {
    if (command.includes('sudo -n')) giveUp(channel, 'sudo: a password is required\n');
    else askPassword(command, channel, password, dialogue);
  };
}

describe('becoming root', () => {
  it('needs one exec for a read if sudo requires no password', async () => {
    const { reader, server } = await hostWith(become);
    expect(await reader.read('echo out; echo err >&2; exit 4', patient)).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 4,
    });
    expect(server.commands).toHaveLength(1);
    expect(server.commands[0]).toContain('sudo -n');
  });

  it('runs directly as root', async () => {
    const server = await fakeServer({ exec: become });
    cleanup.push(() => {
      server.stop();
    });
    const { port, hostKey } = server;
    const connection = await connectHost(sshHost({ port, hostKey }), connectOptions());
    cleanup.push(() => connection.close());
    expect((await connection.reader.read('echo hi', patient)).stdout).toBe('hi\n');
    expect(server.commands.join()).not.toContain('sudo');
  });

  it('asks once, answers the prompt only when it appears, and remembers how to become root', async () => {
    const questions: string[] = [];
    const askSecret = (question: string): Promise<string> => {
      questions.push(question);
      return Promise.resolve('pa$$ word');
    };
    const dialogue = { early: 0, lines: [] };
    const { reader, writer, server } = await hostWith(withPassword('pa$$ word', dialogue), { askSecret });
    const reads = await Promise.all([1, 2, 3].map((n) => reader.read(`cat; echo ${n}; echo e >&2`, patient)));
    expect(reads).toEqual(
      [1, 2, 3].map((n) => ({ stdout: `${n}\n`, stderr: '\ne\n'.trimStart(), exitCode: 0 })),
    );
    const started = await writer.start('cat');
    started.stdin.end('for the command only');
    expect(await text(started.stdout)).toBe('for the command only');
    expect(questions).toHaveLength(1);
    expect(dialogue).toEqual({ early: 0, lines: Array(4).fill('pa$$ word\n') });
    expect(server.commands).toHaveLength(5);
    expect(server.commands.join()).not.toContain('word');
  });

  it('what was typed is offered to one host first, and to no other once it was refused', async () => {
    const questions: string[] = [];
    const askSecret = (question: string): Promise<string> => {
      questions.push(question);
      return Promise.resolve('mistyped');
    };
    const dialogue = { early: 0, lines: [] };
    const readers = await Promise.all(
      Array.from({ length: 5 }, () => hostWith(withPassword('right', dialogue), { askSecret })),
    );
    const errors = await Promise.all(readers.map(({ reader }) => failure(reader.read('id', patient))));
    expect(errors.map(({ code }) => code)).toEqual(Array(5).fill('E-SUDO'));
    expect(questions).toEqual(['sudo password for ops on cp-1 (then used for other hosts that ask)']);
    expect(dialogue.lines).toEqual(['mistyped\n']);
    expect(errors.filter(({ context }) => context.detail?.includes('was not offered here'))).toHaveLength(4);
  });

  it('what the environment states is offered to one host first, too, of those that ask', async () => {
    const dialogue = { early: 0, lines: [] };
    // The options of one kboot.
    const given = { sudoPassword: 'wrong', askSecret: () => Promise.resolve(undefined) };
    const hosts = await Promise.all([
      ...Array.from({ length: 5 }, () => hostWith(withPassword('right', dialogue), given)),
      hostWith(become, given),
    ]);
    const ended = await Promise.allSettled(hosts.map(({ reader }) => reader.read('id', patient)));
    expect(ended.map(({ status }) => status)).toEqual([...Array<string>(5).fill('rejected'), 'fulfilled']);
    expect(dialogue.lines).toEqual(['wrong\n']);
    const details = ended.map((each) =>
      each.status === 'rejected' ? (each.reason as KbootError).context.detail : undefined,
    );
    expect(
      details.filter((each) => each?.includes('refused the one in KBOOT_SUDO_PASSWORD, so it was not')),
    ).toHaveLength(4);
  });

  it('uses a password from the environment at once, even if none is required', async () => {
    const { reader, server } = await hostWith(withPassword('given'), { sudoPassword: 'given' });
    expect((await reader.read('echo hi', patient)).stdout).toBe('hi\n');
    expect(server.commands).toHaveLength(1);
    const free = await hostWith(become, { sudoPassword: 'given' });
    expect((await free.reader.read('cat; echo hi', patient)).stdout).toBe('hi\n');
  });

  it('stops at the second prompt: the password is wrong', async () => {
    const dialogue: Dialogue = { early: 0, lines: [] };
    const { reader } = await hostWith(withPassword('right', dialogue), { sudoPassword: 'not so right' });
    const error = await failure(reader.read('id', patient));
    expect(error).toMatchObject({ code: 'E-SUDO', message: expect.stringContaining('wrong') as string });
    expect(JSON.stringify([error.message, error.context, error.stack])).not.toContain('not so right');
    expect((await failure(reader.read('id', patient))).code).toBe('E-SUDO');
    expect(dialogue.lines).toHaveLength(1);
  });

  const refusals: [string, string, number, RegExp][] = [
    ['a password and nobody to ask', 'sudo: a password is required\n', 1, /KBOOT_SUDO_PASSWORD/],
    [
      'an older sudo, likewise',
      'sudo: no tty present and no askpass program specified\n',
      1,
      /KBOOT_SUDO_PASSWORD/,
    ],
    ['requiretty', 'sudo: sorry, you must have a tty to run sudo\n', 1, /Defaults:ops !requiretty/],
    ['no sudoers line', 'ops is not in the sudoers file.\n', 1, /ops ALL=\(ALL\) NOPASSWD: ALL/],
    ['no sudo', "env: 'sudo': No such file or directory\n", 127, /Install sudo/],
    ['something else', 'sudo: account validation failure\n', 1, /sudo true/],
  ];
  for (const [what, stderr, code, remedy] of refusals) {
    it(`explains a refusal: ${what}`, async () => {
      const { reader, writer } = await hostWith((_command, channel) => {
        giveUp(channel, stderr, code);
      });
      const error = await failure(reader.read('id', patient));
      expect(error).toMatchObject({ code: 'E-SUDO', context: { host: 'cp-1', detail: stderr.trim() } });
      expect(error.context.remedy).toMatch(remedy);
      expect((await failure(writer.start('id'))).code).toBe('E-SUDO');
    });
  }

  it('explains a refusal after the password', async () => {
    const { reader } = await hostWith(
      (_command, channel) => {
        giveUp(channel, 'ops is not in the sudoers file.\n');
      },
      { sudoPassword: 'x' },
    );
    expect((await failure(reader.read('id', patient))).message).toContain('may not use sudo');
  });

  it('does not wait forever for a sudo that hangs', async () => {
    const { reader } = await hostWith(() => undefined);
    expect((await failure(reader.read('id', { timeoutMs: 200 }))).code).toBe('E-TIMEOUT');
  });

  it('discards output of login shells', async () => {
    const { reader } = await hostWith((command, channel) => {
      channel.write('Welcome to the machine\n');
      channel.stderr.write('bash: warning: setlocale\n');
      become(command, channel);
    });
    expect(await reader.read('echo hi', patient)).toEqual({ stdout: 'hi\n', stderr: '', exitCode: 0 });
  });
});

describe('the remedy for a user of a directory', () => {
  it.each([
    [
      'jdoe@corp.example.com',
      'jdoe@corp.example.com ALL',
      'jdoe-corp-example-com',
      'ssh jdoe@corp.example.com@h',
    ],
    ['CORP\\jdoe', 'CORP\\\\jdoe ALL', 'CORP-jdoe', "ssh 'CORP\\jdoe'@h"],
  ])('%s can be copied into sudoers and a shell', (user, rule, file, login) => {
    const remedy = sudoError('h', user, 1, 'sudo: something else').context.remedy ?? '';
    expect(remedy).toContain(`"${rule}=(ALL) NOPASSWD: ALL" to /etc/sudoers.d/${file} (`);
    expect(remedy).toContain(`"${login} sudo true"`);
  });
});
