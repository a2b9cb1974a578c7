import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { connectHost } from '../../src/transport/connect.ts';
import type { HostConnection } from '../../src/transport/types.ts';
import { failure } from './failure.ts';
import { connectOptions, host } from './sshd.ts';

/** A killed process may remain as a zombie until PID 1 reaps it. */
function isRunning(pid: string): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !readFileSync(stat, 'utf8').includes(') Z ');
}

const needsRoot = userInfo().uid !== 0;
const title = needsRoot ? 'connection: local [SKIPPED: needs root]' : 'connection: local';

describe.skipIf(needsRoot)(title, () => {
  let connection: HostConnection | undefined;
  const connect = async (): Promise<HostConnection> => {
    connection = await connectHost(host({ kind: 'local' }), connectOptions());
    return connection;
  };
  afterEach(() => connection?.close());

  it('hides the script from argv and from commands that read stdin', async () => {
    const { reader } = await connect();
    const script = `cat\nid -u\necho "$LC_ALL"\ntr '\\0' ' ' </proc/$$/cmdline\necho err >&2\nexit 3`;
    const result = await reader.read(script, { timeoutMs: 20_000 });
    expect(result).toEqual({ stdout: '0\nC\nsh ', stderr: 'err\n', exitCode: 3 });
    expect(reader.stats).toMatchObject({ connections: 1, execs: 1 });
    expect(reader.stats.bytesUp).toBeGreaterThan(script.length);
  });

  it('passes the command on unchanged and streams to it', async () => {
    const { writer } = await connect();
    const data = randomBytes(5_000_000);
    const sum = await writer.start(`printf '%s ' "it's" '\\n'; sha256sum`);
    sum.stdin.end(data);
    const digest = createHash('sha256').update(data).digest('hex');
    expect(await text(sum.stdout)).toBe(`it's \\n ${digest}  -\n`);
    expect(await sum.exit).toBe(0);
  });

  it('ends the whole process group on timeout and on close', async () => {
    const { reader, writer } = await connect();
    const started = await writer.start('echo $$; sleep 300 & echo $!; wait');
    const pids = await new Promise<string>((done) => {
      started.stdout.once('data', (data: Buffer) => {
        done(data.toString());
      });
    });
    const error = await failure(reader.read('sleep 300', { timeoutMs: 200 }));
    expect(error.code).toBe('E-TIMEOUT');
    await connection?.close();
    expect(await started.exit).not.toBe(0);
    for (const pid of pids.trim().split('\n')) await expect.poll(() => isRunning(pid)).toBe(false);
    expect((await failure(reader.read('id', { timeoutMs: 200 }))).code).toBe('E-CONNECT');
  });

  it('forwards to a local port', async () => {
    const echo = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((done) => echo.listen(0, '127.0.0.1', done));
    const { reader } = await connect();
    const stream = await reader.forward('127.0.0.1', (echo.address() as AddressInfo).port);
    stream.end('hello');
    expect(await text(stream)).toBe('hello');
    echo.close();
    expect((await failure(reader.forward('127.0.0.1', 1))).code).toBe('E-CONNECT');
  });
});
