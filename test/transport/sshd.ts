import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../src/model/cluster.ts';
import type { ReachableHost } from '../../src/transport/connect.ts';
import type { ConnectOptions } from '../../src/transport/types.ts';

const program = '/usr/sbin/sshd';

/** The reason that tests with a real sshd cannot run here; undefined if they can. */
export const noSshd = !existsSync(program)
  ? `no ${program}: install openssh-server`
  : userInfo().uid !== 0
    ? 'needs root to log in as root'
    : undefined;

/** A title that makes clear when its tests are skipped. */
export function withSshd(title: string): string {
  return noSshd === undefined ? title : `${title} [SKIPPED: ${noSshd}]`;
}

export interface Sshd {
  readonly dir: string;
  readonly port: number;
  /** `TYPE BASE64` */
  readonly hostKey: string;
  readonly identityFile: string;
  stop(): Promise<void>;
}

/** Generates a key pair, with or without a passphrase, and returns the public key as `TYPE BASE64`. */
export function makeKey(path: string, type = 'ed25519', passphrase = ''): string {
  execFileSync('ssh-keygen', ['-q', '-N', passphrase, '-t', type, '-C', '', '-f', path]);
  return readFileSync(`${path}.pub`, 'utf8').trim();
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts OpenSSH's sshd on a free port of 127.0.0.1, with its own keys. */
export async function startSshd(config: readonly string[] = []): Promise<Sshd> {
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const dir = mkdtempSync(join(tmpdir(), 'kboot-sshd-'));
  const port = await freePort();
  const hostKey = makeKey(join(dir, 'host_ed25519'));
  makeKey(join(dir, 'host_ecdsa'), 'ecdsa');
  const identityFile = join(dir, 'id');
  writeFileSync(join(dir, 'authorized_keys'), `${makeKey(identityFile)}\n`);
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(dir, 'host_ecdsa')}`,
    `HostKey ${join(dir, 'host_ed25519')}`,
    `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
    `PidFile ${join(dir, 'pid')}`,
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    ...config,
  ];
  writeFileSync(join(dir, 'sshd_config'), `${lines.join('\n')}\n`);
  const process = spawn(program, ['-D', '-e', '-f', join(dir, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await listening(process);
  return {
    dir,
    port,
    hostKey,
    identityFile,
    async stop() {
      const ended = new Promise((done) => process.once('exit', done));
      process.kill('SIGTERM');
      await ended;
      rmSync(dir, { recursive: true });
    },
  };
}

async function listening(process: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    process.once('exit', () => {
      reject(new Error(`sshd ended: ${log}`));
    });
    process.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('Server listening')) resolve();
    });
  });
}

type Ssh = Extract<Connection, { kind: 'ssh' }>;

/** An inventory host behind SSH on 127.0.0.1. */
export function sshHost(connection: Partial<Ssh> & { port: number }): ReachableHost {
  return host({ kind: 'ssh', address: '127.0.0.1', user: 'root', ...connection });
}

export function host(connection: Connection): ReachableHost {
  return { name: 'cp-1', connection };
}

/** Options without prompts, passwords or known hosts. */
export function connectOptions(more: Partial<ConnectOptions> = {}): ConnectOptions {
  return {
    connectTimeoutMs: 20_000,
    knownHostsFiles: [],
    askSecret: () => Promise.resolve(undefined),
    ...more,
  };
}
