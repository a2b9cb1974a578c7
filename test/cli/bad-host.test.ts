import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServerChannel } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeServer, type FakeServer } from '../transport/fake-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
let servers: FakeServer[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-bad-host-'));
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.stop();
  rmSync(folder, { recursive: true });
});

/** A host whose shell answers the probe with these lines, or that does something else once it begins. */
async function host(
  lines: readonly string[],
  instead?: (channel: ServerChannel) => void,
): Promise<FakeServer> {
  const server = await fakeServer({
    exec(command, channel) {
      const mark = /kboot-[0-9a-f]{24}/.exec(command)?.[0] ?? '';
      channel.write(`${mark}\n`);
      channel.stderr.write(`${mark}\n`);
      if (instead !== undefined) {
        instead(channel);
        return;
      }
      let script = '';
      channel.on('data', (chunk: Buffer) => (script += chunk.toString()));
      channel.on('end', () => {
        const [, nonce = ''] = /@([0-9a-f]{24}) /.exec(script) ?? [];
        const facts = [
          ...[
            'os=debian',
            'osVersion=12',
            'bits=64',
            'manager=apt',
            'machine=x86_64',
            'systemd=1',
            'etcd=absent',
          ],
        ];
        const kernel = [
          '/proc/meminfo:1:MemTotal: 4000000 kB',
          '/proc/self/status:38:Cpus_allowed_list:\t0-1',
          '/proc/self/mounts:5:cgroup2 /sys/fs/cgroup cgroup2 rw 0 0',
        ];
        for (const [, name = ''] of script.matchAll(/ begin ([a-z-]+)"/g)) {
          const own =
            name === 'inspection'
              ? [...facts, ...lines, `now=${Date.now()}000000`]
              : name === 'inspection-line'
                ? kernel
                : ['read'];
          channel.write(`@${nonce} begin ${name}\n${own.join('\n')}\n@${nonce} end ${name} 0\n`);
        }
        channel.exit(0);
        channel.end();
      });
    },
  });
  servers.push(server);
  return server;
}

function inventory(hosts: Readonly<Record<string, FakeServer>>): string {
  const file = join(folder, 'cluster.yaml');
  const entries = Object.entries(hosts).map(
    ([name, { port, hostKey }], index) =>
      `    - { name: ${name}, roles: [${index === 0 ? 'control-plane' : 'worker'}], address: 10.0.0.1${index}, ssh: { address: 127.0.0.1, port: ${port}, hostKey: "${hostKey}" } }`,
  );
  const text = ['apiVersion: kboot.dev/v1', 'kind: Cluster', 'metadata: { name: test }', 'spec:'];
  writeFileSync(
    file,
    [...text, '  kubernetesVersion: v1.36.2', '  ssh: { user: root }', '  hosts:', ...entries, ''].join('\n'),
  );
  return file;
}

/** A process that must end by itself, with what it printed. */
async function kboot(...argv: string[]): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'src/main.ts'), ...argv], {
    env: { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return await new Promise((done) => {
    child.once('close', (status) => {
      done({ status, out, err });
    });
  });
}

const flood = (channel: ServerChannel): void => {
  const bytes = 'x'.repeat(256 * 1024);
  let open = true;
  channel.once('close', () => (open = false));
  const more = (): void => {
    while (open) if (!channel.write(bytes)) return void channel.once('drain', more);
  };
  more();
};

describe('one bad host is one bad host', () => {
  it('facts of a wrong form: the others are planned, and the process ends', async () => {
    const file = inventory({
      'cp-1': await host([]),
      'w-1': await host(['firewall=firewalld', 'firewalldZones={"data":5}', 'firewalldDefault={"data":[7]}']),
    });
    const { out, err } = await kboot('plan', file);
    expect(err).not.toContain('bug in kboot');
    expect(err).toContain('read 2 hosts');
    expect(out).toContain('Plan:');
  }, 120_000);

  it('an answer without end: that host cannot be read, the others are planned, and the process ends', async () => {
    const file = inventory({ 'cp-1': await host([]), 'w-1': await host([], flood) });
    const { status, out, err } = await kboot('plan', file);
    expect(err).toMatch(/w-1\n {2}a read-only command printed more than \d+ bytes, and was ended/);
    expect(err).toContain('E-PROBE');
    expect(err).toContain('read 1 host');
    expect(out).toContain('could not be read: w-1');
    expect(status).toBe(4);
  }, 120_000);

  it('80 KB of k=v, and what a terminal would obey', async () => {
    const file = inventory({
      'cp-1': await host([]),
      'w-1': await host([
        ...Array.from({ length: 20_000 }, () => 'k=v'),
        ...Array.from(
          { length: 20_000 },
          (_, index) => `line=/etc/sysctl.d/${index}.conf:1:net.ipv4.ip_forward = 0`,
        ),
        'hostname=\u001b]52;c;ZXZpbA==\u0007',
        'manifest=\u001b[2Jetcd.yaml',
        'listen-t=6443 \u009b2J✓ all good',
      ]),
    });
    const { out, err } = await kboot('plan', file);
    // Nothing but kboot's own newlines.
    expect(`${out}${err}`.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  }, 120_000);
});

/** SSH_MSG_DISCONNECT (RFC 4253 11.1) in the clear, as any peer can send it before keys are exchanged. */
function disconnect(text: string): Buffer {
  const words = Buffer.from(text);
  const payload = Buffer.concat([Buffer.from([1, 0, 0, 0, 2]), sized(words.length), words, sized(0)]);
  const padding = 8 - ((5 + payload.length) % 8) + 8;
  return Buffer.concat([
    sized(1 + payload.length + padding),
    Buffer.from([padding]),
    payload,
    Buffer.alloc(padding),
  ]);
}

function sized(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

it('a peer that is not trusted yet cannot write to the terminal', async () => {
  const { hostKey } = await host([]);
  const peer = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('SSH-2.0-x\r\n');
    socket.end(disconnect('bye\u001b]52;c;ZXZpbA==\u0007\u001b[2J\n✓ all good'));
  });
  await new Promise<void>((done) => peer.listen(0, '127.0.0.1', done));
  const { port } = peer.address() as AddressInfo;
  const { out, err } = await kboot('plan', inventory({ 'cp-1': { port, hostKey } as FakeServer }));
  peer.close();
  expect(err).toContain('bye⟨U+001B⟩]52;c;ZXZpbA==⟨U+0007⟩⟨U+001B⟩[2J');
  expect(err).not.toMatch(/^✓/m);
  expect(`${out}${err}`.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
}, 120_000);
