import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KbootResult, SiteHost } from '../lab/kboot.ts';
import { stepLines } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, withKubectl } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import { containerStarts, kubeadmCluster, kubeadmWith } from './kubeadm.ts';
import { ownBalancer } from './own-balancer.ts';
import { upgradeBundles } from './upgrade/bundles.ts';
import type { VersionBundle } from './upgrade/bundles.ts';
import { expectSmoothUpgrade, measured, workloadsReady } from './upgrade/site.ts';
import type { UpgradeSite } from './upgrade/site.ts';
import { serviceName, workloads } from './upgrade/workloads.ts';

/* A cluster that kubeadm made is taken over, and then upgraded by kboot to the next minor release. */

const { bundles, suffix } = upgradeBundles('minor');
const possible = bundles !== undefined && kubeadmWith(bundles.from.dir);

const host = (name: string, last: number): SiteHost => ({
  ...{ name, address: `10.77.0.${last}` },
  roles: [name.startsWith('cp') ? 'control-plane' : 'worker'],
});
const workers = [host('w-1', 21), host('w-2', 22)];
const virtualIP = '10.77.0.100';

const shapes: Readonly<Record<string, { readonly hosts: readonly SiteHost[]; readonly own?: boolean }>> = {
  ...(process.env['KBOOT_ADOPT_HA'] !== 'only' && {
    'one control plane and two workers': { hosts: [host('cp-1', 11), ...workers] },
  }),
  ...(process.env['KBOOT_ADOPT_HA'] !== undefined && {
    'three control planes with their own haproxy and keepalived, and two workers': {
      hosts: [host('cp-1', 11), host('cp-2', 12), host('cp-3', 13), ...workers],
      own: true,
    },
  }),
};

/** The Service is asked at a port of a control plane: there is no MetalLB. */
const nodePort = stringify({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: serviceName } },
  spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
});

describe.skipIf(!possible).each(Object.entries(shapes))(
  `a cluster of kubeadm is taken over and upgraded: %s${suffix}`,
  (_title, { hosts, own = false }) => {
    let lab: ClusterSite;
    let site: UpgradeSite;
    let before: readonly string[];
    const planes = hosts.filter(({ roles }) => roles.includes('control-plane'));
    const balancers = (): Promise<readonly string[]> =>
      Promise.all(own ? planes.map(({ name }) => output(lab.lab, name, ownBalancer.state)) : []);
    let balancersBefore: readonly string[];
    const pods = (starts: readonly string[]): readonly string[] =>
      starts.filter((line) => line.startsWith('default/'));

    beforeAll(async () => {
      if (bundles === undefined) return;
      lab = await clusterSite('adopt-up', hosts, {
        spec: {
          kubernetesVersion: bundles.from.version,
          networking: { podSubnet: '10.42.0.0/16' },
          ...(own && { controlPlaneEndpoint: ownBalancer.endpoint(virtualIP) }),
        },
      });
      const rendered = join(lab.dir, 'rendered');
      const result = await lab.kboot('render', ['--out', rendered], {
        env: { KBOOT_BUNDLE: bundles.from.dir },
      });
      expect(result, result.stderr).toMatchObject({ exitCode: 0 });
      const flannel = readdirSync(join(rendered, 'cluster'))
        .filter((name) => name.includes('flannel'))
        .sort();
      await kubeadmCluster(lab, hosts, {
        ...{
          bundle: bundles.from.dir,
          version: bundles.from.version,
          sandbox: 'registry.k8s.io/pause:3.10.1',
        },
        manifest: flannel
          .map((name) => readFileSync(join(rendered, 'cluster', name), 'utf8'))
          .join('\n---\n'),
        ...(own && {
          ...{ endpoint: ownBalancer.endpoint(virtualIP), prepare: ownBalancer.script(hosts, virtualIP) },
        }),
      });
      const admin = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';
      await output(lab.lab, 'cp-1', `${admin} create namespace drill`);
      const { exitCode, stderr } = await lab.lab.ssh('cp-1', `${admin} apply -f -`, {
        input: `${workloads({ service: false })}---\n${nodePort}`,
      });
      expect(exitCode, stderr).toBe(0);
      await eventually(180, async () => {
        before = await containerStarts(lab);
        expect(before.filter((line) => line.includes('not running'))).toEqual([]);
        expect(pods(before)).toHaveLength(4 + 3 + hosts.length);
      });
      const [first, second] = [join(lab.dir, 'adopted.yaml'), join(lab.dir, 'next.yaml')];
      const kboot = (
        bundle: VersionBundle,
        inventory: string,
        ...[verb, rest, options]: Parameters<ClusterSite['kboot']>
      ): Promise<KbootResult> =>
        lab.kboot(verb, rest, {
          ...options,
          inventory,
          env: { ...options?.env, KBOOT_BUNDLE: bundle.dir },
        });
      site = {
        ...withKubectl({ ...lab, kboot: (...args) => kboot(bundles.from, first, ...args) }),
        ...{ bundles, hosts },
        at: (bundle, verb, rest, options) =>
          kboot(bundle, bundle === bundles.to ? second : first, verb, rest, options),
        upgrade: () => kboot(bundles.to, second, 'up', ['--yes', '-o', 'json']),
      };
      balancersBefore = await balancers();
    }, 900_000);
    afterAll(() => lab.close());

    it('adopt and the first up leave every workload running', async () => {
      const inventory = join(lab.dir, 'adopted.yaml');
      const login = ['--host', '10.77.0.11', '--user', 'root', '--identity-file', lab.lab.identityFile];
      const adopted = await site.kboot('adopt', [...login, '--name', 'adopted']);
      expect(adopted, adopted.stderr + adopted.stdout).toMatchObject({ exitCode: 0 });
      process.stdout.write(`${readFileSync(inventory, 'utf8')}\n${adopted.stderr}\n${adopted.stdout}\n`);
      expect(await containerStarts(lab)).toEqual(before);
      const results: KbootResult[] = [];
      const report = await measured(site, `first up of ${hosts.length} hosts`, async () => {
        results.push(await site.kboot('up', ['--yes', '-o', 'json']));
      });
      const [result] = results;
      expect(result, `${result?.stderr}${result?.stdout.slice(-3000)}`).toMatchObject({ exitCode: 0 });
      const after = await containerStarts(lab);
      const gone = before.filter((line) => !after.includes(line)).map((line) => line.split(' ')[1]);
      process.stdout.write(`containers that started anew: ${gone.join(', ') || 'none'}\n`);
      expect(pods(after)).toEqual(pods(before));
      expect(report.service.lost).toEqual([]);
      expect(await balancers()).toEqual(balancersBefore);
      const again = await site.kboot('up', ['--yes', '-o', 'json']);
      expect(stepLines(again)).toEqual([]);
    });

    it('an upgrade to the next minor release loses no request, and drains each worker once', async () => {
      const text = readFileSync(join(lab.dir, 'adopted.yaml'), 'utf8');
      writeFileSync(
        join(lab.dir, 'next.yaml'),
        text.replace(site.bundles.from.version, site.bundles.to.version),
      );
      await workloadsReady(site);
      await expectSmoothUpgrade(site, `upgrade of ${hosts.length} hosts`, ['w-1', 'w-2']);
      expect(await balancers()).toEqual(balancersBefore);
    });
  },
);
