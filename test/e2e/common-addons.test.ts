import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import {
  bundleProgram,
  clusterSite,
  eventually,
  expectNothingToDo,
  hasClusterBundle,
  unlessSkipped,
  type ClusterSite,
} from './cluster.ts';

/*
 * Add-ons of inventories/addons on a real cluster, used as people use them, if the bundle has their images:
 * `kboot bundle create DIR --inventory inventories/addons/common.yaml`.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', address: '10.77.46.11', roles: ['control-plane'] },
  { name: 'w-1', address: '10.77.46.21', roles: ['worker'] },
];

const examples = join(import.meta.dirname, '../../inventories/addons');
const busybox = 'docker.io/library/busybox:1.37.0';
const pools = [{ name: 'default', addresses: ['10.77.46.200-10.77.46.210'] }];
const images = {
  'metrics-server': ['registry.k8s.io/metrics-server/metrics-server:v0.9.0'],
  'local-path': ['docker.io/rancher/local-path-provisioner:v0.0.37', busybox],
  'node-local-dns': ['registry.k8s.io/dns/k8s-dns-node-cache:1.26.7', busybox],
  traefik: ['docker.io/library/traefik:v3.7.9', busybox],
  headlamp: ['ghcr.io/headlamp-k8s/headlamp:v0.45.0', busybox],
  registry: ['docker.io/library/registry:3.1.1', 'docker.io/rancher/local-path-provisioner:v0.0.37', busybox],
} as const;

const index = join(process.env['KBOOT_BUNDLE'] ?? '', 'bundle.json');
const held = hasClusterBundle ? readFileSync(index, 'utf8') : '';
type Name = keyof typeof images;
const has = (addon: Name): boolean => images[addon].every((image) => held.includes(`"${image}"`));
const names = (Object.keys(images) as Name[]).filter(has);

/** A test of an add-on, whose title says so if the bundle lacks its images. */
function it(addon: Name, title: string, run: () => Promise<void>): void {
  const why = hasClusterBundle && !has(addon) ? ' [NOT RUN: the bundle lacks images of the add-on]' : '';
  test.runIf(has(addon))(`${addon}: ${title}${unlessSkipped}${why}`, run);
}

let site: ClusterSite;

/** What the cache of node-local-dns answers at; 10.96.0.10 is the Service of CoreDNS otherwise. */
const cacheAddresses = ['169.254.20.10', '10.96.0.10'];
/** Kernels without dummy interfaces: the cache finds its addresses at `lo`, and everything else is as in the example. */
async function withoutDummy(): Promise<boolean> {
  const { exitCode } = await site.lab.ssh('cp-1', 'ip link add probe type dummy && ip link del probe');
  return exitCode !== 0;
}
async function onEveryLoopback(verb: 'add' | 'del'): Promise<void> {
  const script = cacheAddresses.map((address) => `ip address ${verb} ${address}/32 dev lo`).join(' && ');
  for (const { name } of hosts) await output(site.lab, name, script);
}
let cacheAtLoopback = false;

beforeAll(async () => {
  if (names.length === 0) return;
  const { spec } = parse(await readFile(join(examples, 'common.yaml'), 'utf8')) as {
    readonly spec: {
      readonly addons: readonly { readonly name: string; readonly after?: readonly string[] }[];
      readonly containerd: object;
    };
  };
  const addons = spec.addons
    .filter(({ name }) => names.some((each) => each === name))
    .map(({ after = [], ...addon }) => {
      const present = after.filter((each) => names.some((name) => name === each));
      return { ...addon, ...(present.length > 0 && { after: present }), images: [busybox] };
    });
  site = await clusterSite('common', hosts, {
    spec: {
      addons,
      ...(has('traefik') && { metallb: { pools } }),
      containerd: {
        ...spec.containerd,
        config: { plugins: { 'io.containerd.cri.v1.runtime': { restrict_oom_score_adj: true } } },
      },
    },
  });
  for (const name of names) await cp(join(examples, `${name}.yaml`), join(site.dir, `${name}.yaml`));
  if (has('node-local-dns') && (await withoutDummy())) {
    cacheAtLoopback = true;
    await onEveryLoopback('add');
    const file = join(site.dir, 'node-local-dns.yaml');
    const text = await readFile(file, 'utf8');
    const flag = /^( +)- -upstreamsvc=.*$/m;
    expect(text).toMatch(flag);
    await writeFile(file, text.replace(flag, '$&\n$1- -setupinterface=false'));
  }
  const made = await site.kboot('up', ['--yes', '-o', 'json']);
  expect(made.exitCode, made.stdout.slice(-3000) + made.stderr.slice(-3000)).toBe(0);
});
afterAll(async () => {
  if (names.length > 0) await site.close();
});

