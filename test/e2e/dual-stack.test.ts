import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepLines } from '../lab/kboot.ts';
import type { KbootResult, SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, hasClusterBundle, readiness, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.33.11,fd00:79:33::11' },
  { name: 'w-1', roles: ['worker'], address: '10.79.33.21,fd00:79:33::21' },
];
const networking = {
  podSubnet: '10.244.0.0/16,fd00:10:244::/56',
  serviceSubnet: '10.96.0.0/12,fd00:10:96::/112',
};
const pools = [
  { name: 'default', addresses: ['10.79.33.200-10.79.33.220', 'fd00:79:33::200-fd00:79:33::220'] },
];
const hasMetallb =
  hasClusterBundle &&
  readFileSync(join(process.env['KBOOT_BUNDLE'] ?? '', 'bundle.json'), 'utf8').includes('metallb');

let site: ClusterSite;

describe.skipIf(!hasClusterBundle)(`a cluster of IPv4 and IPv6${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('dual', hosts);
    await site.write('site', {
      hosts,
      spec: { networking, ...(hasMetallb && { metallb: { pools } }) },
    });
  });

  afterAll(() => site.close());

  test('a node with IPv6 off is refused before anything changes', async () => {
    await output(site.lab, 'w-1', 'sysctl -w net.ipv6.conf.default.disable_ipv6=1');
    const result = await up();
    expect(result).toMatchObject({ exitCode: 5 });
    expect(result.stdout + result.stderr).toContain('net.ipv6.conf.default.disable_ipv6');
    await output(site.lab, 'w-1', 'sysctl -w net.ipv6.conf.default.disable_ipv6=0');
  });

  test('up bootstraps it: nodes and Pods have an address of each family', async () => {
    // flannel, by default, uses the address that was added last.
    await output(site.lab, 'w-1', 'ip address add fd00:79:33::9:21/64 dev eth0');
    const result = await up();
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    expect(await readiness(site, ['nodes'])).toEqual(['cp-1 Ready', 'w-1 Ready']);
    const of = (path: string): Promise<string> => site.kube(['get', 'node', 'w-1', '-o', `jsonpath=${path}`]);
    expect(await of('{.status.addresses[?(@.type=="InternalIP")].address}')).toBe(
      '10.79.33.21 fd00:79:33::21',
    );
    expect(await of('{.spec.podCIDRs}')).toMatch(/^\["10\.244\.\d+\.0\/24","fd00:10:244:[\d:]*:\/64"\]$/);
    expect(await of('{.metadata.annotations.flannel\\.alpha\\.coreos\\.com/public-ipv6}')).toBe(
      'fd00:79:33::21',
    );
  });

  test('verify passes by both families', async () => {
    const result = await site.kboot('verify', ['-o', 'json']);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    const passed = (kind: string, family: number): number =>
      result.events.filter(
        (event) => event['kind'] === kind && event['family'] === family && event['ok'] === true,
      ).length;
    const services = hasMetallb ? [2, 2, 1] : [2, 2, 0];
    for (const family of [4, 6])
      expect(
        ['pod-udp', 'pod-tcp', 'cluster-ip', 'node-port', 'load-balancer'].map((kind) =>
          passed(kind, family),
        ),
      ).toEqual([4, 4, ...services]);
  });

  test('a second up changes nothing', async () => {
    const result = await up();
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(stepLines(result)).toEqual([]);
  });

  test('verify finds a tunnel that is blocked only for IPv6', async () => {
    await output(
      site.lab,
      'w-1',
      "nft add table ip6 drill && nft add chain ip6 drill in '{ type filter hook input priority -10; }' && nft add rule ip6 drill in udp dport 8472 drop",
    );
    const result = await site.kboot('verify', ['-o', 'json']);
    expect(result).toMatchObject({ exitCode: 1 });
    const failed = result.events.filter((event) => event['ok'] === false);
    expect(failed.filter((event) => event['family'] !== 6)).toEqual([]);
    expect(
      failed
        .filter((event) => event['kind'] === 'pod-udp')
        .map((event) => `${String(event['from'])} ${String(event['to'])}`)
        .sort(),
    ).toEqual(['cp-1 w-1', 'w-1 cp-1']);
    await output(site.lab, 'w-1', 'nft delete table ip6 drill');
  });

  test('reset removes the links and rules of IPv6, too', async () => {
    const reset = await site.kboot('reset', ['--yes']);
    expect(reset, reset.stderr).toMatchObject({ exitCode: 0 });
    expect(
      await output(
        site.lab,
        'w-1',
        "ls /sys/class/net | tr '\\n' ' '; ip6tables-save | grep -c KUBE || true",
      ),
    ).toBe('eth0 lo 0');
    expect(await output(site.lab, 'w-1', 'cat /proc/sys/net/ipv6/conf/{all,default,eth0}/forwarding')).toBe(
      '0\n0\n0',
    );
  });
});

function up(): Promise<KbootResult> {
  return site.kboot('up', ['--yes', '-o', 'json']);
}
