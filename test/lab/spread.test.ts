import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDebianBundle } from './debian-bundle.ts';
import type { KbootResult, Site } from './kboot.ts';
import { debianSite } from './three-hosts.ts';
import { output } from './traces.ts';

// Files that go from host to host: spec.artifacts.spread.

const hosts = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.62.11' },
  { name: 'w-1', roles: ['worker'], address: '10.79.62.21' },
  { name: 'w-2', roles: ['worker'], address: '10.79.62.22' },
  { name: 'w-3', roles: ['worker'], address: '10.79.62.23' },
];
const spec = { artifacts: { spread: 'hosts' } };
const program = '/usr/local/bin/containerd';
const programs = [program, '/usr/local/sbin/runc', '/opt/cni/bin/bridge'];

let site: Site;
let bundleSize = 0;

beforeAll(async () => {
  const copy = mkdtempSync(join(tmpdir(), 'kboot-bundle-'));
  await makeDebianBundle(join(copy, 'bundle'));
  bundleSize = readdirSync(copy, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  rmSync(copy, { recursive: true });
  site = await debianSite('spread', hosts, { hosts });
  await site.write('site', { spec });
});

afterAll(() => site.close());

const up = (): Promise<KbootResult> =>
  site.kboot('up', ['--until', 'runtime', '--yes', '--stats', '-o', 'json']);

/** Bytes that left this machine, by host. */
function sentTo(result: KbootResult): ReadonlyMap<string, number> {
  const stats = result.events.find(({ type }) => type === 'stats');
  const perHost = (stats?.['hosts'] ?? []) as readonly { readonly host: string; readonly bytesUp: number }[];
  return new Map(perHost.map(({ host, bytesUp }) => [host, bytesUp]));
}

const total = (sent: ReadonlyMap<string, number>): number =>
  [...sent.values()].reduce((sum, each) => sum + each, 0);

/** Nothing of the run is left: no sshd, no keys, no file that waits. */
async function expectNoTrace(): Promise<void> {
  for (const { name } of hosts)
    expect(
      await output(
        site.lab,
        name,
        'ss -Hltn "sport = :8022"; ls -A /run/kboot/spread /var/lib/kboot/spread 2>/dev/null; :',
      ),
    ).toBe('');
}

test('a file leaves this machine once, and every host has it', async () => {
  const made = await up();
  expect(made, made.stderr).toMatchObject({ exitCode: 0 });
  const sizes = await Promise.all(hosts.map(({ name }) => output(site.lab, name, `stat -c %s ${program}`)));
  const each = Number(sizes[0]);
  expect(new Set(sizes).size).toBe(1);
  // Scripts and the control plane's own files are small beside one more copy of the bundle.
  const sent = sentTo(made);
  expect(total(sent)).toBeGreaterThan(each / 2);
  expect(total(sent)).toBeLessThan(1.2 * bundleSize);
  const sums = await Promise.all(hosts.map(({ name }) => output(site.lab, name, `sha256sum < ${program}`)));
  expect(new Set(sums).size).toBe(1);
  await expectNoTrace();
});

test('a host that the others cannot reach gets it from here, which is said once', async () => {
  // Of one file, w-3 may be the host that gets it from here anyway; of three, it takes some from others.
  for (const { name } of hosts) await output(site.lab, name, `rm ${programs.join(' ')}`);
  await output(
    site.lab,
    'w-3',
    'nft add table inet apart && nft "add chain inet apart out { type filter hook output priority 0; }" && nft add rule inet apart out tcp dport 8022 reject with tcp reset',
  );
  const made = await up();
  expect(made, made.stderr).toMatchObject({ exitCode: 0 });
  const notices = made.events.filter(({ type, host }) => type === 'notice' && host === 'w-3');
  expect(notices).toMatchObject([
    { message: expect.stringContaining('this machine sends what is needed') as string },
  ]);
  const sums = await Promise.all(
    hosts.map(({ name }) => output(site.lab, name, `sha256sum ${programs.join(' ')}`)),
  );
  expect(new Set(sums).size).toBe(1);
  await expectNoTrace();
});
