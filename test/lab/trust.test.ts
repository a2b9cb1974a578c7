import { copyFile, mkdir, open, readFile, readdir, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDebianBundle } from './debian-bundle.ts';
import { makeSite } from './kboot.ts';
import type { Site } from './kboot.ts';
import { createLab } from './lab.ts';
import { sampleProcesses } from './process-samples.ts';
import { fingerprint, output } from './traces.ts';

const hosts = [
  { name: 'one', address: '10.79.4.11', roles: ['control-plane'] },
  { name: 'two', address: '10.79.4.12', roles: ['worker'] },
];

let site: Site;
let bundle: string;

beforeAll(async () => {
  const lab = await createLab({ name: 'trust', hosts });
  site = await makeSite(lab, 'trust', hosts);
  bundle = join(site.dir, 'bundle');
  await makeDebianBundle(bundle);
});

afterAll(() => site.close());

/** A copy of `bundle` with one byte of one file changed. */
async function spoiledBundle(spoiled: string): Promise<string> {
  const copy = join(site.dir, 'spoiled');
  const entries = await readdir(bundle, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const from = join(entry.parentPath, entry.name);
    const to = join(copy, from.slice(bundle.length));
    await mkdir(dirname(to), { recursive: true });
    await (entry.name === 'bundle.json' || from.endsWith(spoiled) ? copyFile(from, to) : symlink(from, to));
  }
  const file = await open(join(copy, spoiled), 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 5000);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, 5000);
  await file.close();
  return copy;
}

test('a bundle with one byte flipped is refused before the first change on any host', async () => {
  // Not even the lock of the cluster is taken.
  const prints = await Promise.all(hosts.map(({ name }) => fingerprint(site.lab, name)));
  const spoiled = await spoiledBundle('bin/linux-amd64/runc');
  const result = await site.kboot('up', ['--until', 'runtime', '--yes', '--bundle', spoiled]);
  expect(result, result.stderr).toMatchObject({ exitCode: 3 });
  expect(result.stderr).toContain('bin/linux-amd64/runc');
  expect(result.stderr).toContain('E-BUNDLE');
  expect(await Promise.all(hosts.map(({ name }) => fingerprint(site.lab, name)))).toEqual(prints);
});

/** Lines that occur in one private key only: output with one of them leaks a key. */
async function keyLines(folder: string): Promise<readonly string[]> {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.key'));
  const texts = await Promise.all(paths.map((path) => readFile(join(folder, path), 'utf8')));
  return texts.flatMap((text) =>
    text.split('\n').filter((line) => line.length >= 48 && !line.startsWith('-----')),
  );
}

test('no password or key is visible in any process list, output, event, or file that others may read', async () => {
  const password = site.lab.passwords.opspw;
  const inventory = await site.write('secret', { hosts, ssh: { user: 'opspw' } });
  const env = { KBOOT_SUDO_PASSWORD: password };
  const samples = sampleProcesses();
  const told = [];
  try {
    for (const rest of [['--verbose'], ['-o', 'json', '--verbose']]) {
      const args = ['--until', 'etcd', '--yes', '--bundle', bundle, ...rest];
      const result = await site.kboot('up', args, { inventory, env });
      expect(result, result.stderr).toMatchObject({ exitCode: 0 });
      told.push(result.stdout, result.stderr);
      if (rest.length === 1) await output(site.lab, 'one', 'rm /etc/kubernetes/pki/etcd/server.key');
    }
  } finally {
    samples.stop();
  }
  expect(samples.count).toBeGreaterThan(20);
  expect(samples.text()).toContain('/usr/local/bin/containerd');
  const state = join(site.dir, '.kboot/trust');
  const secrets = [password, ...(await keyLines(state))];
  expect(secrets.length).toBeGreaterThan(10);
  for (const secret of secrets)
    for (const text of [samples.text(), ...told])
      expect(text.includes(secret), `${secret.slice(0, 6)}…`).toBe(false);

  // The password is nowhere on the hosts, keys are root's alone.
  const found = await lookFor(password);
  expect(found).toEqual(['', '']);
  expect(
    await output(
      site.lab,
      'one',
      "grep -rlE 'PRIVATE KEY' /etc/kubernetes /var/lib/kboot | xargs stat -c %a:%U | sort -u",
    ),
  ).toBe('600:root');
  expect((await stat(state)).mode & 0o777).toBe(0o700);
  const loose = [];
  for (const path of await readdir(state, { recursive: true })) {
    const { mode } = await stat(join(state, path));
    if (/\.key$/.test(path) && (mode & 0o077) !== 0) loose.push(path);
  }
  expect(loose).toEqual([]);
});

/** Names of files on each host that hold `secret`; the pattern goes there by stdin. */
function lookFor(secret: string): Promise<readonly string[]> {
  const command =
    'cat > /dev/shm/pattern; grep -rlF -f /dev/shm/pattern /etc /var /run /tmp /root /home 2>/dev/null; rm /dev/shm/pattern';
  return Promise.all(
    hosts.map(async ({ name }) => (await site.lab.ssh(name, command, { input: `${secret}\n` })).stdout),
  );
}
