import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KbootResult, SiteHost } from '../lab/kboot.ts';
import { plannedSteps, stepLines } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { servingCertificate } from '../samples/serving-certificate.ts';
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

    it('what cannot be taken over is told in one error, and nothing is written', async () => {
      const file = join(site.dir, 'refused.yaml');
      const adopt = (...rest: readonly string[]): Promise<KbootResult> =>
        site.kboot(
          'adopt',
          ['--user', 'root', '--identity-file', site.lab.identityFile, '--name', 'refused', ...rest],
          { inventory: file },
        );
      const refused = async (
        exitCode: number,
        pattern: RegExp,
        ...rest: readonly string[]
      ): Promise<void> => {
        const result = await adopt(...rest);
        process.stdout.write(result.stderr);
        expect(result, result.stderr + result.stdout).toMatchObject({ exitCode });
        expect(result.stderr).toMatch(pattern);
        expect(existsSync(file)).toBe(false);
        expect(existsSync(join(site.dir, '.kboot/refused'))).toBe(false);
      };
      const plane = ['--host', '10.77.0.11'];
      await refused(5, /10\.77\.0\.21: not a control plane that kubeadm set up/, '--host', '10.77.0.21');
      const planes = hosts.filter(({ roles }) => roles.includes('control-plane')).map(({ name }) => name);
      const key = '/etc/kubernetes/pki/ca.key';
      for (const name of planes) await output(site.lab, name, `mv ${key} /root/ca.key`);
      await refused(5, /\/etc\/kubernetes\/pki\/ca\.key is missing on cp-1/, ...plane);
      for (const name of planes) await output(site.lab, name, `mv /root/ca.key ${key}`);
      await site.lab.cut('w-1');
      await refused(4, /w-1 could not be read:.*every host of the cluster must be read/s, ...plane);
      await site.lab.mend('w-1');
      const conf = '/etc/kubernetes/admin.conf';
      await output(site.lab, 'cp-1', `mv /etc/kubernetes/super-admin.conf /root; cp ${conf} /root`);
      const { privateKey } = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      });
      const expired = Buffer.from(servingCertificate(privateKey, -365)).toString('base64');
      const edit = `sed -i 's|client-certificate-data: .*|client-certificate-data: ${expired}|' ${conf}`;
      await output(site.lab, 'cp-1', edit);
      await refused(5, /10\.77\.0\.11: the client certificate in .* expired on \d{4}-/, ...plane);
      await output(
        site.lab,
        'cp-1',
        `cp /root/admin.conf ${conf}; mv /root/super-admin.conf /etc/kubernetes/`,
      );
    });

    it('adopt writes the state folder and an inventory, shows the plan, and restarts nothing', async () => {
      const result = await site.kboot(
        'adopt',
        [
          // Twice, as somebody who lists all addresses would.
          ...['--host', '10.77.0.11', '--host', '10.77.0.11', '--host', '10.77.0.21'],
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

    it('a second adopt overwrites nothing, and one that was killed is carried on', async () => {
      const state = join(site.dir, '.kboot/adopted');
      const text = readFileSync(inventory, 'utf8');
      const adopt = (): Promise<KbootResult> =>
        kboot('adopt', [
          ...['--host', '10.77.0.11', '--user', 'root', '--identity-file', site.lab.identityFile],
          ...['--name', 'adopted'],
        ]);
      const again = await adopt();
      expect(again).toMatchObject({ exitCode: 3 });
      expect(again.stderr).toMatch(/already exists; kboot adopt --host overwrites nothing/);
      // Killed before the inventory was written, and before the keys were.
      renameSync(inventory, `${inventory}.kept`);
      expect(await adopt()).toMatchObject({ exitCode: 0 });
      expect(readFileSync(inventory, 'utf8')).toBe(text.replace(/^( +)ssh:\n +address: .*\n/gm, ''));
      rmSync(inventory);
      rmSync(join(state, 'pki'), { recursive: true });
      expect(await adopt()).toMatchObject({ exitCode: 0 });
      expect(existsSync(join(state, 'pki/ca.key'))).toBe(true);
      // Another cluster's folder is left as it is.
      rmSync(inventory);
      const key = readFileSync(join(state, 'pki/sa.key'), 'utf8');
      writeFileSync(join(state, 'pki/sa.key'), 'mine');
      const other = await adopt();
      expect(other).toMatchObject({ exitCode: 3 });
      expect(other.stderr).toMatch(/is left as it is\.[\s\S]*differs from the hosts: sa\.key/);
      expect(existsSync(inventory)).toBe(false);
      writeFileSync(join(state, 'pki/sa.key'), key);
      renameSync(`${inventory}.kept`, inventory);
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
