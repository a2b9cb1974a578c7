import { readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { CertificateReport } from '../../src/model/certificates.ts';
import { rotationStages, type RotationStage } from '../../src/pki/rotation.ts';
import { killAt, type KbootEvent, type KbootResult, type SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { bundleProgram, clusterSite, eventually, expectNothingToDo } from './cluster.ts';
import { hasClusterBundle, unlessSkipped, type ClusterSite } from './cluster.ts';
import type { ClientsOrder, ClientsReport } from './upgrade/clients.ts';
import { watchWith } from './watch.ts';

/*
 * Every CA and the key of ServiceAccount tokens are exchanged while clients read and write, and kboot is killed at ten
 * moments. Pods of users hold tokens: some are replaced by their controllers, one by nobody.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.63.11' },
  { name: 'cp-2', roles: ['control-plane'], address: '10.79.63.12' },
  { name: 'cp-3', roles: ['control-plane'], address: '10.79.63.13' },
  { name: 'w-1', roles: ['worker'], address: '10.79.63.21' },
  { name: 'w-2', roles: ['worker'], address: '10.79.63.22' },
];
const planes = hosts.slice(0, 3);
const virtualIP = '10.79.63.100';
const spec = { loadBalancer: { virtualIP } };
const cas = ['ca', 'front-proxy-ca', 'etcd-ca', 'sa'] as const;

/** Each run is killed when it has done so many steps of a stage, or goes beyond it. */
const moments: readonly (readonly [RotationStage, number])[] = [
  ['trust', 3],
  ['trust', 12],
  ['trust', 20],
  ['sign', 2],
  ['sign', 15],
  ['sign', 25],
  ['roll', 2],
  ['roll', 5],
  ['retire', 3],
  ['retire', 15],
];

const tell = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

let site: ClusterSite;
/** A copy of what an administrator had before the exchange. */
let before: string;
let formerToken: string;

describe.skipIf(!hasClusterBundle)(`the exchange of every CA${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('rotate', hosts, { spec });
    const result = await site.kboot('up', ['--yes']);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    await site.kube(['create', 'namespace', 'drill']);
    await site.kube(['apply', '-f', '-'], workloads(await pauseImage()));
    await site.kube(['-n', 'drill', 'rollout', 'status', 'deployment/web', '--timeout=120s']);
    await site.kube(['-n', 'drill', 'wait', 'pod/alone', '--for=condition=Ready', '--timeout=120s']);
    // RSA keys until now.
    const inventory = parse(readFileSync(site.inventory, 'utf8')) as { spec: object };
    const wanted = { ...inventory, spec: { ...inventory.spec, pki: { caKeyAlgorithm: 'ECDSA-P256' } } };
    await writeFile(site.inventory, stringify(wanted));
    const recorded = await site.kboot('up', ['--yes']);
    expect(recorded, recorded.stdout + recorded.stderr).toMatchObject({ exitCode: 0 });
    before = join(site.dir, 'kubeconfig-before');
    await copyFile(await site.kubeconfig(), before);
    formerToken = await eventually(30, secretToken);
  });

  afterAll(() => site.close());

  test('killed ten times it goes on; no write is lost, and what was signed before is accepted nowhere', async () => {
    const former = new Map(files.map((file) => [file, local(file)]));
    let last: KbootResult | undefined;
    const report = await clients(async () => {
      const begun = Date.now();
      for (const [index, [stage, count]] of moments.entries()) {
        const rest = index === 0 ? ['--rotate-ca', ...cas] : [];
        await killAt(
          `in stage ${stage}`,
          (options) => site.kboot('up', ['--yes', '-o', 'json', ...rest], options),
          moment(stage, count),
        );
        tell(`killed ${index + 1}: ${record() ?? 'ended'} after ${seconds(begun)}`);
      }
      last = await site.kboot('up', ['--yes']);
      tell(last.stdout + last.stderr);
      tell(`the exchange of ${cas.join(', ')} with ${moments.length} kills took ${seconds(begun)}`);
    });
    expect(last).toMatchObject({ exitCode: 0 });
    const there = new Set((await site.kube(['get', 'configmap', '-n', 'drill', '-o', 'name'])).split('\n'));
    const lost = report.acknowledged.filter((name) => !there.has(`configmap/${name}`));
    tell(
      `API: longest gap ${report.api.longestGapMs} ms, ${report.api.answered} answers, ${report.api.failed} failed; ` +
        `writes: ${report.acknowledged.length} acknowledged, ${lost.length} lost, ${report.refusedWrites} refused; clients late by ${report.lateMs} ms at most`,
    );
    expect(lost).toEqual([]);
    expect(report.acknowledged.length).toBeGreaterThan(0);

    for (const file of files) {
      expect(local(file), file).not.toBe(former.get(file));
      if (file.endsWith('.key')) expect(local(file)).toMatch(/^-----BEGIN EC PRIVATE KEY/);
      for (const { name } of planes)
        expect(await output(site.lab, name, `cat /etc/kubernetes/pki/${file}`), name).toBe(
          local(file).trim(),
        );
    }
    for (const { name } of hosts)
      expect(await output(site.lab, name, 'cat /etc/kubernetes/pki/ca.crt')).toBe(local('ca.crt').trim());
    for (const { name } of planes)
      expect(await output(site.lab, name, 'ls /etc/kubernetes/pki')).not.toContain('ca-signing');
  });

  test('former credentials are refused, and nothing publishes the former CAs', async () => {
    const kubectl = bundleProgram('kubectl');
    const asFormer = (
      ...args: string[]
    ): Promise<{ readonly stderr: string; readonly exitCode: number | null }> =>
      site.lab.exec([kubectl, '--kubeconfig', before, '--request-timeout=10s', 'get', 'nodes', ...args]);
    expect((await asFormer()).stderr).toMatch(
      /certificate signed by unknown authority|certificate is not trusted/,
    );
    const insecure = ['--insecure-skip-tls-verify', ...['--certificate-authority=']];
    const refused = await asFormer(...insecure);
    expect(refused.stderr).toMatch(/must be logged in|Unauthorized/);
    expect(await withToken(formerToken)).toBe('401');
    expect(await withToken(await secretToken())).toBe('200');
    for (const map of [
      '-n drill cm kube-root-ca.crt',
      '-n kube-system cm extension-apiserver-authentication',
    ]) {
      const [flag = '', namespace = '', kind = '', name = ''] = map.split(' ');
      const text = await site.kube(['get', flag, namespace, kind, name, '-o', 'jsonpath={.data}']);
      expect(text.match(/BEGIN CERTIFICATE/g)?.length, name).toBe(name.startsWith('kube-root') ? 1 : 2);
    }
  });

  test('every Pod with a token has one that is accepted, and the CA that signs; those of controllers are new', async () => {
    const pods = JSON.parse(await site.kube(['get', 'pods', '-A', '-o', 'json'])) as {
      readonly items: readonly {
        readonly metadata: { readonly uid: string; readonly name: string; readonly namespace: string };
        readonly spec: { readonly nodeName: string };
      }[];
    };
    let checked = 0;
    for (const { metadata, spec: own } of pods.items) {
      const folder = `/var/lib/kubelet/pods/${metadata.uid}/volumes/kubernetes.io~projected/kube-api-access-*`;
      const read = (file: string): Promise<string> =>
        output(site.lab, own.nodeName, `cat ${folder}/${file} 2>/dev/null || :`);
      const token = await read('token');
      if (token === '') continue;
      checked++;
      expect(await withToken(token), metadata.name).toBe('200');
      // A kubelet writes what has changed in a ConfigMap when it next looks at the Pod, within some 90 s.
      await eventually(180, async () => {
        expect((await read('ca.crt')).trim(), metadata.name).toBe(local('ca.crt').trim());
      });
    }
    tell(`${checked} of ${pods.items.length} Pods have a token: each is accepted`);
    expect(checked).toBeGreaterThan(8);
  });

  test('the cluster is well, and there is nothing to do', async () => {
    const certs = await site.kboot('certs', ['-o', 'json']);
    expect(certs, certs.stderr).toMatchObject({ exitCode: 0 });
    const [list] = certs.events as unknown as readonly CertificateReport[];
    expect(list?.certificates.filter(({ differs }) => differs === true)).toEqual([]);
    await expectNothingToDo(site);
    const verify = await site.kboot('verify');
    tell(verify.stdout);
    expect(verify, verify.stdout).toMatchObject({ exitCode: 0 });
  });
});

const files = ['ca.crt', 'front-proxy-ca.crt', 'etcd/ca.crt', 'sa.key'];
const local = (file: string): string => readFileSync(join(site.dir, '.kboot/rotate/pki', file), 'utf8');
const seconds = (begun: number): string => `${((Date.now() - begun) / 1000).toFixed(1)} s`;

/** The stage on record; undefined: no exchange has begun, or it has ended. */
function record(): RotationStage | undefined {
  try {
    const text = readFileSync(join(site.dir, '.kboot/rotate/rotation.json'), 'utf8');
    return (JSON.parse(text) as { readonly stage: RotationStage }).stage;
  } catch {
    return undefined;
  }
}

function moment(stage: RotationStage, count: number): (event: KbootEvent) => boolean {
  let done = 0;
  const at = (each: RotationStage | undefined): number =>
    each === undefined ? -1 : rotationStages.indexOf(each);
  return (event) => {
    if (event.type !== 'done') return false;
    if (at(record()) > at(stage)) return true;
    return at(record()) === at(stage) && ++done >= count;
  };
}

async function clients(during: () => Promise<void>): Promise<ClientsReport> {
  const kubeconfig = await site.kubeconfig();
  const order: ClientsOrder = {
    kubeconfig,
    servers: Object.fromEntries(planes.map(({ name, address }) => [name, `https://${address}:6443`])),
    members: Object.fromEntries(planes.map(({ name, address }) => [name, address])),
  };
  const script = new URL('./upgrade/clients.ts', import.meta.url);
  let refreshed = Promise.resolve();
  // As the administrators of a team do while an exchange goes on.
  const timer = setInterval(() => {
    refreshed = site.kubeconfig().then(() => undefined);
  }, 15_000);
  try {
    return await watchWith<ClientsReport>(site.lab, script, [JSON.stringify(order)], during);
  } finally {
    clearInterval(timer);
    await refreshed;
  }
}

/** The status of a request with a token, trusting the CA in the state folder only. */
async function withToken(token: string): Promise<string> {
  const ca = join(site.dir, 'ca-now.crt');
  await writeFile(ca, local('ca.crt'));
  const url = `https://${virtualIP}:6443/api`;
  const { stdout, stderr } = await site.lab.exec([
    ...['curl', '-s', '--max-time', '10', '-o', '/dev/null', '-w', '%{http_code}', '--cacert', ca],
    ...['-H', `Authorization: Bearer ${token}`, url],
  ]);
  return stdout.trim() === '' ? stderr : stdout.trim();
}

async function secretToken(): Promise<string> {
  const text = await site.kube(['get', '-n', 'drill', 'secret', 'robot', '-o', 'jsonpath={.data.token}']);
  if (text === '') throw new Error('Secret robot has no token yet');
  return Buffer.from(text, 'base64').toString('utf8');
}

/** The image of pause, as the hosts have it. */
async function pauseImage(): Promise<string> {
  const images = await output(site.lab, 'w-1', 'ctr -n k8s.io images list -q');
  const found = images.split('\n').find((name) => /\/pause:[0-9.]+$/.test(name));
  if (found === undefined) throw new Error(`w-1 has no image of pause: ${images}`);
  return found;
}

function workloads(image: string): string {
  const containers = [{ name: 'pause', image, imagePullPolicy: 'Never' }];
  const template = { metadata: { labels: { app: 'drill' } }, spec: { containers } };
  const selector = { matchLabels: { app: 'drill' } };
  const named = (apiVersion: string, kind: string, name: string, rest: object): object => ({
    ...{ apiVersion, kind, metadata: { name, namespace: 'drill' } },
    ...rest,
  });
  return [
    named('apps/v1', 'Deployment', 'web', { spec: { replicas: 2, selector, template } }),
    named('apps/v1', 'StatefulSet', 'db', { spec: { replicas: 1, serviceName: 'db', selector, template } }),
    named('v1', 'Pod', 'alone', { spec: { containers, nodeName: 'w-1' } }),
    {
      ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token' },
      metadata: {
        ...{ name: 'robot', namespace: 'drill' },
        annotations: { 'kubernetes.io/service-account.name': 'default' },
      },
    },
  ]
    .map((object) => stringify(object))
    .join('---\n');
}
