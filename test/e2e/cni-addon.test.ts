import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { SiteHost, SiteSpec } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, expectNothingToDo, hasClusterBundle, readiness } from './cluster.ts';
import { unlessSkipped, type ClusterSite } from './cluster.ts';

/*
 * A Pod network of somebody else's, Calico, as an add-on (inventories/calico.yaml): nothing that kboot waits for before it may
 * need it, and what needs it is waited for in the same run. KBOOT_BUNDLE needs its manifest and images, and busybox:
 * `kboot bundle create DIR --inventory FILE` with `images: [docker.io/library/busybox:1.37.0]` in the add-on.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', address: '10.77.48.11', roles: ['control-plane'] },
  { name: 'w-1', address: '10.77.48.21', roles: ['worker'] },
  { name: 'w-2', address: '10.77.48.22', roles: ['worker'] },
];
const busybox = 'docker.io/library/busybox:1.37.0';

interface Example {
  readonly spec: {
    readonly networking: Readonly<Record<string, unknown>>;
    readonly addons: readonly Readonly<Record<string, unknown>>[];
  };
}
const example = parse(
  readFileSync(join(import.meta.dirname, '../../inventories/calico.yaml'), 'utf8'),
) as Example;
const addons = example.spec.addons.map((addon) => ({ ...addon, images: [busybox] }));
const pools = { pools: [{ name: 'default', addresses: ['10.77.48.200-10.77.48.210'] }] };
const spec: SiteSpec = { networking: example.spec.networking, addons, metallb: pools };

const held = hasClusterBundle ? readFileSync(join(process.env['KBOOT_BUNDLE'] ?? '', 'bundle.json'), 'utf8') : '';
const has = ['quay.io/calico/node:', 'quay.io/calico/cni:', 'quay.io/calico/kube-controllers:', busybox].every(
  (image) => held.includes(image),
);
const why = hasClusterBundle && !has ? ' [NOT RUN: the bundle lacks images of Calico, or busybox]' : '';
const it = test.runIf(has);
const title = (text: string): string => `${text}${unlessSkipped}${why}`;

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

beforeAll(async () => {
  if (has) site = await clusterSite('cniaddon', hosts, { spec });
});
afterAll(async () => {
  if (has) await site.close();
});

/** What `from` gets from a URL within 3 s; undefined: nothing. */
async function got(from: string, url: string): Promise<string | undefined> {
  const { exitCode, stdout } = await site.kubectl(
    ['exec', '-n', 'shop', from, '--', 'wget', '-q', '-T', '3', '-O', '-', url],
  );
  return exitCode === 0 ? stdout.trim() : undefined;
}
const calicoFiles = (host: string): Promise<string> => output(site.lab, host, 'ls /etc/cni/net.d');

it(title('one run: the add-on, then Nodes, CoreDNS and pools of MetalLB; and nothing is left to do'), async () => {
  const up = await site.kboot('up', ['--yes']);
  process.stdout.write(up.stdout);
  expect(up.exitCode, up.stdout.slice(-3000) + up.stderr.slice(-3000)).toBe(0);
  expect(await readiness(site, ['nodes'])).toEqual(['cp-1 Ready', 'w-1 Ready', 'w-2 Ready']);
  expect(await site.kube(['get', 'ipaddresspools', '-n', 'metallb-system', '-o', 'name'])).toContain('default');
  await expectNothingToDo(site);
  const verify = await site.kboot('verify');
  process.stdout.write(verify.stdout);
  expect(verify.exitCode, verify.stdout + verify.stderr).toBe(0);
});

it(title('Pods of two nodes reach each other, and a Service by its name and by an address of MetalLB'), async () => {
  await site.kube(['create', 'namespace', 'shop']);
  const pods = [pod('server', 'w-1'), pod('friend', 'w-2'), pod('other', 'w-2'), pod('near', 'w-1')];
  await site.kube(['apply', '-f', '-'], pods.join('') + service);
  await site.kube(['wait', '-n', 'shop', '--for=condition=Ready', 'pod', '--all', '--timeout=90s']);
  const address = await site.kube(['get', 'pod', '-n', 'shop', 'server', '-o', 'jsonpath={.status.podIP}']);
  expect(address).toMatch(/^10\.244\./);
  expect(await got('friend', `http://${address}:8000/`)).toBe('server');
  await eventually(30, async () => {
    expect(await got('friend', 'http://server.shop.svc.cluster.local/')).toBe('server');
  });
  const outside = await site.kube([
    ...['get', 'service', '-n', 'shop', 'server'],
    ...['-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}'],
  ]);
  expect((await site.lab.exec(['curl', '-sS', '-m', '10', `http://${outside}/`])).stdout.trim()).toBe('server');
});

it(title('a NetworkPolicy drops and allows, on the same node and across nodes'), async () => {
  const url = 'http://server.shop.svc.cluster.local/';
  const all = async (): Promise<readonly (string | undefined)[]> => [
    await got('friend', url),
    await got('other', url),
    await got('near', url),
  ];
  expect(await all()).toEqual(['server', 'server', 'server']);
  await site.kube(['apply', '-f', '-'], policy);
  await eventually(30, async () => {
    expect(await all()).toEqual(['server', undefined, undefined]);
  });
  await site.kube(['delete', 'networkpolicy', '-n', 'shop', 'only-friend']);
  await eventually(30, async () => {
    expect(await all()).toEqual(['server', 'server', 'server']);
  });
});

it(title('a change by hand is drift, and mended'), async () => {
  await site.kube(['delete', 'clusterrolebinding', 'calico-cni-plugin']);
  const drift = await site.kboot('drift');
  expect(drift.exitCode, drift.stdout).toBe(2);
  expect(drift.stdout).toContain('ClusterRoleBinding calico-cni-plugin');
  expect((await site.kboot('up', ['--yes'])).exitCode).toBe(0);
  await expectNothingToDo(site);
});

it(title('removed, the plan says what stops and what stays; CRDs and files stay'), async () => {
  await site.write('site', { spec: { ...spec, addons: [] } });
  const plan = await site.kboot('plan', ['--detailed-exitcode']);
  process.stdout.write(plan.stdout);
  expect(plan.exitCode).toBe(2);
  const words = plan.stdout.replaceAll(/\s+/g, ' ');
  expect(words).toContain('its DaemonSet kube-system/calico-node is removed');
  expect(words).toMatch(/add-on calico: CustomResourceDefinition .* stay in the cluster/);
  const up = await site.kboot('up', ['--yes']);
  expect(up.exitCode, up.stdout.slice(-3000) + up.stderr.slice(-3000)).toBe(0);
  expect(await site.kube(['get', 'pods', '-n', 'kube-system', '-o', 'name'])).not.toContain('calico');
  expect(await calicoFiles('w-1')).toContain('10-calico.conflist');
  expect(await got('friend', 'http://server.shop.svc.cluster.local/')).toBe('server');
});

it(title('listed again, it takes over'), async () => {
  await site.write('site', { spec });
  const up = await site.kboot('up', ['--yes']);
  expect(up.exitCode, up.stdout.slice(-3000) + up.stderr.slice(-3000)).toBe(0);
  await expectNothingToDo(site);
  await site.kube(['apply', '-f', '-'], pod('late', 'w-2'));
  await site.kube(['wait', '-n', 'shop', '--for=condition=Ready', 'pod', 'late', '--timeout=90s']);
  expect(await got('late', 'http://server.shop.svc.cluster.local/')).toBe('server');
});
