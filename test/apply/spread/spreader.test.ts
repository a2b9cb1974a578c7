import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Agent } from '../../../src/apply/spread/agent.ts';
import { Spreader } from '../../../src/apply/spread/spreader.ts';
import type { ApplyEvent } from '../../../src/apply/events.ts';
import { sha256 } from '../../../src/model/digest.ts';
import type { Spread } from '../../../src/plan/spread-types.ts';
import type { HostConnection } from '../../../src/transport/types.ts';
import { localHost, type LocalHost } from '../local-host.ts';

const hasSshd =
  userInfo().uid === 0 &&
  spawnSync('sh', ['-c', 'PATH=$PATH:/usr/sbin; command -v sshd && command -v ssh']).status === 0;
const port = 20_000 + (process.pid % 10_000);
const names = ['h1', 'h2', 'h3'];
const addresses = new Map(names.map((name, index) => [name, `127.0.0.${index + 2}`]));

type Happened = ApplyEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never;

// sshd reads no keys below /tmp, where anybody can write.
describe.runIf(hasSshd)('a spread over hosts with sshd', () => {
  let top: string;
  let hosts: Map<string, LocalHost>;
  let events: Happened[];
  let files: ReadonlyMap<string, Buffer>;
  const before = process.env['TMPDIR'];
  beforeEach(() => {
    top = mkdtempSync(join(homedir(), '.kboot-spread-'));
    process.env['TMPDIR'] = top;
    hosts = new Map(names.map((name) => [name, localHost('sh', name)]));
    events = [];
    const contents = [randomBytes(2_500_000), Buffer.alloc(3_000_000, 'kboot '), randomBytes(100)];
    files = new Map(contents.map((bytes) => [sha256(bytes), bytes]));
    mkdirSync(join(top, 'bundle'));
    for (const [name, bytes] of files) writeFileSync(join(top, 'bundle', name), bytes);
  });
  afterEach(() => {
    for (const host of hosts.values()) host.remove();
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(top, { recursive: true, force: true });
  });

  const spreader = (abort = new AbortController()): Spreader => {
    const spread: Spread = {
      port,
      hosts: [...addresses].map(([host, address]) => ({ host, address })),
      files: [...files].map(([name, bytes]) => ({
        ...{ sha256: name, title: name, hosts: names },
        source: { kind: 'bundle', path: name, size: bytes.length },
      })),
      ...{ operatorBytes: 0, hostBytes: 0, heldBytes: 0 },
    };
    return new Spreader(spread, {
      connections: new Map(
        [...hosts].map(([name, { writer }]): [string, HostConnection] => [
          name,
          { reader: writer, writer, close: () => Promise.resolve() },
        ]),
      ),
      emit: (event) => events.push(event),
      signal: abort.signal,
      materials: () => Promise.resolve({ bundle: join(top, 'bundle') } as never),
    });
  };
  const everything = (of: Spreader): Promise<(boolean | undefined)[]> =>
    Promise.all(
      names.flatMap((host) =>
        [...files.keys()].map((name) => of.file(host, name) ?? Promise.resolve(undefined)),
      ),
    );
  const bytes = (): { operator: number; hosts: number; held: number } => {
    const [event] = events.flatMap((each) => (each.type === 'files' ? [each] : []));
    const sum = (of: 'operator' | 'hosts' | 'held'): number =>
      (event?.hosts ?? []).reduce((all, each) => all + each[of], 0);
    return { operator: sum('operator'), hosts: sum('hosts'), held: sum('held') };
  };
  const total = (): number => [...files.values()].reduce((sum, { length }) => sum + length, 0);

  it('brings every file to every host, leaves this machine once, and leaves nothing behind', async () => {
    const run = spreader();
    run.start();
    expect(await everything(run)).toEqual(Array.from({ length: 9 }, () => true));
    for (const host of hosts.values())
      for (const [name, content] of files)
        expect(readFileSync(host.path('kboot/spread', name)).equals(content)).toBe(true);
    await run.close(() => false);
    expect(events.filter(({ type }) => type === 'notice')).toEqual([]);
    expect(bytes().operator).toBeLessThanOrEqual(total());
    expect(bytes().hosts).toBe(2 * total());
    for (const host of hosts.values()) {
      expect(existsSync(host.path('kboot/spread'))).toBe(false);
      expect(existsSync(host.path('run/kboot/spread'))).toBe(false);
    }
    for (const address of addresses.values()) expect(await listens(address)).toBe(false);
  }, 60_000);

  it('ends what it started on a host whose shell is killed, and a later run goes on', async () => {
    const first = spreader();
    first.start();
    const [one = ''] = files.keys();
    await first.file('h1', one);
    for (const host of hosts.values()) for (const child of host.processes) child.kill('SIGKILL');
    await everything(first);
    for (const address of addresses.values())
      await expect.poll(() => listens(address), { timeout: 20_000 }).toBe(false);
    for (const host of hosts.values())
      await expect.poll(() => existsSync(host.path('run/kboot/spread')), { timeout: 20_000 }).toBe(false);
    await first.close(() => true);
    events = [];
    const second = spreader();
    second.start();
    expect(await everything(second)).not.toContain(false);
    await second.close(() => false);
    expect(bytes().held).toBeGreaterThan(0);
    expect(bytes().operator).toBeLessThan(total());
  }, 90_000);

  it('serves those that it admits, and nobody else', async () => {
    const host = hosts.get('h1');
    const said: string[] = [];
    const agent = await Agent.start(host?.writer ?? never(), ({ word, rest }) =>
      said.push([word, ...rest].join(' ')),
    );
    const says = (start: string): Promise<void> =>
      expect.poll(() => said.some((line) => line.startsWith(start)), { timeout: 20_000 }).toBe(true);
    const [name = '', content = Buffer.alloc(0)] = [...files].at(-1) ?? [];
    agent.send(`put ${name} 0 ${content.length} raw`, content);
    agent.send(`seal ${name}`);
    agent.send(`serve ${port} 127.0.0.2`);
    await says('serving');
    for (const key of ['one', 'other'])
      spawnSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', join(top, key)]);
    agent.send(`admit ${readFileSync(join(top, 'one.pub'), 'utf8').split(' ').slice(0, 2).join(' ')}`);
    await says('admitted');
    const ask = (key: string, command: string): { status: number | null; stdout: Buffer } => {
      const options = [
        `-oUserKnownHostsFile=${join(top, 'known')}`,
        '-oStrictHostKeyChecking=no',
        '-oBatchMode=yes',
      ];
      return spawnSync('ssh', [
        ...['-F', '/dev/null', '-p', String(port), '-i', join(top, key), '-oIdentitiesOnly=yes', ...options],
        ...['root@127.0.0.2', command],
      ]);
    };
    expect(ask('one', `${name} 10 raw`).stdout.equals(content.subarray(10))).toBe(true);
    expect(ask('other', `${name} 0 raw`)).toMatchObject({ status: 255, stdout: Buffer.alloc(0) });
    for (const command of ['id', `../../etc/passwd 0 raw`, `${'0'.repeat(64)} 0 raw`, `${name}; id`, ''])
      expect(ask('one', command).stdout.toString(), command).toBe('');
    await agent.close();
    expect(await listens('127.0.0.2')).toBe(false);
  }, 60_000);
});

function never(): never {
  throw new Error('no host');
}

function listens(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address, () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => {
      resolve(false);
    });
  });
}