it('metrics-server', 'measures every node, and verifies its kubelet', async () => {
  const top = await eventually(90, () => site.kube(['top', 'nodes', '--no-headers']));
  expect(top.split('\n').map((line) => line.split(/\s+/)[0])).toEqual(['cp-1', 'w-1']);
  expect(top).toMatch(/^cp-1 +\d+m +\d+% +\d+Mi +\d+%/m);
  await expectNothingToDo(site);
});

const claim = (text: string): string => `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Mi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: ${text} }
spec:
  restartPolicy: Never
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
  containers:
    - name: main
      image: ${busybox}
      command: [sh, -c, "echo ${text} >> /data/lines && cat /data/lines"]
      volumeMounts: [{ name: data, mountPath: /data }]
`;

it('local-path', 'a claim is written, and read by the next Pod; its folder goes with it', async () => {
  for (const name of ['one', 'two']) {
    await site.kube(['apply', '-f', '-'], claim(name));
    await eventually(60, async () => {
      expect(await site.kube(['get', 'pod', name, '-o', 'jsonpath={.status.phase}'])).toBe('Succeeded');
    });
  }
  expect(await site.kube(['logs', 'two'])).toBe('one\ntwo');
  const folders = async (): Promise<string> => (await site.lab.ssh('w-1', 'ls /var/lib/local-path')).stdout;
  expect(await folders()).toContain('default_data');
  await site.kube(['delete', 'pod/one', 'pod/two', 'pvc/data', '--wait=false']);
  await eventually(60, async () => {
    const path = 'jsonpath={.items[*].spec.claimRef.name}';
    expect(await site.kube(['get', 'pv', '-o', path])).not.toMatch(/\bdata\b/);
    expect(await folders()).not.toContain('default_data');
  });
});

const asker = `apiVersion: v1
kind: Pod
metadata: { name: asker }
spec:
  nodeName: w-1
  terminationGracePeriodSeconds: 0
  containers: [{ name: main, image: "${busybox}", command: [sleep, "3600"] }]
`;
const lookUp = async (): Promise<string> =>
  await site.kube(['exec', 'asker', '--', 'nslookup', 'kubernetes.default.svc.cluster.local']);
