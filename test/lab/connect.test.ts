import { readFile, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLab } from './lab.ts';
import { makeSite } from './kboot.ts';
import type { KbootOptions, KbootResult, Site } from './kboot.ts';
import { $ } from './shell.ts';
import { fingerprint, output } from './traces.ts';

const hosts = [
  { name: 'one', address: '10.79.3.11', roles: ['control-plane'] },
  { name: 'two', address: '10.79.3.12', roles: ['worker'] },
];
const lonelyHost = { name: 'two', address: '10.79.3.12', roles: ['control-plane', 'worker'] };
const lonely = [lonelyHost];

let site: Site;

beforeAll(async () => {
  const lab = await createLab({ name: 'connect', hosts });
  site = await makeSite(lab, 'connect', hosts);
});

afterAll(() => site.close());

interface Try extends KbootOptions {
  readonly ssh?: Readonly<Record<string, unknown>>;
  /** The network cable of the host is unplugged in the meantime. */
  readonly cut?: boolean;
}

/** One `up` of one host, with other connection settings. */
async function up({ ssh = {}, ...options }: Try): Promise<KbootResult> {
  const inventory = await site.write('try', { hosts: lonely, ssh });
  return site.kboot('up', ['--until', 'host', '--yes'], { ...options, inventory });
}

/** Replaces text that differs from run to run with fixed names. */
function steady(text: string): string {
  return text
    .replaceAll(site.lab.dir, 'LAB')
    .replaceAll(site.dir, 'SITE')
    .replaceAll(/SHA256:[A-Za-z0-9+/]{43}/g, 'SHA256:FINGERPRINT')
    .replaceAll(/AAAA[A-Za-z0-9+/=]{20,}/g, 'KEY');
}

/** kboot's output when it cannot log in; asserts that nothing on the host changed. */
async function refused(given: Try): Promise<string> {
  const print = await fingerprint(site.lab, 'two');
  if (given.cut === true) await site.lab.cut('two');
  const result = await up(given);
  await site.lab.mend('two');
  expect(await fingerprint(site.lab, 'two')).toBe(print);
  expect(result, result.stdout).toMatchObject({ exitCode: 4 });
  expect(result.stdout).toBe('connect: nothing was changed; two could not be read\n');
  return steady(result.stderr);
}

