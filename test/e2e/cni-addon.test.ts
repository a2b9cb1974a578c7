import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { SiteHost, SiteSpec } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, expectNothingToDo, hasClusterBundle, readiness } from './cluster.ts';
import { unlessSkipped, type ClusterSite } from './cluster.ts';

/*
 * A Pod network of somebody else's as an add-on, with `networking.cni: none`: Calico (inventories/calico.yaml), and flannel by
 * its own manifest. Nothing that kboot waits for before it may need it, and what needs it is waited for in the same run.
 * KBOOT_BUNDLE needs the manifest and the images, and busybox: `kboot bundle create DIR --inventory FILE` with
 * `images: [docker.io/library/busybox:1.37.0]` in the add-on.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', address: '10.77.48.11', roles: ['control-plane'] },
  { name: 'w-1', address: '10.77.48.21', roles: ['worker'] },
  { name: 'w-2', address: '10.77.48.22', roles: ['worker'] },
];
const busybox = 'docker.io/library/busybox:1.37.0';

interface Network {
  readonly name: string;
  readonly url: string;
  readonly sha256: string;
  readonly images: readonly string[];
  readonly writer: string;
  /** What it leaves in /etc/cni/net.d. */
  readonly file: string;
  readonly enforcesPolicies: boolean;
}
interface Example {
  readonly spec: {
    readonly addons: readonly { readonly manifests: readonly Pick<Network, 'url' | 'sha256'>[] }[];
  };
}
const example = parse(
  readFileSync(join(import.meta.dirname, '../../inventories/calico.yaml'), 'utf8'),
) as Example;
const pinned = example.spec.addons[0]?.manifests[0] ?? { url: '', sha256: '' };
const networks: readonly Network[] = [
  {
    ...{ name: 'calico', ...pinned, file: '10-calico.conflist', enforcesPolicies: true },
    images: ['node', 'cni', 'kube-controllers'].map((name) => `quay.io/calico/${name}:v3.32.1`),
    writer: 'DaemonSet kube-system/calico-node',
  },
  {
    ...{ name: 'flannel', file: '10-flannel.conflist', enforcesPolicies: false },
    url: 'https://raw.githubusercontent.com/flannel-io/flannel/v0.28.9/Documentation/kube-flannel.yml',
    sha256: 'e875824be2f552b45711dbda91af81b17eb961d00025d914d9fef18fad8f09c0',
    images: ['ghcr.io/flannel-io/flannel:v0.28.9', 'ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3'],
    writer: 'DaemonSet kube-flannel/kube-flannel-ds',
  },
];
const pools = [{ name: 'default', addresses: ['10.77.48.200-10.77.48.210'] }];
const specOf = ({ name, url, sha256 }: Network): SiteSpec => ({
  networking: { cni: 'none', podSubnet: '10.244.0.0/16' },
  metallb: { pools },
  addons: [{ name, manifests: [{ url, sha256 }], images: [busybox] }],
});

const held = hasClusterBundle
  ? readFileSync(join(process.env['KBOOT_BUNDLE'] ?? '', 'bundle.json'), 'utf8')
  : '';
const has = ({ images, sha256 }: Network): boolean =>
  [...images, busybox, sha256].every((part) => held.includes(part));
const why = (network: Network): string =>
  hasClusterBundle && !has(network) ? ' [NOT RUN: the bundle lacks its manifest or images, or busybox]' : '';