/** Questions that the cache of w-1 has been asked, by its metrics. */
async function asked(): Promise<number> {
  const metrics = await output(
    site.lab,
    'w-1',
    `curl -sS -m 5 http://${cacheAddresses[0] ?? ''}:9253/metrics`,
  );
  const counts = [...metrics.matchAll(/^coredns_dns_requests_total\{.*zone="cluster\.local\."\} (\S+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

it('node-local-dns', "answers Pods in CoreDNS' place", async () => {
  await site.kube(['apply', '-f', '-'], asker);
  await site.kube(['wait', '--for=condition=Ready', 'pod/asker', '--timeout=60s']);
  const before = await asked();
  expect(await lookUp()).toContain('10.96.0.1');
  expect(await asked()).toBeGreaterThan(before);
  const address = await site.kube([
    'exec',
    'asker',
    '--',
    'nslookup',
    'kubernetes.default.svc.cluster.local',
    cacheAddresses[0] ?? '',
  ]);
  expect(address).toContain('10.96.0.1');
});

const shop = `apiVersion: v1
kind: Pod
metadata: { name: shop, labels: { app: shop } }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: ${busybox}
      command: [sh, -c, "mkdir -p /tmp/w && echo shop > /tmp/w/index.html && exec httpd -f -p 8000 -h /tmp/w"]
---
apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { selector: { app: shop }, ports: [{ port: 80, targetPort: 8000 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec:
  rules:
    - host: shop.example.com
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: shop, port: { number: 80 } } } }] }
`;

it('traefik', 'routes a host name to a Pod, by an address of MetalLB, and no other name', async () => {
  await site.kube(['apply', '-f', '-'], shop);
  const address = await eventually(60, async () => {
    const path = 'jsonpath={.status.loadBalancer.ingress[0].ip}';
    const found = await site.kube(['get', 'ingress', 'shop', '-o', path]);
    expect(found).toMatch(/^10\.77\.46\./);
    return found;
  });
  const asks = async (host: string, ...more: readonly string[]): Promise<string> => {
    const { stdout } = await site.lab.exec([
      ...['curl', '-sS', '-m', '5', '-w', '%{http_code}', '--resolve', `${host}:80:${address}`],
      ...['--resolve', `${host}:443:${address}`, ...more],
    ]);
    return stdout.replaceAll('\n', ' ').trim();
  };
  await eventually(60, async () => {
    expect(await asks('shop.example.com', 'http://shop.example.com/')).toBe('shop 200');
  });
  expect(await asks('shop.example.com', '-k', 'https://shop.example.com/')).toBe('shop 200');
  expect(await asks('other.example.com', 'http://other.example.com/')).toMatch(/404$/);
  await site.kube(['delete', 'pod/shop', 'service/shop', 'ingress/shop']);
  await eventually(30, async () => {
    expect(await asks('shop.example.com', 'http://shop.example.com/')).toMatch(/404$/);
  });
});

const viewer = `apiVersion: v1
kind: ServiceAccount
metadata: { name: viewer }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: viewer }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: ServiceAccount, name: viewer, namespace: default }]
`;

it(
  'headlamp',
  'serves its page, and lets a token do what it may do, and nobody anything without one',
  async () => {
    await site.kube(['apply', '-f', '-'], viewer);
    const token = await site.kube(['create', 'token', 'viewer']);
    await forwarded('headlamp', '8080:80', async () => {
      const asks = async (path: string, ...more: readonly string[]): Promise<string> => {
        const address = `http://127.0.0.1:8080${path}`;
        return (await site.lab.exec(['curl', '-sS', '-m', '10', '-w', ' %{http_code}', ...more, address]))
          .stdout;
      };
      const api = '/clusters/main/api/v1/namespaces/default';
      const withToken = ['-H', `Authorization: Bearer ${token}`];
      expect(await asks('/')).toMatch(/<title>Headlamp<\/title>[^]* 200$/);
      expect(await asks(`${api}/pods`, ...withToken)).toMatch(/"kind":"PodList"[^]* 200$/);
      expect(await asks(`${api}/secrets`, ...withToken)).toMatch(/ 403$/);
      expect(await asks(`${api}/pods`)).toMatch(/ 40[13]$/);
    });
    await site.kube(['delete', 'serviceaccount/viewer', 'clusterrolebinding/viewer']);
  },
);

/**
 * Calls `use` while the Service of an add-on, in its namespace, is at a port of 127.0.0.1 where kboot runs, as it is for those
 * who may read the cluster's Pods. `ports`: as for `kubectl port-forward`.
 */
async function forwarded(addon: Name, ports: string, use: () => Promise<void>): Promise<void> {
  const [file = '', ...args] = site.lab.inside([
    ...[bundleProgram('kubectl'), '--kubeconfig', await site.kubeconfig(), '-n', addon],
    ...['port-forward', `service/${addon}`, ports],
  ]);
  const forward = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(forward.stdout, 'data');
    await use();
  } finally {
    forward.kill();
  }
}

/** A bundle of one image. */
async function bundleOf(image: string): Promise<string> {
  const folder = join(site.dir, 'one-image');
  const path = `images/linux-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
  await mkdir(join(folder, path), { recursive: true });
  await cp(join(process.env['KBOOT_BUNDLE'] ?? '', path, `${image}.tar`), join(folder, path, `${image}.tar`));
  return folder;
}

const pulled = (node: string): string => `apiVersion: v1
kind: Pod
metadata: { name: pulled-${node} }
spec:
  nodeName: ${node}
  containers: [{ name: main, image: registry.internal/k8s/pause:3.10.2, imagePullPolicy: Always }]
`;

it('registry', 'a bundle is pushed through the API, and every node pulls from it', async () => {
  const inventory = await bundleOf('pause');
  const index = await site.kboot('bundle index', ['--kubernetes-version', 'v1.36.2'], { inventory });
  expect(index.exitCode, index.stderr).toBe(0);
  await forwarded('registry', '5000', async () => {
    const flags = ['--registry', '127.0.0.1:5000/k8s', '--plain-http'];
    const pushed = await site.kboot('bundle push', flags, { inventory });
    expect(pushed.stdout, pushed.stderr).toContain('1 image pushed');
  });
  for (const { name } of hosts) await site.kube(['apply', '-f', '-'], pulled(name));
  const pods = hosts.map(({ name }) => `pod/pulled-${name}`);
  await site.kube(['wait', '--for=condition=Ready', ...pods, '--timeout=60s']);
  await site.kube(['delete', '--grace-period=0', '--force', ...pods]);
});

test.runIf(names.length > 0)(
  `all are gone once the inventory no longer has them${unlessSkipped}`,
  async () => {
    await site.write('site', { spec: { addons: [] } });
    const gone = await site.kboot('up', ['--yes', '-o', 'json']);
    expect(gone.exitCode, gone.stderr).toBe(0);
    if (cacheAtLoopback) await onEveryLoopback('del');
    if (has('node-local-dns'))
      await eventually(30, async () => {
        expect(await output(site.lab, 'w-1', 'iptables-save -t raw | grep -c 169.254.20.10 || true')).toBe(
          '0',
        );
        expect(await lookUp()).toContain('10.96.0.1');
      });
    expect((await site.kubectl(['get', 'apiservice', 'v1beta1.metrics.k8s.io'])).exitCode).not.toBe(0);
    expect((await site.kubectl(['get', 'storageclass,ingressclass', '-o', 'name'])).stdout).toBe('');
    expect((await site.kubectl(['get', 'service,deployment', '-A', '-o', 'name'])).stdout).not.toContain(
      'traefik',
    );
    await expectNothingToDo(site);
  },
);
