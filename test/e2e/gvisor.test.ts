import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, expectNothingToDo, hasClusterBundle, type ClusterSite } from './cluster.ts';

/*
 * Pods in gVisor: KBOOT_RUNSC is a folder with runsc and containerd-shim-runsc-v1, which the bundle has as well (programs/, as
 * `kboot bundle create --inventory` fetches them), and busybox.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', address: '10.77.50.11', roles: ['control-plane', 'worker'] },
  { name: 'w-1', address: '10.77.50.21', roles: ['worker'] },
];
const busybox = 'docker.io/library/busybox:1.37.0';
const folder = process.env['KBOOT_RUNSC'] ?? '';
const programs = ['runsc', 'containerd-shim-runsc-v1'];
const held = hasClusterBundle
  ? readFileSync(join(process.env['KBOOT_BUNDLE'] ?? '', 'bundle.json'), 'utf8')
  : '';
const here = folder !== '' && programs.every((name) => existsSync(join(folder, name)));
const files = !here
  ? []
  : programs.map((name) => ({
      url: `https://mirror.example.com/${name}`,
      sha256: createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
      path: `/usr/local/bin/${name}`,
    }));
const has =
  here && held.includes(busybox) && files.every(({ sha256 }) => held.includes(`programs/${sha256}`));
const why = has ? '' : ' [NOT RUN: KBOOT_RUNSC names no gVisor that KBOOT_BUNDLE has, too]';

const pod = (name: string, runtime: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  ${runtime}
  restartPolicy: Never
  containers: [{ name: main, image: "${busybox}", command: [sh, -c, "dmesg; cat /proc/version; timeout 5 wget -q -O - http://web:80/; sleep 1000"] }]
`;
const web = `apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  containers: [{ name: main, image: "${busybox}", command: [sh, -c, "mkdir /w; echo served > /w/index.html; exec httpd -f -p 8000 -h /w"] }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8000 }] }
`;

let site: ClusterSite;
const runtimes = [{ name: 'gvisor', hosts: ['w-1'], files }];
const addons = [{ name: 'web', manifests: [{ path: './web.yaml' }], images: [busybox] }];

beforeAll(async () => {
  if (!has) return;
  site = await clusterSite('gvisor', hosts, { spec: { runtimes, addons } });
  await writeFile(join(site.dir, 'web.yaml'), web);
});
afterAll(async () => {
  if (has) await site.close();
});

test.runIf(has)(`a Pod of RuntimeClass gvisor has gVisor's kernel, and reaches a Service${why}`, async () => {
  const up = await site.kboot('up', ['--yes']);
  process.stdout.write(up.stdout);
  expect(up.exitCode, up.stdout.slice(-3000) + up.stderr.slice(-3000)).toBe(0);
  await expectNothingToDo(site);
  await site.kube(['apply', '-f', '-'], pod('isolated', 'runtimeClassName: gvisor'));
  await eventually(90, async () => {
    const logs = (await site.kubectl(['logs', 'isolated'])).stdout;
    const why = logs.includes('served') ? '' : await site.kube(['describe', 'pod', 'isolated']);
    expect(logs, why.slice(-2000)).toMatch(/gVisor[^]*served/);
  });
  process.stdout.write(await site.kube(['logs', 'isolated']));
  expect(await site.kube(['get', 'pod', 'isolated', '-o', 'jsonpath={.spec.nodeName}'])).toBe('w-1');
  expect(await output(site.lab, 'w-1', 'pgrep -c runsc-sandbox')).not.toBe('0');
});
