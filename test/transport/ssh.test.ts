import { createHash, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectHost } from '../../src/transport/connect.ts';
import type { HostConnection } from '../../src/transport/types.ts';
import { failure } from './failure.ts';
import {
  connectOptions,
  freePort,
  makeKey,
  noSshd,
  sshHost,
  startSshd,
  withSshd,
  type Sshd,
} from './sshd.ts';

const patient = { timeoutMs: 20_000 };

describe.skipIf(noSshd !== undefined)(withSshd('a real sshd'), () => {
  let sshd: Sshd;
  const open: HostConnection[] = [];
  const connect = async (options = {}, connection = {}): Promise<HostConnection> => {
    const { port, hostKey, identityFile } = sshd;
    const made = await connectHost(
      sshHost({ port, hostKey, identityFile, ...connection }),
      connectOptions(options),
    );
    open.push(made);
    return made;
  };
  /** Connects with this known_hosts text instead of the inventory's key. */
  const connectKnowing = (knownHosts: string): Promise<HostConnection> => {
    const file = join(sshd.dir, 'known_hosts');
    writeFileSync(file, knownHosts);
    const { port, identityFile } = sshd;
    return connectHost(sshHost({ port, identityFile }), connectOptions({ knownHostsFiles: [file] })).then(
      (made) => {
        open.push(made);
        return made;
      },
    );
  };

  beforeAll(async () => {
    sshd = await startSshd(['MaxSessions 2', 'MaxStartups 100']);
  });
  afterAll(async () => {
    await Promise.all(open.map((c) => c.close()));
    await sshd.stop();
  });

  describe('host key', () => {
    it('accepts the key in the inventory, whatever known_hosts contains', async () => {
      const { reader } = await connect();
      expect(await reader.read('id -u', patient)).toEqual({ stdout: '0\n', stderr: '', exitCode: 0 });
    });

    it('accepts the key in known_hosts under [host]:port, plain and hashed', async () => {
      const line = `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`;
      await connectKnowing(line);
      const file = join(sshd.dir, 'to-hash');
      writeFileSync(file, line);
      execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
      const hashed = readFileSync(file, 'utf8');
      expect(hashed).not.toContain('127.0.0.1');
      await connectKnowing(hashed);
    });

    it('requests the known key type', async () => {
      const ecdsa = readFileSync(join(sshd.dir, 'host_ecdsa.pub'), 'utf8');
      await connectKnowing(`[127.0.0.1]:${sshd.port} ${ecdsa}`);
    });

    it('refuses an unknown key, and prints the lines that fix it', async () => {
      const error = await failure(connectKnowing('other.example ssh-ed25519 AAAA\n'));
      expect(error.code).toBe('E-HOST-KEY-UNKNOWN');
      const shown = execFileSync('ssh-keygen', ['-lf', join(sshd.dir, 'host_ed25519.pub')], {
        encoding: 'utf8',
      });
      expect(error.message).toContain(shown.split(' ')[1]);
      const remedy = error.context.remedy?.split('\n') ?? [];
      await connectKnowing(remedy[1] ?? '');
      expect(remedy[3]).toBe(`ssh: {hostKey: "${sshd.hostKey}"}`);
    });

    it('refuses a changed key, with both fingerprints and the location of the old one', async () => {
      const other = makeKey(join(sshd.dir, 'other'));
      const error = await failure(connectKnowing(`# x\n[127.0.0.1]:${sshd.port} ${other}\n`));
      expect(error.code).toBe('E-HOST-KEY-CHANGED');
      expect(error.message.match(/SHA256:/g)).toHaveLength(2);
      expect(error.message).toContain(`${join(sshd.dir, 'known_hosts')}:2`);
      expect(error.context.remedy).toContain('or the host was reinstalled');
      const name = `[127.0.0.1]:${sshd.port}`;
      const swapped = await failure(connectKnowing(`${name} ${other}\nw-2.example ${sshd.hostKey}\n`));
      expect(swapped.context.remedy).toContain('This is the key of w-2.example (');
      expect(swapped.context.remedy).toContain('were addresses swapped?');
      const stated = await failure(connect({}, { hostKey: other }));
      expect(stated.code).toBe('E-HOST-KEY-CHANGED');
    });

    it('refuses a revoked key, and says that host certificates are not supported', async () => {
      const name = `[127.0.0.1]:${sshd.port}`;
      const revoked = await failure(connectKnowing(`${name} ${sshd.hostKey}\n@revoked * ${sshd.hostKey}\n`));
      expect(revoked).toMatchObject({ code: 'E-HOST-KEY-CHANGED' });
      const authority = await failure(connectKnowing(`@cert-authority ${name} ${sshd.hostKey}\n`));
      expect(authority.code).toBe('E-HOST-KEY-UNKNOWN');
      expect(authority.message).toContain('certificates are not supported');
    });

    it('refuses a key that known_hosts marks, whatever the inventory says', async () => {
      const { hostKey, port } = sshd;
      const file = join(sshd.dir, 'marked');
      const stated = (line: string, more: object = {}): Promise<HostConnection> => {
        writeFileSync(file, `${line}\n`);
        return connect({ knownHostsFiles: [file] }, more);
      };
      const name = `[127.0.0.1]:${port}`;
      for (const names of ['*', name, '127.0.0.1', `other,${name}`]) {
        const error = await failure(stated(`@revoked ${names} ${hostKey}`));
        expect(error).toMatchObject({ code: 'E-HOST-KEY-CHANGED' });
        expect(error.message).toContain(`${file}:1 marks as revoked`);
      }
      writeFileSync(file, `${name} ${hostKey}\n`);
      execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
      const hashed = readFileSync(file, 'utf8').trim();
      expect(await failure(stated(`@revoked ${hashed}`))).toMatchObject({ code: 'E-HOST-KEY-CHANGED' });
      const firstUse = { file: join(sshd.dir, 'first'), name: 'machine' };
      const first = await failure(stated(`@revoked * ${hostKey}`, { hostKey: undefined, firstUse }));
      expect(first.message).toContain('marks as revoked');
      expect(existsSync(firstUse.file)).toBe(false);
      const authority = await failure(stated(`@cert-authority * ${hostKey}`));
      expect(authority.message).toContain('marks as that of a certificate authority');
      const bastion = { address: '127.0.0.1', port, user: 'root', identityFile: sshd.identityFile, hostKey };
      expect((await failure(stated(`@revoked * ${hostKey}`, { bastion }))).message).toContain('bastion');
      // Of other hosts, or of another key.
      await stated(`@revoked elsewhere ${hostKey}`);
      await stated(`@revoked * ${makeKey(join(sshd.dir, 'another'))}`);
    });

    it('is verified on the bastion too, and hosts share the connection to a bastion', async () => {
      const { port, hostKey, identityFile } = sshd;
      const bastion = { address: '127.0.0.1', port, user: 'root', identityFile };
      const unknown = await failure(connect({}, { bastion }));
      expect(unknown.code).toBe('E-HOST-KEY-UNKNOWN');
      expect(unknown.message).toContain('bastion');
      const both = await Promise.all([1, 2].map(() => connect({}, { bastion: { ...bastion, hostKey } })));
      for (const { reader } of both) expect((await reader.read('echo hi', patient)).stdout).toBe('hi\n');
      expect(both.map((c) => c.reader.stats.connections).sort()).toEqual([1, 2]);
      await Promise.all(both.map((c) => c.close()));
    });
  });

  describe('credentials', () => {
    it('lists every credential that was tried when all are refused', async () => {
      const identityFile = join(sshd.dir, 'stranger');
      makeKey(identityFile);
      const error = await failure(connect({ agentSocket: '/nonexistent' }, { identityFile }));
      expect(error).toMatchObject({ code: 'E-AUTH', context: { host: 'cp-1' } });
      expect(error.context.detail?.split('\n')).toEqual([
        `refused: ${identityFile}`,
        'not tried: the agent at /nonexistent: it does not respond',
        'the host accepts: publickey, keyboard-interactive',
      ]);
      expect(error.context.remedy).toContain('authorized_keys');
    });

    it('says what to do about a public key, a file without a key, and a folder', async () => {
      const identityFile = join(sshd.dir, 'halved');
      makeKey(identityFile);
      const half = await failure(connect({}, { identityFile: `${identityFile}.pub` }));
      expect(half.context.detail).toContain('this is a public key');
      expect(half.context.remedy).toBe(`Set ssh.identityFile to the private key: ${identityFile}`);
      const none = join(sshd.dir, 'none');
      writeFileSync(none, 'no key\n');
      const junk = await failure(connect({}, { identityFile: none }));
      expect(junk.message).toContain('is not a private key');
      expect(junk.context.remedy).toContain('Set ssh.identityFile in the inventory to a private key file');
      const folder = await failure(connect({}, { identityFile: sshd.dir }));
      expect(folder.message).toBe(`the key file ${sshd.dir} is a folder`);
    });

    it('asks for a passphrase once for all hosts', async () => {
      const identityFile = join(sshd.dir, 'locked');
      const authorized = join(sshd.dir, 'authorized_keys');
      const publicKey = makeKey(identityFile, 'ed25519', 'open sesame');
      writeFileSync(authorized, `${readFileSync(authorized, 'utf8')}${publicKey}\n`);
      const asked: string[] = [];
      const askSecret = (question: string): Promise<string> => {
        asked.push(question);
        return Promise.resolve('open sesame');
      };
      await Promise.all([1, 2, 3].map(() => connect({ askSecret }, { identityFile })));
      expect(asked).toEqual([`Passphrase for ${identityFile}`]);
    });

    it('uses the key from an agent instead of asking for its passphrase', async () => {
      const socket = join(sshd.dir, 'agent');
      const out = execFileSync('ssh-agent', ['-a', socket], { encoding: 'utf8' });
      const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(out)?.[1]);
      try {
        const identityFile = join(sshd.dir, 'in-agent');
        const authorized = join(sshd.dir, 'authorized_keys');
        const publicKey = makeKey(identityFile);
        writeFileSync(authorized, `${readFileSync(authorized, 'utf8')}${publicKey}\n`);
        const env = { ...process.env, SSH_AUTH_SOCK: socket };
        execFileSync('ssh-add', ['-q', identityFile], { env, stdio: 'ignore' });
        execFileSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', identityFile], { stdio: 'ignore' });
        const asked: string[] = [];
        const askSecret = (question: string): Promise<undefined> => {
          asked.push(question);
          return Promise.resolve(undefined);
        };
        await connect({ agentSocket: socket, askSecret }, { identityFile });
        expect(asked).toEqual([]);
        const withoutAgent = await failure(connect({}, { identityFile }));
        expect(withoutAgent.context.detail).toContain('it has a passphrase');
        expect(withoutAgent.context.remedy).toContain(`ssh-add ${identityFile}`);
      } finally {
        process.kill(pid);
      }
    });

    it('says how to convert a PKCS#8 key, and reports a missing identity file', async () => {
      const identityFile = join(sshd.dir, 'pkcs8');
      execFileSync('ssh-keygen', ['-q', '-N', '', '-t', 'ecdsa', '-m', 'PKCS8', '-f', identityFile]);
      const error = await failure(connect({}, { identityFile }));
      expect(error).toMatchObject({ code: 'E-AUTH', context: { host: 'cp-1' } });
      expect(error.context.remedy).toContain(`ssh-keygen -p -m PEM -f ${identityFile}`);
      const missing = await failure(connect({}, { identityFile: '/nonexistent/id' }));
      expect(missing.message).toContain('/nonexistent/id');
    });
  });

  describe('connecting', () => {
    it('reports a closed port at once', async () => {
      const error = await failure(connect({}, { port: await freePort() }));
      expect(error.code).toBe('E-CONNECT');
      expect(error.message).toContain('nothing listens');
    });

    it('reports a host that accepts the connection but sends nothing', async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const { port } = server.address() as AddressInfo;
      const error = await failure(connect({ connectTimeoutMs: 300 }, { port }));
      expect(error.code).toBe('E-CONNECT');
      expect(error.message).toContain('sends nothing');
      server.close();
    });

    it('gets 20 connections past MaxStartups 3:50:5', async () => {
      const strict = await startSshd(['MaxStartups 3:50:5', 'PerSourceMaxStartups none']);
      try {
        const { port, hostKey, identityFile } = strict;
        const all = await Promise.all(
          Array.from({ length: 20 }, () =>
            connectHost(sshHost({ port, hostKey, identityFile }), connectOptions()),
          ),
        );
        const ids = await Promise.all(all.map(({ reader }) => reader.read('id -u', patient)));
        expect(ids.map((id) => id.stdout)).toEqual(Array(20).fill('0\n'));
        await Promise.all(all.map((c) => c.close()));
      } finally {
        await strict.stop();
      }
    }, 60_000);
  });

  describe('reading', () => {
    it('runs more concurrent reads than MaxSessions allows', async () => {
      const { reader } = await connect();
      const results = await Promise.all(
        [1, 2, 3, 4, 5, 6].map((n) => reader.read(`sleep 0.1; echo ${n}`, patient)),
      );
      expect(results.map((r) => r.stdout.trim())).toEqual(['1', '2', '3', '4', '5', '6']);
      expect(reader.stats).toMatchObject({ connections: 1, execs: 6 });
    });

    it('carries 5 MB of output and both streams', async () => {
      const { reader } = await connect();
      const { stdout, stderr, exitCode } = await reader.read(
        "head -c 5000000 /dev/zero | tr '\\0' x; head -c 200000 /dev/zero | tr '\\0' y >&2; exit 3",
        patient,
      );
      expect([stdout.length, stderr.length, exitCode]).toEqual([5_000_000, 200_000, 3]);
      expect(reader.stats.bytesDown).toBeGreaterThanOrEqual(5_200_000);
    });

    it('hides the script from commands that read stdin and from ps, and sets the C locale', async () => {
      const { reader } = await connect();
      const script = `cat\necho "after $(wc -c)" "$LC_ALL"\ntr '\\0' ' ' </proc/$$/cmdline\n# 'quotes' "and" $dollars`;
      const { stdout } = await reader.read(script, patient);
      expect(stdout).toBe('after 0 C\nsh ');
    });

    it('runs a script longer than the argv limit', async () => {
      const { reader } = await connect();
      const script = `${': a line that does nothing at all\n'.repeat(20_000)}echo done`;
      expect((await reader.read(script, patient)).stdout).toBe('done\n');
    });

    it('runs no part of a script that has a syntax error', async () => {
      const { reader } = await connect();
      const { stdout, exitCode } = await reader.read('echo ran\nif true; then', patient);
      expect(stdout).toBe('');
      expect(exitCode).toBe(2);
    });

    it('gives up with E-TIMEOUT', async () => {
      const { reader } = await connect();
      const error = await failure(reader.read('sleep 30', { timeoutMs: 200 }));
      expect(error).toMatchObject({ code: 'E-TIMEOUT', context: { host: 'cp-1' } });
      expect((await reader.read('echo alive', patient)).stdout).toBe('alive\n');
    });

    it('rejects with E-CONNECT when the connection is cut, and so does every later read', async () => {
      const { reader, writer } = await connect();
      const started = await writer.start('cat');
      // The parent of timeout, the script's parent, is the sshd process of this connection.
      const cut = reader.read("kill -9 $(awk '{print $4}' /proc/$PPID/stat); sleep 30", patient);
      expect((await failure(cut)).code).toBe('E-CONNECT');
      expect(await started.exit).toBeNull();
      expect((await failure(reader.read('id', patient))).code).toBe('E-CONNECT');
      expect((await failure(reader.forward('127.0.0.1', 1))).code).toBe('E-CONNECT');
    });

    it('rejects pending reads on close', async () => {
      const connection = await connect();
      const pending = failure(connection.reader.read('sleep 30', patient));
      await connection.close();
      await connection.close();
      expect((await pending).code).toBe('E-CONNECT');
    });
  });

  describe('starting', () => {
    it('streams 20 MB to a command', async () => {
      const { writer } = await connect();
      const data = randomBytes(20_000_000);
      const sum = await writer.start('sha256sum');
      const chunks = Array.from({ length: 20 }, (_, i) => data.subarray(i * 1_000_000, (i + 1) * 1_000_000));
      const [stdout] = await Promise.all([
        text(sum.stdout),
        pipeline(Readable.from(chunks), sum.stdin),
        text(sum.stderr),
      ]);
      expect(stdout.split(' ')[0]).toBe(createHash('sha256').update(data).digest('hex'));
      expect(await sum.exit).toBe(0);
      expect(writer.stats.bytesUp).toBe(20_000_000);
    });

    it('ends a spare command of a host that allows a single session', async () => {
      const single = await startSshd(['MaxSessions 1']);
      const { port, hostKey, identityFile } = single;
      const made = await connectHost(sshHost({ port, hostKey, identityFile }), connectOptions());
      try {
        let ended = 0;
        const spare = await made.writer.start('cat', { spare: () => ended++ });
        spare.stdout.resume();
        for (const word of ['one', 'two']) {
          const next = await made.writer.start(`echo ${word}`);
          expect(await text(next.stdout)).toBe(`${word}\n`);
        }
        expect(ended).toBe(1);
      } finally {
        await made.close();
        await single.stop();
      }
    });

    it('starts one command after another on a host that allows a single session', async () => {
      const single = await startSshd(['MaxSessions 1']);
      const { port, hostKey, identityFile } = single;
      const made = await connectHost(sshHost({ port, hostKey, identityFile }), connectOptions());
      try {
        // sshd may read the close of one session and the opening of the next in one go, and refuse the next.
        for (let i = 0; i < 60; i++) {
          const next = await made.writer.start(`echo ${i}`);
          expect(await text(next.stdout)).toBe(`${i}\n`);
        }
      } finally {
        await made.close();
        await single.stop();
      }
    });

    it('ends a spare command if the host allows too few sessions for it and others', async () => {
      const { writer } = await connect();
      let ended = 0;
      const spare = await writer.start('echo spare; cat', { spare: () => ended++ });
      spare.stdout.resume();
      const first = await writer.start('cat');
      expect(ended).toBe(0);
      const second = await writer.start('echo second');
      expect(await text(second.stdout)).toBe('second\n');
      expect(ended).toBe(1);
      await spare.exit;
      first.kill();
    });

    it('passes the command on unchanged', async () => {
      const { writer } = await connect();
      const command = `printf '%s|' 'a b' "it's" '\\\\n' '!x' '$HOME'\n\nprintf "%s" "last line"\n\n`;
      const started = await writer.start(command);
      started.stdin.end();
      expect(await text(started.stdout)).toBe(`a b|it's|\\\\n|!x|$HOME|last line`);
    });

    it('fails the write, instead of hanging, when the command ends early', async () => {
      const { writer } = await connect();
      const started = await writer.start('exit 7');
      started.stdout.resume();
      started.stderr.resume();
      const endless = Readable.from(
        (function* () {
          for (;;) yield Buffer.alloc(100_000);
        })(),
      );
      await expect(pipeline(endless, started.stdin)).rejects.toThrow();
      expect(await started.exit).toBe(7);
    });

    it('frees the session when a command with unread output is killed', async () => {
      const { writer, reader } = await connect();
      for (let i = 0; i < 5; i++) (await writer.start('yes')).kill();
      expect((await reader.read('echo free', patient)).stdout).toBe('free\n');
    });
  });

  it('forwards TCP without using a session, and reports a closed port', async () => {
    const echo = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((done) => echo.listen(0, '127.0.0.1', done));
    const { port } = echo.address() as AddressInfo;
    const { reader } = await connect();
    const streams = await Promise.all([1, 2, 3].map(() => reader.forward('127.0.0.1', port)));
    const data = randomBytes(3_000_000);
    for (const stream of streams) {
      stream.end(data);
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).equals(data)).toBe(true);
    }
    expect(reader.stats).toMatchObject({ forwards: 3, execs: 0, bytesUp: 9_000_000, bytesDown: 9_000_000 });
    const error = await failure(reader.forward('127.0.0.1', await freePort()));
    expect(error.code).toBe('E-CONNECT');
    echo.close();
  });
});