const pod = (name: string, node: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec:
  nodeName: ${node}
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: ${busybox}
      command: [sh, -c, 'mkdir -p /tmp/w; echo ${name} > /tmp/w/index.html; exec httpd -f -p 8000 -h /tmp/w']
      readinessProbe: { httpGet: { port: 8000, path: / }, periodSeconds: 1 }
---
`;
const service = `apiVersion: v1
kind: Service
metadata: { name: server, namespace: shop }
spec: { type: LoadBalancer, selector: { app: server }, ports: [{ port: 80, targetPort: 8000 }] }
`;
const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: only-friend, namespace: shop }
spec:
  podSelector: { matchLabels: { app: server } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: friend } } }] }]
`;

let site: ClusterSite;

/** What `from` gets from a URL within 3 s; undefined: nothing. */
async function got(from: string, url: string): Promise<string | undefined> {
  const ask = ['timeout', '3', 'wget', '-q', '-O', '-', url];
  const { exitCode, stdout } = await site.kubectl(['exec', '-n', 'shop', from, '--', ...ask]);
  return exitCode === 0 ? stdout.trim() : undefined;
}
const url = 'http://server.shop.svc.cluster.local/';
const fromAll = async (): Promise<readonly (string | undefined)[]> => [
  await got('friend', url),
  await got('other', url),
  await got('near', url),
];
const reached = ['server', 'server', 'server'];

async function up(): Promise<void> {
  const { exitCode, stdout, stderr } = await site.kboot('up', ['--yes']);
  process.stdout.write(stdout);
  expect(exitCode, stdout.slice(-3000) + stderr.slice(-3000)).toBe(0);
}

for (const network of networks)
  describe.runIf(has(network))(`${network.name} as an add-on${unlessSkipped}${why(network)}`, () => {
    const spec = specOf(network);
    beforeAll(async () => {
      site = await clusterSite('cniaddon', hosts, { spec });
    });
    afterAll(() => site.close());

    test('one run: the add-on, then Nodes, CoreDNS and pools of MetalLB; and nothing is left to do', async () => {
      await up();
      expect(await readiness(site, ['nodes'])).toEqual(['cp-1 Ready', 'w-1 Ready', 'w-2 Ready']);
      const list = ['get', 'ipaddresspools', '-n', 'metallb-system', '-o', 'name'];
      expect(await site.kube(list)).toContain('default');
      await expectNothingToDo(site);
      const verify = await site.kboot('verify');
      process.stdout.write(verify.stdout);
      expect(verify.exitCode, verify.stdout + verify.stderr).toBe(0);
    });

    test('Pods of two nodes reach each other, and a Service by its name and by an address of MetalLB', async () => {
      await site.kube(['create', 'namespace', 'shop']);
      const pods = [pod('server', 'w-1'), pod('friend', 'w-2'), pod('other', 'w-2'), pod('near', 'w-1')];
      await site.kube(['apply', '-f', '-'], pods.join('') + service);
      await site.kube(['wait', '-n', 'shop', '--for=condition=Ready', 'pod', '--all', '--timeout=120s']);
      const path = 'jsonpath={.status.podIP}';
      const address = await site.kube(['get', 'pod', '-n', 'shop', 'server', '-o', path]);
      expect(address).toMatch(/^10\.244\./);
      expect(await got('friend', `http://${address}:8000/`)).toBe('server');
      await eventually(30, async () => {
        expect(await got('friend', url)).toBe('server');
      });
      const ip = 'jsonpath={.status.loadBalancer.ingress[0].ip}';
      await eventually(30, async () => {
        const outside = await site.kube(['get', 'service', '-n', 'shop', 'server', '-o', ip]);
        const asked = await site.lab.exec(['curl', '-sS', '-m', '5', `http://${outside}/`]);
        expect(asked.stdout.trim()).toBe('server');
      });
    });

    test.runIf(network.enforcesPolicies)(
      'a NetworkPolicy drops and allows, on the same node and across nodes',
      async () => {
        expect(await fromAll()).toEqual(reached);
        await site.kube(['apply', '-f', '-'], policy);
        await eventually(30, async () => {
          expect(await fromAll()).toEqual(['server', undefined, undefined]);
        });
        await site.kube(['delete', 'networkpolicy', '-n', 'shop', 'only-friend']);
        await eventually(30, async () => {
          expect(await fromAll()).toEqual(reached);
        });
      },
    );

    test('a change by hand is drift, and mended', async () => {
      const ref = network.writer.split(' ')[1]?.split('/') ?? [];
      await site.kube([
        'label',
        'daemonset',
        '-n',
        ref[0] ?? '',
        ref[1] ?? '',
        'kboot.dev/addon=other',
        '--overwrite',
      ]);
      const drift = await site.kboot('drift');
      expect(drift.exitCode, drift.stdout).toBe(2);
      expect(drift.stdout).toContain(network.writer);
      await up();
      await expectNothingToDo(site);
    });

    test('no longer listed, the plan says what stops and what stays, and Pods that run talk on', async () => {
      await site.write('site', { spec: { ...spec, addons: [] } });
      const plan = await site.kboot('plan', ['--detailed-exitcode']);
      process.stdout.write(plan.stdout);
      expect(plan.exitCode).toBe(2);
      expect(plan.stdout.replaceAll(/\s+/g, ' ')).toContain(`its ${network.writer} is removed`);
      await up();
      expect(await site.kube(['get', 'daemonsets', '-A', '-o', 'name'])).not.toContain(
        network.writer.split('/')[1],
      );
      expect(await output(site.lab, 'w-1', 'ls /etc/cni/net.d')).toContain(network.file);
      expect(await got('friend', url)).toBe('server');
    });

    test('listed again, it takes over', async () => {
      await site.write('site', { spec });
      await up();
      await expectNothingToDo(site);
      await site.kube(['apply', '-f', '-'], pod('late', 'w-2'));
      await site.kube(['wait', '-n', 'shop', '--for=condition=Ready', 'pod', 'late', '--timeout=120s']);
      expect(await got('late', url)).toBe('server');
    });
  });
