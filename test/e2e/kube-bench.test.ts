import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SiteHost } from '../lab/kboot.ts';
import { clusterSite, enforcesPolicies, hasClusterBundle, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import { hasKubeBench, kubeBench, summary, unlessKubeBench, type Target } from './kube-bench.ts';
import { hasKubeadm, kubeadmCluster, unlessKubeadm } from './kubeadm.ts';

/* The CIS benchmark of Kubernetes, as kube-bench checks it: of a cluster that kubeadm made, and of each profile. */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', address: '10.77.43.11', roles: ['control-plane'] },
  { name: 'w-1', address: '10.77.43.21', roles: ['worker'] },
];

const targets: readonly (readonly [host: string, target: Target])[] = [
  ['cp-1', 'master'],
  ['cp-1', 'controlplane'],
  ['cp-1', 'etcd'],
  ['cp-1', 'node'],
  ['w-1', 'node'],
];

/** The checks that fail, by host; prints all that do not pass. */
async function failing(site: ClusterSite, title: string): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const [host, target] of targets) {
    const checks = await kubeBench(site, host, [target]);
    process.stdout.write(`## ${title}, ${host}, ${target}: ${summary(checks)}\n`);
    failed.push(...checks.filter(({ status }) => status === 'FAIL').map(({ id }) => `${host} ${id}`));
  }
  return failed;
}

describe.skipIf(!hasKubeBench || !hasKubeadm)(
  `kube-bench: a cluster of kubeadm${unlessKubeBench || unlessKubeadm}`,
  () => {
    let site: ClusterSite;
    beforeAll(async () => {
      site = await clusterSite('bench-kubeadm', hosts, { spec: { security: { profile: 'kubeadm' } } });
      const rendered = join(site.dir, 'rendered');
      expect((await site.kboot('render', ['--out', rendered])).exitCode).toBe(0);
      const manifest = readdirSync(join(rendered, 'cluster'))
        .filter((name) => name.includes('flannel'))
        .sort()
        .map((name) => readFileSync(join(rendered, 'cluster', name), 'utf8'))
        .join('\n---\n');
      await kubeadmCluster(site, hosts, { manifest });
    });
    afterAll(() => site.close());

    it('fails what kubeadm leaves open', async () => {
      expect(await failing(site, 'kubeadm')).toEqual(
        expect.arrayContaining(['cp-1 1.1.12', 'cp-1 1.2.5', 'cp-1 4.1.1', 'w-1 4.1.9']),
      );
    });
  },
);

describe.skipIf(!hasKubeBench || !hasClusterBundle)(
  `kube-bench: profiles${unlessKubeBench || unlessSkipped}`,
  () => {
    let site: ClusterSite;
    beforeAll(async () => {
      site = await clusterSite('bench', hosts, { spec: { security: { profile: 'baseline' } } });
    });
    afterAll(() => site.close());

    // docs/security-profiles.md has the reason of each.
    it.each([
      ['baseline', ['cp-1 1.1.12', 'cp-1 1.2.30']],
      ['restricted', ['cp-1 1.1.19']],
    ])('%s fails only what is known', async (profile, known) => {
      // NetworkPolicies are enforced if the bundle has the image for it.
      const enforced = profile === 'restricted' && enforcesPolicies(process.env['KBOOT_BUNDLE'] ?? '');
      const networking = { podSubnet: '10.244.0.0/16', networkPolicy: enforced };
      await site.write('site', {
        spec: {
          networking,
          preflight: { ignore: ['NetworkPolicy'] },
          security: { profile, ...(!enforced && { denyByDefault: false }) },
        },
      });
      const made = await site.kboot('up', ['--yes']);
      expect(made.exitCode, made.stderr).toBe(0);
      process.stdout.write(`## ${profile}, NetworkPolicies enforced: ${enforced ? 'yes' : 'no'}\n`);
      expect(await failing(site, profile)).toEqual(known);
      const served = await site.kboot('verify', ['--security']);
      process.stdout.write(served.stdout);
      expect(served, served.stdout + served.stderr).toMatchObject({ exitCode: 0 });
    });
  },
);