describe('refused with exit status 4, nothing changed', () => {
  test('a wrong password for sudo', async () => {
    const text = await refused({ ssh: { user: 'opspw' }, env: { KBOOT_SUDO_PASSWORD: 'not-this' } });
    expect(text).not.toContain('not-this');
    expect(text).toMatchInlineSnapshot(`
      "✗ two
        the sudo password of user opspw is wrong
        Run again with the correct password (KBOOT_SUDO_PASSWORD, or typed in a terminal).
        (E-SUDO, \`kboot explain E-SUDO\`)
      "
    `);
  });

  test('no password for sudo, and no terminal to prompt on', async () => {
    expect(await refused({ ssh: { user: 'opspw' } })).toMatchInlineSnapshot(`
      "✗ two
        sudo requires the password of user opspw, and none was given
          sudo: a password is required
        Run kboot in a terminal, or set KBOOT_SUDO_PASSWORD. To do without a password: As root on the host, write "opspw ALL=(ALL) NOPASSWD: ALL" to /etc/sudoers.d/opspw (visudo -f).
        (E-SUDO, \`kboot explain E-SUDO\`)
      "
    `);
  });

  test('a user who may not sudo', async () => {
    expect(
      await refused({ ssh: { user: 'nosudo' }, env: { KBOOT_SUDO_PASSWORD: site.lab.passwords.nosudo } }),
    ).toMatchInlineSnapshot(`
      "✗ two
        user nosudo may not use sudo
          nosudo is not in the sudoers file.
        As root on the host, write "nosudo ALL=(ALL) NOPASSWD: ALL" to /etc/sudoers.d/nosudo (visudo -f).
        (E-SUDO, \`kboot explain E-SUDO\`)
      "
    `);
  });

  test('a user whose sudo requires a terminal', async () => {
    await output(site.lab, 'two', 'echo "Defaults:ops requiretty" > /etc/sudoers.d/tty');
    try {
      expect(await refused({ ssh: { user: 'ops' } })).toMatchInlineSnapshot(`
        "✗ two
          sudo requires a terminal (requiretty)
            sudo: sorry, you must have a tty to run sudo
          As root on the host, write "Defaults:ops !requiretty" to /etc/sudoers.d/ops (visudo -f).
          (E-SUDO, \`kboot explain E-SUDO\`)
        "
      `);
    } finally {
      await output(site.lab, 'two', 'rm /etc/sudoers.d/tty');
    }
  });

  test('a key that the host does not accept', async () => {
    const identityFile = join(site.dir, 'stranger');
    await $`ssh-keygen -q -t ed25519 -N ${''} -f ${identityFile}`;
    expect(await refused({ ssh: { identityFile } })).toMatchInlineSnapshot(`
      "✗ two
        10.79.3.12:22 refused user root
          refused: SITE/stranger
          not tried: password: KBOOT_SSH_PASSWORD is not set, and there is no terminal to prompt on
          the host accepts: publickey, password
        Add your public key to ~root/.ssh/authorized_keys on the host, or correct ssh.user or ssh.identityFile in the inventory.
        (E-AUTH, \`kboot explain E-AUTH\`)
      "
    `);
  });

  test('an identity file that does not exist', async () => {
    expect(await refused({ ssh: { identityFile: join(site.dir, 'nowhere') } })).toMatchInlineSnapshot(`
      "✗ two
        the identity file SITE/nowhere does not exist
        Correct ssh.identityFile in the inventory.
        (E-AUTH, \`kboot explain E-AUTH\`)
      "
    `);
  });

  test('an unknown host key: the message has the fingerprint and the line to add', async () => {
    const file = join(site.dir, 'known_hosts');
    await writeFile(file, '');
    const { stderr } = await up({ env: { KBOOT_KNOWN_HOSTS: file } });
    const key = (await readFile(site.lab.knownHosts, 'utf8'))
      .split('\n')
      .find((line) => line.startsWith('10.79.3.12,') && line.includes('ssh-ed25519'));
    const [, type = '', base64 = ''] = (key ?? '').split(' ');
    await writeFile(join(site.dir, 'host.pub'), `${type} ${base64}\n`);
    const shown = (await $`ssh-keygen -lf ${join(site.dir, 'host.pub')}`).stdout.split(' ')[1] ?? 'none';
    expect(stderr).toContain(shown);
    const line = `10.79.3.12 ${type} ${base64}`;
    expect(stderr).toContain(line);
    expect(await refused({ env: { KBOOT_KNOWN_HOSTS: file } })).toMatchInlineSnapshot(`
      "✗ two
        10.79.3.12:22 is not a known host; it presented the ssh-ed25519 key SHA256:FINGERPRINT
        Compare the fingerprint with "ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub" on the machine's own console. If they match, add this line to SITE/known_hosts:
        10.79.3.12 ssh-ed25519 KEY
        or to the inventory:
        ssh: {hostKey: "ssh-ed25519 KEY"}
        (E-HOST-KEY-UNKNOWN, \`kboot explain E-HOST-KEY-UNKNOWN\`)
      "
    `);
    await writeFile(file, `${line}\n`);
    const inventory = await site.write('known', { hosts: lonely });
    expect(
      await site.kboot('plan', ['--until', 'host'], { inventory, env: { KBOOT_KNOWN_HOSTS: file } }),
    ).toMatchObject({ exitCode: 0 });
    await rm(file);
  });

  test('a host key other than the known one', async () => {
    const file = join(site.dir, 'known_hosts');
    const text = (await readFile(site.lab.knownHosts, 'utf8'))
      .split('\n')
      .filter((line) => line.startsWith('10.79.3.11,'))
      .map((line) => line.replace('10.79.3.11,one', '10.79.3.12'));
    await writeFile(file, `${text.join('\n')}\n`);
    expect(await refused({ env: { KBOOT_KNOWN_HOSTS: file } })).toMatchInlineSnapshot(`
      "✗ two
        10.79.3.12:22 presented the ssh-ed25519 key SHA256:FINGERPRINT, but the known key is ecdsa-sha2-nistp256 SHA256:FINGERPRINT (SITE/known_hosts:1), ssh-ed25519 SHA256:FINGERPRINT (SITE/known_hosts:2)
        This may be a man-in-the-middle attack, or the host was reinstalled. If you know why the key changed, and the fingerprint matches the one on its own console, remove the old line (SITE/known_hosts:1, SITE/known_hosts:2) and add:
        10.79.3.12 ssh-ed25519 KEY
        (E-HOST-KEY-CHANGED, \`kboot explain E-HOST-KEY-CHANGED\`)
      "
    `);
  });

  test('a port where nothing listens', async () => {
    expect(await refused({ ssh: { port: 2222 } })).toMatchInlineSnapshot(`
      "✗ two
        10.79.3.12:2222 refused the connection: nothing listens there
        Start sshd on the host, or correct ssh.port.
        (E-CONNECT, \`kboot explain E-CONNECT\`)
      "
    `);
  });

  test('a host without a network cable', async () => {
    expect(await refused({ cut: true })).toMatchInlineSnapshot(`
      "✗ two
        10.79.3.12:22 did not respond within 10000 ms
        Check that the host is up, that the address is correct, and that no firewall drops SSH.
        (E-CONNECT, \`kboot explain E-CONNECT\`)
      "
    `);
  });

  test('a port that accepts connections but sends nothing', async () => {
    const script =
      "require('node:net').createServer(() => {}).listen(2223, '0.0.0.0', () => console.log('up'))";
    const [file = '', ...args] = site.lab.inside([process.execPath, '-e', script]);
    const server = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(server.stdout, 'data');
      const inventory = await site.write('mute', {
        hosts: [{ ...lonelyHost, ssh: { address: '10.79.3.1', port: 2223 } }],
      });
      const result = await site.kboot('up', ['--until', 'host', '--yes'], { inventory });
      expect(result).toMatchObject({ exitCode: 4 });
      expect(steady(result.stderr)).toMatchInlineSnapshot(`
        "✗ two
          10.79.3.1:2223 accepts the connection but sends nothing: no SSH banner within 10000 ms
          Check sshd on the host: it may be overloaded, or another program may be using the port.
          (E-CONNECT, \`kboot explain E-CONNECT\`)
        "
      `);
    } finally {
      server.kill();
    }
  });
});

