import { afterAll, beforeAll, expect, test } from 'vitest';
import { bringPackages } from './debian-packages.ts';
import { makeSite } from './kboot.ts';
import type { Site } from './kboot.ts';
import { createLab } from './lab.ts';
import { output } from './traces.ts';

const hosts = [
  { name: 'cp-1', address: '10.79.6.11', roles: ['control-plane'] },
  { name: 'w-1', address: '10.79.6.21', roles: ['worker'] },
];

let site: Site;

beforeAll(async () => {
  const lab = await createLab({ name: 'firewall', hosts });
  site = await makeSite(lab, 'firewall', hosts);
  await Promise.all([bringPackages(lab, 'cp-1', ['firewalld']), bringPackages(lab, 'w-1', ['ufw'])]);
  await output(lab, 'w-1', 'ufw allow 22/tcp && ufw default reject routed && ufw --force enable');
});

afterAll(() => site.close());

/** The findings of `kboot plan`, and its commands by host. */
async function objections(): Promise<{ status: number | null; commands: Record<string, string> }> {
  const { exitCode, stderr } = await site.kboot('plan', ['--until', 'host']);
  const found = stderr.matchAll(
    /^✗ (\S+): \S+ is active and blocks traffic from .*\n {4}On the host: `(.*)` /gm,
  );
  const commands = Object.fromEntries([...found].map(([, host = '', command = '']) => [host, command]));
  return { status: exitCode, commands };
}

test('hosts whose firewall blocks the others are refused; the commands that kboot prints open it', async () => {
  const refused = await objections();
  expect(refused.status).toBe(5);
  expect(Object.keys(refused.commands)).toEqual(['cp-1', 'w-1']);
  for (const [host, command] of Object.entries(refused.commands)) await output(site.lab, host, command);
  expect(await objections()).toEqual({ status: 0, commands: {} });
  expect((await site.lab.ssh('w-1', 'ping -c 1 -W 2 10.79.6.11')).exitCode).toBe(0);

  // Only the removed rule is named.
  await output(site.lab, 'cp-1', 'firewall-cmd --zone=trusted --remove-source=10.244.0.0/16');
  expect((await objections()).commands).toEqual({
    'cp-1': 'firewall-cmd --permanent --zone=trusted --add-source=10.244.0.0/16 && firewall-cmd --reload',
  });
});

test('a firewalld that does not respond is not treated as one without rules', async () => {
  await output(site.lab, 'cp-1', 'kill -STOP $(systemctl show -P MainPID firewalld)');
  const { exitCode, stderr } = await site.kboot('plan', ['--until', 'host']);
  expect(stderr).toContain('cp-1: firewalld is active, and its rules could not be read');
  expect(exitCode).toBe(5);
});
