import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KbootResult, SiteHost } from '../lab/kboot.ts';
import { plannedSteps, stepLines } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import { containerStarts, hasKubeadm, kubeadmCluster, unlessKubeadm } from './kubeadm.ts';

/* Clusters that kubeadm made are taken over: their workloads run on. */

const workload = `apiVersion: apps/v1
kind: Deployment
metadata: { name: work, namespace: default }
spec:
  replicas: 2
  selector: { matchLabels: { app: work } }
  template:
    metadata: { labels: { app: work } }
    spec:
      containers:
        - { name: work, image: docker.io/library/busybox:kboot, command: [sleep, "100000"] }
`;

const shapes: Readonly<Record<string, { readonly hosts: readonly SiteHost[]; readonly endpoint?: string }>> =
  {
    'one control plane and a worker': {
      hosts: [
        { name: 'cp-1', roles: ['control-plane'], address: '10.77.0.11' },
        { name: 'w-1', roles: ['worker'], address: '10.77.0.21' },
      ],
    },
    ...(process.env['KBOOT_ADOPT_HA'] !== undefined && {
      'three control planes and two workers': {
        hosts: [
          { name: 'cp-1', roles: ['control-plane'], address: '10.77.0.11' },
          { name: 'cp-2', roles: ['control-plane'], address: '10.77.0.12' },
          { name: 'cp-3', roles: ['control-plane'], address: '10.77.0.13' },
          { name: 'w-1', roles: ['worker'], address: '10.77.0.21' },
          { name: 'w-2', roles: ['worker'], address: '10.77.0.22' },
        ],
        endpoint: '10.77.0.11:6443',
      },
    }),
  };

describe.skipIf(!hasKubeadm).each(Object.entries(shapes))(
  `a cluster of kubeadm: %s${unlessKubeadm}`,
  (_title, { hosts, endpoint }) => {
    let site: ClusterSite;
    let inventory: string;
    let before: readonly string[];
    const kboot = (verb: string, rest: readonly string[]): Promise<KbootResult> =>
      site.kboot(verb, rest, { inventory });

    beforeAll(async () => {
      site = await clusterSite('adopt', hosts, {
        spec: {
          networking: { podSubnet: '10.42.0.0/16' },
          ...(endpoint && { controlPlaneEndpoint: endpoint }),
        },
      });
      inventory = join(site.dir, 'adopted.yaml');
      const rendered = join(site.dir, 'rendered');
      const result = await site.kboot('render', ['--out', rendered]);
      expect(result, result.stderr).toMatchObject({ exitCode: 0 });
      const names = readdirSync(join(rendered, 'cluster')).filter((name) => name.includes('flannel'));
      const manifest = names
        .sort()
        .map((name) => readFileSync(join(rendered, 'cluster', name), 'utf8'))
        .join('\n---\n');
      await kubeadmCluster(site, hosts, { manifest, ...(endpoint !== undefined && { endpoint }) });
      await site.lab.ssh('cp-1', 'kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f -', {
        input: workload,
      });
      await eventually(120, async () => {
        before = await containerStarts(site);
        expect(before.filter((line) => line.includes('not running'))).toEqual([]);
        expect(before.filter((line) => line.startsWith('default/work'))).toHaveLength(2);
        expect(before.filter((line) => line.includes('coredns'))).toHaveLength(2);
      });
    }, 900_000);
    afterAll(async () => {
      await site.close();
    });

    it('adopt writes the state folder and an inventory, shows the plan, and restarts nothing', async () => {
      const result = await site.kboot(
        'adopt',
        [
          '--host',
          '10.77.0.11',
          '--user',
          'root',
          '--identity-file',
          site.lab.identityFile,
          '--name',
          'adopted',
        ],
        { inventory },
      );
      process.stdout.write(`${readFileSync(inventory, 'utf8')}\n${result.stderr}\n${result.stdout}\n`);
      expect(result, result.stderr).toMatchObject({ exitCode: 0 });
      expect(existsSync(join(site.dir, '.kboot/adopted/pki/ca.key'))).toBe(true);
      expect(await containerStarts(site)).toEqual(before);
      expect(await output(site.lab, 'cp-1', 'ls /var/lib/kboot 2>/dev/null || echo none')).toBe('none');
    });

    it('up carries the plan out, and workloads run on', async () => {
      const result = await kboot('up', ['--yes', '-o', 'json']);
      process.stdout.write(`${stepLines(result).join('\n')}\n`);
      expect(result, result.stderr + result.stdout.slice(-3000)).toMatchObject({ exitCode: 0 });
      const restarted = new Set(
        plannedSteps(result).flatMap(({ effects }) => effects.map(({ component }) => component)),
      );
      const after = await containerStarts(site);
      const gone = before.filter((line) => !after.includes(line)).map((line) => line.split(' ')[1] ?? '');
      process.stdout.write(`containers that started anew: ${gone.join(', ') || 'none'}\n`);
      expect(gone.filter((name) => !restarted.has(name as never) && name !== 'kube-flannel')).toEqual([]);
      expect(gone).not.toContain('work');
    });

    it('verify passes, and a second up has nothing to do', async () => {
      const verify = await kboot('verify', []);
      expect(verify, verify.stdout + verify.stderr).toMatchObject({ exitCode: 0 });
      const again = await kboot('up', ['--yes', '-o', 'json']);
      expect(again, again.stderr).toMatchObject({ exitCode: 0 });
      expect(stepLines(again)).toEqual([]);
    });
  },
);
