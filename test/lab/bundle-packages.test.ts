import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { indexBundle } from '../../src/store/bundle-index.ts';
import { makeDebianBundle } from './debian-bundle.ts';
import { makeSite, stepLines, type Site, type SiteHost } from './kboot.ts';
import { createLab } from './lab.ts';
import { output } from './traces.ts';
import { addPackages, withoutSources } from './without-sources.ts';

/*
 * Hosts without a package source, and without the packages that kboot needs: all of them come from the bundle.
 */

const names = ['cp-1', 'cp-2', 'cp-3'];
const hosts: readonly SiteHost[] = names.map((name, index) => ({
  ...{ name, roles: ['control-plane'], address: `10.79.37.${11 + index}` },
}));
const spec = {
  loadBalancer: { virtualIP: '10.79.37.100', port: 8443, virtualRouterID: 51 },
  ntp: { servers: ['10.79.37.1'] },
};
const until = ['--until', 'load-balancer'];

let site: Site;
let bundle: string;

beforeAll(async () => {
  bundle = join(await mkdtemp(join(tmpdir(), 'kboot-bundle-')), 'bundle');
  const lab = await createLab({
    name: 'bundle-packages',
    hosts: hosts.map(({ name, address }) => ({ name, address })),
  });
  await makeDebianBundle(bundle);
  expect(await addPackages(bundle)).toBe('fetched');
  await indexBundle(bundle, 'v1.36.2');
  site = await makeSite(lab, 'bundle-packages', hosts, { KBOOT_BUNDLE: bundle }, spec);
  await Promise.all(names.map((name) => withoutSources(lab, name)));
});

afterAll(async () => {
  await site.close();
  await rm(join(bundle, '..'), { recursive: true, force: true });
});

test('the same packages make the same archive', async () => {
  expect(await addPackages(bundle)).toBe('present');
});

test('hosts without a package source get haproxy, keepalived and the rest from the bundle; their sources stay as they are', async () => {
  const sources =
    'find /etc/apt /var/lib/apt/lists /var/cache/apt -type f | LC_ALL=C sort | xargs -r sha256sum';
  const before = await output(site.lab, 'cp-1', sources);
  const first = await site.kboot('up', [...until, '--yes']);
  expect(first, first.stdout + first.stderr).toMatchObject({ exitCode: 0 });
  expect(first.stdout).toMatch(/haproxy +from the packages in the bundle/);
  const check = 'systemctl is-active haproxy keepalived chrony && iptables --version';
  for (const name of names)
    expect(await output(site.lab, name, check)).toMatch(/^active\nactive\nactive\niptables v/);
  expect(await output(site.lab, 'cp-1', sources)).toBe(before);
  expect(await output(site.lab, 'cp-1', 'ls -d /tmp/tmp.* 2>/dev/null | wc -l')).toBe('0');
  expect(stepLines(await site.kboot('up', [...until, '--yes', '-o', 'json']))).toEqual([]);
  const reset = await site.kboot('reset', ['--yes']);
  expect(reset, reset.stdout + reset.stderr).toMatchObject({ exitCode: 0 });
  expect(await output(site.lab, 'cp-1', 'ls -d /var/lib/kboot/packages 2>/dev/null | wc -l')).toBe('0');
});