test('an unreachable host does not affect the others', async () => {
  const inventory = await site.write('half', {
    hosts: hosts.map((host) => (host.name === 'two' ? { ...host, ssh: { port: 2222 } } : host)),
  });
  const plan = await site.kboot('plan', ['--until', 'host'], { inventory });
  expect(plan).toMatchObject({ exitCode: 4 });
  expect(plan.stdout).toContain('Not in this plan, because they could not be read: two.');
  expect(plan.stdout).toMatch(/^host +one$/m);
});

test('swapped addresses are detected by the hostnames', async () => {
  const [one, two] = hosts.map(({ address }) => address);
  const inventory = await site.write('swapped', {
    hosts: hosts.map((host) => ({ ...host, address: host.address === one ? two : one }) as typeof host),
  });
  const result = await site.kboot('up', ['--until', 'host', '--yes'], { inventory });
  expect(result).toMatchObject({ exitCode: 5 });
  expect(result.stderr).toContain('✗ one: this machine has the hostname two');
  expect(result.stderr).toContain('✗ two: this machine has the hostname one');
});

test('without its state folder a cluster is not changed, and that cannot be ignored', async () => {
  const inventory = await site.write('try', { hosts: lonely });
  expect(await up({})).toMatchObject({ exitCode: 0 });
  const print = await fingerprint(site.lab, 'two');
  const lost = ['--state', join(site.dir, 'lost')];
  for (const rest of [[], ['--ignore-preflight', 'all']]) {
    const again = await site.kboot('up', ['--until', 'host', '--yes', ...lost, ...rest], { inventory });
    expect(again).toMatchObject({ exitCode: 5 });
    expect(again.stderr).toContain('.kboot/connect beside the inventory');
    expect(again.stderr).not.toContain('--ignore-preflight');
  }
  const reset = await site.kboot('reset', ['--yes', ...lost], { inventory });
  expect(reset).toMatchObject({ exitCode: 5, stdout: 'connect: nothing was reset\n' });
  expect(await fingerprint(site.lab, 'two')).toBe(print);
  expect(await site.kboot('reset', ['--yes'], { inventory })).toMatchObject({ exitCode: 0 });
});

test.each([
  ['a user with sudo for everything', { user: 'ops' }, undefined],
  ['a user with a password for sudo', { user: 'opspw' }, 'opspw'],
] as const)('up works as %s', async (_title, ssh, who) => {
  const env = who === undefined ? {} : { KBOOT_SUDO_PASSWORD: site.lab.passwords[who] };
  const result = await up({ ssh, env });
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect(await output(site.lab, 'two', 'cat /etc/modules-load.d/kboot.conf')).toContain('br_netfilter');
  const inventory = await site.write('try', { hosts: lonely, ssh });
  expect(await site.kboot('reset', ['--yes'], { inventory, env })).toMatchObject({ exitCode: 0 });
});
