import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leftovers } from './dismantle.ts';
import { createLab } from './lab.ts';
import type { Lab, LabResult } from './lab.ts';
import { kernelHasNetem } from './network.ts';
import { missingForLab } from './requirements.ts';
import { longLine } from './long-line.ts';

const hosts = [
  { name: 'one', address: '10.78.0.11' },
  { name: 'two', address: '10.78.0.12' },
];

let lab: Lab;

beforeAll(async () => {
  expect(missingForLab()).toEqual([]);
  lab = await createLab({ name: 'self', hosts, swapLine: ['two'] });
});

afterAll(() => lab.down());

/** The output of the command; a non-zero exit fails the test. */
async function out(
  host: string,
  command: string,
  options: { user?: string; input?: string } = {},
): Promise<string> {
  const result = await lab.ssh(host, command, options);
  expect(result, command).toMatchObject({ exitCode: 0 });
  return result.stdout.trim();
}

/** One attempt to reach a host by TCP from the bridge's namespace. */
function reach(address: string): Promise<LabResult> {
  return lab.exec(['timeout', '2', 'bash', '-c', `exec 3<>/dev/tcp/${address}/22`]);
}

test('every host runs systemd without a failed unit', async () => {
  for (const { name } of hosts) {
    expect(await out(name, 'systemctl is-system-running')).toBe('running');
    expect(await out(name, 'cat /proc/1/comm; hostname')).toBe(`systemd\n${name}`);
  }
});

test('hosts have their own address, names, route, host keys and machine id', async () => {
  expect(await out('one', 'ip -4 -o address show eth0')).toContain('inet 10.78.0.11/24');
  expect(await out('one', 'ip route show default')).toContain('via 10.78.0.1 ');
  expect(await out('one', 'getent hosts two')).toContain('10.78.0.12');
  expect(await out('one', 'ssh-keyscan -T 2 two 2>/dev/null | wc -l')).not.toBe('0');
  for (const path of [
    '/etc/machine-id',
    '/etc/ssh/ssh_host_ecdsa_key.pub',
    '/etc/ssh/ssh_host_ed25519_key.pub',
  ]) {
    expect(await out('one', `cat ${path}`)).not.toBe(await out('two', `cat ${path}`));
  }
});

test('nothing leaves the machine', async () => {
  const result = await lab.ssh('one', 'ping -c 1 -W 1 192.0.2.1');
  expect(result.exitCode).not.toBe(0);
});

test('a host key that is not in known_hosts is refused', async () => {
  const argv = lab
    .sshArgv('one')
    .map((arg) => (arg.startsWith('UserKnownHostsFile=') ? 'UserKnownHostsFile=/dev/null' : arg));
  expect((await lab.exec([...argv, 'true'])).stderr).toContain('Host key verification failed');
});

test('users: ops becomes root at once, opspw with its password, nosudo never', async () => {
  expect(await out('one', 'sudo -n id -u', { user: 'ops' })).toBe('0');
  expect((await lab.ssh('one', 'sudo -n id -u', { user: 'opspw' })).exitCode).not.toBe(0);
  const input = `${lab.passwords.opspw}\n`;
  expect(await out('one', 'sudo -S -p "" id -u', { user: 'opspw', input })).toBe('0');
  const refused = await lab.ssh('one', 'sudo -S -p "" id -u', {
    user: 'nosudo',
    input: `${lab.passwords.nosudo}\n`,
  });
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('not in the sudoers file');
});

test('fstab looks like an installed machine, with a swap line on request', async () => {
  expect(await out('one', 'cat /etc/fstab')).toContain('static file system information');
  expect(await out('one', 'cat /etc/fstab')).not.toContain('swap ');
  expect(await out('two', 'cat /etc/fstab')).toMatch(/^\/var\/swapfile\s+none\s+swap\s/m);
});

test('mounts are shared, as kubelet needs them', async () => {
  expect(await out('one', 'findmnt -n -o PROPAGATION /')).toBe('shared');
});

test('a cut host is unreachable while it keeps running; plugged in again, it responds', async () => {
  await lab.cut('two');
  expect((await reach('10.78.0.12')).exitCode).not.toBe(0);
  expect((await lab.states()).get('two')).toBe('running');
  await lab.mend('two');
  expect(await out('two', 'echo back')).toBe('back');
});

