import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packagesOf } from '../../src/catalog/systems.ts';
import { packagesInBundle } from '../../src/desire/bundle-contents.ts';
import { fetchPackages } from '../../src/fetch/os-packages/fetch.ts';
import { indexBundle } from '../../src/store/bundle-index.ts';
import { makeDebianBundle } from './debian-bundle.ts';
import { oneHolder } from './holders.ts';
import { stepLines } from './kboot.ts';
import type { KbootResult, Site } from './kboot.ts';
import { makeRockyLike } from './rocky-like.ts';
import { makeRpmMirror } from './rpm-mirror.ts';
import { has, needing } from '../programs.ts';
import { debianSite } from './three-hosts.ts';
import { output } from './traces.ts';

// A host with dnf, rpm and SELinux's commands (rocky-like.ts documents which parts are Rocky's and which Debian's).

const host = { name: 'cp-1', roles: ['control-plane'], address: '10.79.32.11' };
const virtualIP = '10.79.32.100';
const repository = '/etc/yum.repos.d/rocky.repo';
/** Prints files that kboot created and no package owns; up-runtime.test.ts compares other traces. */
const remains = `find /etc /usr/local /opt /var/lib -xdev ! -type d \\( -path '*kube*' -o -path '*kboot*' -o -path '*containerd*' -o -path '*.service.d/*' \\)`;
const until = ['--until', 'load-balancer', '--yes'];
const ok = (result: KbootResult): KbootResult => {
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  return result;
};
const onHost = (command: string): Promise<string> => output(site.lab, host.name, command);

let site: Site;
let work: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'kboot-rpm-'));
  site = await debianSite('rocky', [host], { hosts: [host] });
  await site.write('site', {
    ssh: { user: 'ops' },
    spec: { loadBalancer: { virtualIP, port: 8443, virtualRouterID: 53 } },
  });
  await makeRockyLike(site.lab, host.name);
});

afterAll(async () => {
  await site.close();
  await rm(work, { recursive: true, force: true });
});

test('the plan installs with dnf, and shows that SELinux will not enforce', async () => {
  const plan = await site.kboot('plan', ['--until', 'load-balancer', '--verbose']);
  expect(plan, plan.stdout + plan.stderr).toMatchObject({ exitCode: 0 });
  expect(plan.stdout + plan.stderr).not.toMatch(/not supported|was not tried/);
  for (const name of ['iptables-nft', 'haproxy', 'keepalived'])
    expect(plan.stdout).toMatch(new RegExp(`\\+ package +${name}  from the distribution's packages`));
  expect(plan.stdout).not.toMatch(/package +(kmod|util-linux|curl)/);
  expect(plan.stdout).toMatch(/~ selinux +selinux +permissive, now and at boot/);
  expect(plan.stdout).toContain('+SELINUX=permissive');
});

test('packages that are not available: the error says what to check', async () => {
  await onHost(`sed -i 's@file:///srv@file:///nowhere@' ${repository}; dnf clean all -q`);
  const failed = await site.kboot('up', until);
  expect(failed, failed.stdout + failed.stderr).toMatchObject({ exitCode: 1 });
  expect(failed.stderr).toContain('the package is not available from the package sources of the host');
  expect(failed.stderr).toContain('/etc/yum.repos.d');
  await onHost(`sed -i 's@file:///nowhere@file:///srv@' ${repository}`);
});

test('up installs the packages and the services, and does nothing the second time', async () => {
  ok(await site.kboot('up', until));
  expect(await onHost('rpm -q --qf "%{NAME} " iptables-nft haproxy keepalived')).toBe(
    'iptables-nft haproxy keepalived',
  );
  expect(await onHost('systemctl is-active containerd haproxy keepalived | sort -u')).toBe('active');
  expect(await oneHolder(site.lab, virtualIP, 10_000)).toBe(host.name);
  expect(await onHost('getenforce; grep ^SELINUX= /etc/selinux/config')).toBe(
    'Permissive\nSELINUX=permissive',
  );
  expect(
    await onHost('grep EnvironmentFile /etc/systemd/system/kubelet.service.d/10-kubeadm.conf'),
  ).toContain('-/etc/sysconfig/kubelet');
  expect(stepLines(ok(await site.kboot('up', [...until, '-o', 'json'])))).toEqual([]);
});

test('reset restores everything, including SELinux; the packages stay, unmodified', async () => {
  ok(await site.kboot('reset', ['--yes']));
  expect(await onHost('getenforce; grep ^SELINUX= /etc/selinux/config')).toBe('Enforcing\nSELINUX=enforcing');
  expect(await onHost('rpm -V haproxy keepalived iptables-nft || true')).toBe('');
  expect(await onHost('systemctl is-enabled haproxy keepalived || true')).toBe('disabled\ndisabled');
  expect(await onHost(remains)).toBe('');
});

test.skipIf(!has('dnf'))(
  needing('dnf', 'a host without a package source gets the packages from the bundle; its sources stay'),
  async () => {
    const system = 'rocky-9';
    const mirror = await makeRpmMirror(site.lab, host.name, work);
    const bundle = join(work, 'bundle');
    await makeDebianBundle(bundle);
    const fetchFrom = (key?: Buffer) =>
      fetchPackages(join(bundle, packagesInBundle(system, 'amd64')), {
        ...{ system, arch: 'amd64', names: packagesOf(system), mirror: mirror.url, key },
      });
    await expect(fetchFrom()).rejects.toThrow(/\.rpm does not have a valid signature of the key/);
    expect([await fetchFrom(mirror.key), await fetchFrom(mirror.key)]).toEqual(['fetched', 'present']);
    await indexBundle(bundle, 'v1.36.2');

    await onHost(`rpm -e haproxy keepalived iptables-nft && rm -rf /srv/repository`);
    const sources =
      'find /etc/yum.repos.d /etc/dnf /var/cache/dnf -type f | LC_ALL=C sort | xargs -r sha256sum';
    const before = await onHost(sources);
    const env = { KBOOT_BUNDLE: bundle };
    const up = ok(await site.kboot('up', until, { env }));
    expect(up.stdout).toMatch(/haproxy +from the packages in the bundle/);
    expect(await onHost('systemctl is-active haproxy keepalived; rpm -q --qf "%{NAME} " iptables-nft')).toBe(
      'active\nactive\niptables-nft',
    );
    expect(await onHost(sources)).toBe(before);
    expect(await onHost('ls -d /tmp/tmp.* 2>/dev/null | wc -l')).toBe('0');
    expect(stepLines(ok(await site.kboot('up', [...until, '-o', 'json'], { env })))).toEqual([]);

    await mirror.unsign('keepalived');
    await expect(fetchFrom(mirror.key)).rejects.toThrow(
      'packages of Rocky Linux 9: keepalived-2.2.8-1.el9.x86_64.rpm does not have a valid signature of the key',
    );
  },
);
