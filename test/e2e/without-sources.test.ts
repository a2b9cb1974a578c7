import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { indexBundle } from '../../src/store/bundle-index.ts';
import type { SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { addPackages, withoutSources } from '../lab/without-sources.ts';
import { clusterSite, hasClusterBundle, readiness, unlessSkipped, type ClusterSite } from './cluster.ts';

/*
 * An air-gapped `up` with a load balancer on hosts without any package source but the bundle's.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.39.11' },
  { name: 'w-1', roles: ['worker'], address: '10.79.39.21' },
];
const spec = { loadBalancer: { virtualIP: '10.79.39.100', port: 8443, virtualRouterID: 51 } };

let site: ClusterSite;
let bundle: string;

describe.skipIf(!hasClusterBundle)(`hosts without a package source${unlessSkipped}`, () => {
  beforeAll(async () => {
    bundle = join(await mkdtemp(join(tmpdir(), 'kboot-bundle-')), 'bundle');
    await cp(process.env['KBOOT_BUNDLE'] ?? '', bundle, { recursive: true });
    await addPackages(bundle);
    await indexBundle(bundle, undefined);
    site = await clusterSite('without-sources', hosts, { spec });
    for (const { name } of hosts) await withoutSources(site.lab, name);
  });

  afterAll(async () => {
    await site.close();
    await rm(join(bundle, '..'), { recursive: true, force: true });
  });

  test('become a cluster behind a virtual IP', async () => {
    const env = { KBOOT_BUNDLE: bundle };
    const result = await site.kboot('up', ['--yes'], { env });
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    process.stdout.write(
      result.stdout
        .split('\n')
        .filter((line) => line.includes('packages'))
        .join('\n'),
    );
    expect(await readiness(site, ['nodes'])).toEqual(['cp-1 Ready', 'w-1 Ready']);
    expect(await site.kube(['config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}'])).toBe(
      'https://10.79.39.100:8443',
    );
    expect(await output(site.lab, 'cp-1', 'systemctl is-active haproxy keepalived')).toBe('active\nactive');
    expect(await output(site.lab, 'w-1', 'iptables --version')).toMatch(/^iptables v/);
  });

  test('have nothing to do in the next run', async () => {
    const { exitCode, stdout } = await site.kboot('plan', ['--detailed-exitcode'], {
      env: { KBOOT_BUNDLE: bundle },
    });
    expect(exitCode, stdout).toBe(0);
  });
});
