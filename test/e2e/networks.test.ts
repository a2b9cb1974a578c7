import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KbootResult, SiteHost, SiteSpec } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import {
  clusterSite,
  expectNothingToDo,
  hasClusterBundle,
  unlessSkipped,
  type ClusterSite,
} from './cluster.ts';

/*
 * flannel's backends and kube-proxy's modes besides the defaults, as far as the kernel of this machine has them: one that is
 * missing is refused by name, before anything changes.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.77.49.11' },
  { name: 'w-1', roles: ['worker'], address: '10.77.49.21' },
];
const conntrack = { maxPerCore: 0 };
const spec = (backend: string, kubeProxy: object): SiteSpec => ({
  networking: { podSubnet: '10.244.0.0/16', flannel: { backend } },
  kubeProxy,
});
const nftables = { config: { conntrack, mode: 'nftables' } };

let site: ClusterSite;

async function kboot(verb: string, of: SiteSpec, rest: readonly string[] = []): Promise<KbootResult> {
  await site.write('site', { spec: of });
  return await site.kboot(verb, rest);
}
async function up(of: SiteSpec): Promise<void> {
  const { exitCode, stdout, stderr } = await kboot('up', of, ['--yes']);
  expect(exitCode, stdout.slice(-3000) + stderr.slice(-3000)).toBe(0);
  await expectNothingToDo(site);
}
const onHost = (host: string, command: string): Promise<string> => output(site.lab, host, command);

beforeAll(async () => {
  if (hasClusterBundle) site = await clusterSite('networks', hosts);
});
afterAll(async () => {
  if (hasClusterBundle) await site.close();
});

const it = test.runIf(hasClusterBundle);
const lacks = (module: string): string =>
  existsSync(`/sys/module/${module}`) ? ` [NOT RUN: this kernel has ${module}]` : '';
const without = (module: string): typeof it => test.runIf(hasClusterBundle && lacks(module) === '');

it(`backend udp is refused, with those that there are${unlessSkipped}`, async () => {
  const { exitCode, stderr } = await kboot('validate', spec('udp', nftables));
  process.stdout.write(stderr);
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/backend.*vxlan, host-gw or wireguard/);
});

without('wireguard')(
  `backend wireguard is refused on a kernel without it${lacks('wireguard')}${unlessSkipped}`,
  async () => {
    const { exitCode, stdout, stderr } = await kboot('up', spec('wireguard', nftables), ['--yes']);
    process.stdout.write(`${stdout.slice(-1500)}${stderr}`);
    expect(exitCode).toBe(5);
    expect(`${stdout}${stderr}`).toMatch(/wireguard/);
    expect(await onHost('cp-1', 'ls /etc/kubernetes 2>/dev/null | wc -l')).toBe('0');
  },
);

without('ip_vs')(
  `kube-proxy's mode ipvs is refused on a kernel without it${lacks('ip_vs')}${unlessSkipped}`,
  async () => {
    const ipvs = { config: { conntrack, mode: 'ipvs' } };
    const { exitCode, stdout, stderr } = await kboot('up', spec('host-gw', ipvs), ['--yes']);
    process.stdout.write(`${stdout.slice(-1500)}${stderr}`);
    expect(exitCode).toBe(5);
    expect(`${stdout}${stderr}`).toMatch(/ip_vs/);
    expect(await onHost('cp-1', 'ls /etc/kubernetes 2>/dev/null | wc -l')).toBe('0');
  },
);

it(`host-gw and nftables: Pods and Services without a tunnel and without iptables of kube-proxy${unlessSkipped}`, async () => {
  await up(spec('host-gw', nftables));
  expect(await onHost('cp-1', 'ip route show | grep "^10.244"; ls /sys/class/net')).toMatch(
    /10\.244\.\d+\.0\/24 via 10\.77\.49\.21 dev eth0/,
  );
  expect(await onHost('cp-1', 'ls /sys/class/net | grep -c flannel || true')).toBe('0');
  expect(await onHost('w-1', 'nft list tables | grep kube-proxy')).toContain('table ip kube-proxy');
  expect(await onHost('w-1', 'iptables-save | grep -cE "^:KUBE-(SVC|SERVICES)" || true')).toBe('0');
  const verify = await site.kboot('verify');
  process.stdout.write(verify.stdout);
  expect(verify.exitCode, verify.stdout + verify.stderr).toBe(0);
});

it(`iptables again: its rules come, and those of nftables go${unlessSkipped}`, async () => {
  await up(spec('host-gw', { config: { conntrack } }));
  for (const { name } of hosts) {
    expect(await onHost(name, 'nft list tables | grep -c kube-proxy || true')).toBe('0');
    expect(Number(await onHost(name, 'iptables-save | grep -cE "^:KUBE-SVC" || true'))).toBeGreaterThan(0);
  }
  expect((await site.kboot('verify')).exitCode).toBe(0);
});

it(`kube-proxy off in mode nftables: its tables go, and flannel's rules stay${unlessSkipped}`, async () => {
  await up(spec('host-gw', nftables));
  await up(spec('host-gw', { enabled: false }));
  for (const { name } of hosts) {
    expect(await onHost(name, 'nft list tables | grep -c kube-proxy || true')).toBe('0');
    expect(Number(await onHost(name, 'iptables-save | grep -c FLANNEL || true'))).toBeGreaterThan(0);
  }
});