test('netem increases the latency of a host, and can be removed', async ({ skip }) => {
  skip(!(await kernelHasNetem(lab.id)), 'the kernel has no sch_netem');
  const roundTrip = async (): Promise<number> => {
    const text = await out('one', 'ping -c 3 -i 0.2 -q two');
    return Number(/= ([\d.]+)\//.exec(text)?.[1]);
  };
  await lab.netem(40);
  expect(await roundTrip()).toBeGreaterThanOrEqual(80);
  await lab.netem(0);
  expect(await out('one', 'true')).toBe('');
  expect((await lab.exec(['tc', 'qdisc'])).stdout).not.toContain('netem');
});

test('a long line delays what crosses it, limits its rate and loses some of it, and can be removed', async () => {
  const line = await longLine(lab, { roundTripMs: 200, bitsPerSecond: 2e6, lossPercent: 2 });
  const bytes = 500_000;
  const started = performance.now();
  const sent = await line.lab.ssh('one', 'wc -c', { input: 'x'.repeat(bytes) });
  const ms = performance.now() - started;
  expect(sent).toEqual({ exitCode: 0, stdout: `${bytes}\n`, stderr: '' });
  expect(ms).toBeGreaterThan((8 * bytes * 1000) / 2e6);
  const counts = (await line.roundTrips()).get('10.78.0.11:22') ?? [];
  // The banner, three of the key exchange, two of the login, the command.
  expect(counts).toEqual([expect.toSatisfy((count: number) => count > 6 && count * 200 < ms)]);
  expect((await line.roundTrips()).size).toBe(0);
  expect((await line.lab.exec(['cat', '/proc/net/snmp'])).stdout).toMatch(/^Tcp:( -?\d+){11} [1-9]/m);
  await line.end();
  expect((await lab.exec(['ip', '-o', 'link'])).stdout).not.toContain('line');
  expect(leftovers(lab.id).namespaces).toHaveLength(3);
  expect(await out('one', 'echo over')).toBe('over');
});

const lasting = 'cat /etc/machine-id /etc/ssh/ssh_host_ecdsa_key.pub /sys/class/net/eth0/address';

test('a power cut loses memory and addresses but not the disk', async () => {
  await out('two', 'echo kept > /var/lib/mark && echo etc > /etc/mark && echo gone > /run/mark');
  await out('two', 'ip address add 10.78.0.99/24 dev eth0');
  const before = await out('two', lasting);
  const bridge = (): Promise<LabResult> => lab.exec(['cat', '/sys/class/net/lab0/address']);
  const bridgeBefore = await bridge();
  await lab.kill('two');
  expect((await reach('10.78.0.12')).exitCode).not.toBe(0);
  expect((await lab.states()).get('two')).toBe('exited');
  await lab.boot('two');
  expect(await out('two', 'cat /var/lib/mark /etc/mark; ls /run/mark 2>/dev/null || true')).toBe('kept\netc');
  expect(await out('two', 'ip -4 -o address show eth0')).not.toContain('10.78.0.99');
  expect(await out('two', lasting)).toBe(before);
  // The others cache it, too: a client at the bridge would get no response until they resolve it again.
  expect(await bridge()).toEqual(bridgeBefore);
  expect(await out('two', 'systemctl is-system-running; findmnt -n -o PROPAGATION /')).toBe(
    'running\nshared',
  );
});

test('exec runs in the bridge namespace, with the given environment and folder', async () => {
  const result = await lab.exec(['sh', '-c', 'echo "$MARK $PWD"; ip -4 -o address show lab0'], {
    env: { MARK: "it's" },
    cwd: '/usr',
  });
  expect(result.stdout).toContain("it's /usr\n");
  expect(result.stdout).toContain('10.78.0.1/24');
});

test('a second lab with the same addresses does not collide, and down leaves nothing of it', async () => {
  const other = await createLab({ name: 'other', hosts: hosts.slice(0, 1) });
  try {
    expect((await other.ssh('one', 'cat /etc/machine-id')).stdout.trim()).not.toBe(
      await out('one', 'cat /etc/machine-id'),
    );
  } finally {
    await other.down();
  }
  expect(leftovers(other.id)).toEqual({ containers: [], volumes: [], namespaces: [] });
  expect(existsSync(other.dir)).toBe(false);
  expect(leftovers(lab.id).containers).toHaveLength(2);
  await other.down();
});
