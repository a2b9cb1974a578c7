import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killAt, stepLines, type KbootResult, type SiteHost } from '../lab/kboot.ts';
import { hasHelm, unlessNoHelm } from '../store/helm-here.ts';
import { clusterSite, eventually, expectNothingToDo, hasClusterBundle, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

/*
 * Add-ons of an operator on a real cluster: a CRD with its objects, workloads and webhooks, in order; changed by hand,
 * half applied, failing, and removed again. The containers run the pause image, which every bundle has.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', address: '10.77.45.11', roles: ['control-plane'] },
  { name: 'w-1', address: '10.77.45.21', roles: ['worker'] },
];

const pause = 'registry.k8s.io/pause:3.10.2';

const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  names: { plural: widgets, singular: widget, kind: Widget }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: { spec: { type: object, properties: { size: { type: integer } } } }
`;

/** In one file, and in an order that would not work as it is. */
const shop = (size: number): string => `apiVersion: example.com/v1
kind: Widget
metadata: { name: first }
spec: { size: ${size} }
---
apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { selector: { app: shop }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  replicas: 1
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      containers:
        - { name: main, image: "${pause}", resources: { requests: { cpu: 0.01, memory: 1024Ki } } }
---
apiVersion: v1
kind: Secret
metadata: { name: shop }
stringData: { password: hunter2 }
---
${crd}`;

/** The validating webhook of Widgets, whose Service has no Pod that answers. */
const webhook = (selector: string): string => `apiVersion: v1
kind: Service
metadata: { name: hook }
spec: { selector: { app: ${selector} }, ports: [{ port: 443, targetPort: 443 }] }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: widgets }
webhooks:
  - name: widgets.example.com
    clientConfig: { service: { namespace: shop, name: hook } }
    rules: [{ apiGroups: [example.com], apiVersions: [v1], resources: [widgets], operations: [CREATE, UPDATE] }]
    sideEffects: None
    admissionReviewVersions: [v1]
    timeoutSeconds: 2
---
apiVersion: example.com/v1
kind: Widget
metadata: { name: hooked }
spec: { size: 1 }
`;

const job = `apiVersion: batch/v1
kind: Job
metadata: { name: broken }
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: main, image: "${pause}", command: [/no/such/program] }]
`;

let site: ClusterSite;

interface Stated {
  readonly name: string;
  readonly [field: string]: unknown;
}

const base: Stated = { name: 'base', manifests: [{ path: './base.yaml' }] };
const shopAddon: Stated = {
  ...{ name: 'shop', namespace: 'shop', after: ['base'], manifests: [{ path: './shop' }] },
  timeoutSeconds: 60,
};

async function put(path: string, text: string): Promise<void> {
  await mkdir(join(site.dir, path, '..'), { recursive: true });
  await writeFile(join(site.dir, path), text);
}

/** Runs kboot with these add-ons in the inventory. */
async function kboot(
  verb: string,
  addons: readonly Stated[],
  rest: readonly string[] = [],
): Promise<KbootResult> {
  await site.write('site', { spec: { addons } });
  return await site.kboot(verb, rest);
}

const up = async (addons: readonly Stated[]): Promise<KbootResult> =>
  await kboot('up', addons, ['--yes', '-o', 'json']);

/** What the run did through the API: `create Deployment shop/shop`. */
const done = (result: KbootResult): readonly string[] =>
  stepLines(result).flatMap((line) => (line.startsWith('cluster ') ? [line.slice('cluster '.length)] : []));

/** Messages of steps and gates that failed. */
const failures = ({ events }: KbootResult): readonly unknown[] =>
  events.flatMap(({ type, message }) => (type === 'failed' ? [message] : []));

beforeAll(async () => {
  if (!hasClusterBundle) return;
  site = await clusterSite('addons', hosts);
  await put('base.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: base }\ndata: { a: b }\n');
  await put('shop/all.yaml', shop(1));
  const made = await up([base, shopAddon]);
  expect(made.exitCode, made.stdout.slice(-3000) + made.stderr.slice(-3000)).toBe(0);
});
afterAll(async () => {
  if (hasClusterBundle) await site.close();
});

const it = test.runIf(hasClusterBundle);

it(`a new cluster has its add-ons, healthy, and nothing is left to do${unlessSkipped}`, async () => {
  expect(await site.kube(['get', 'widgets,deployments', '-n', 'shop', '-o', 'name'])).toBe(
    'widget.example.com/first\ndeployment.apps/shop',
  );
  expect(
    await site.kube(['get', 'deploy', 'shop', '-n', 'shop', '-o', 'jsonpath={.status.availableReplicas}']),
  ).toBe('1');
  await expectNothingToDo(site);
});

it(`an object changed by hand is drift, shown with its diff, and mended${unlessSkipped}`, async () => {
  await site.kube(['scale', 'deploy/shop', '-n', 'shop', '--replicas=0']);
  await site.kube(['patch', 'widget', 'first', '-n', 'shop', '--type=merge', '-p', '{"spec":{"size":7}}']);
  await site.kube(['patch', 'secret', 'shop', '-n', 'shop', '-p', '{"stringData":{"password":"hunter3"}}']);
  await site.kube(['delete', 'configmap', 'base']);
  await site.kube(['annotate', 'deploy/shop', '-n', 'shop', 'example.com/own=kept']);
  const drift = await site.kboot('drift');
  expect(drift.exitCode, drift.stderr).toBe(2);
  for (const line of [
    '-  replicas: 0',
    '+  replicas: 1',
    '-  size: 7',
    '+  size: 1',
    'differs at data.password',
  ])
    expect(drift.stdout).toContain(line);
  const mended = await site.kboot('up', ['--yes', '-o', 'json']);
  expect(mended.exitCode, mended.stderr).toBe(0);
  expect(done(mended)).toEqual([
    'create ConfigMap default/base',
    'update Secret shop/shop',
    'update Deployment shop/shop',
    'update Widget shop/first',
  ]);
  for (const { stdout, stderr } of [drift, mended])
    for (const secret of ['hunter2', 'hunter3', 'aHVudGVy']) expect(stdout + stderr).not.toContain(secret);
  expect(
    await site.kube([
      'get',
      'deploy',
      'shop',
      '-n',
      'shop',
      '-o',
      'jsonpath={.metadata.annotations.example\\.com/own}',
    ]),
  ).toBe('kept');
  await expectNothingToDo(site);
});

it(`status says what an add-on lacks${unlessSkipped}`, async () => {
  expect((await site.kboot('status')).stdout).toContain('The cluster is healthy.');
  await site.kube(['delete', 'deploy', 'shop', '-n', 'shop']);
  const { stdout } = await site.kboot('status');
  expect(stdout).toContain('add-on shop: Deployment shop/shop: does not exist');
  expect(stdout).toContain('The cluster is not healthy');
  expect(done(await site.kboot('up', ['--yes', '-o', 'json']))).toEqual(['create Deployment shop/shop']);
  expect((await site.kboot('status')).stdout).toContain('The cluster is healthy.');
});

it(`a saved plan is stale once other objects are rendered${unlessSkipped}`, async () => {
  await put('shop/all.yaml', shop(2));
  const plan = join(site.dir, 'p.json');
  expect((await site.kboot('plan', ['--out', plan])).exitCode).toBe(0);
  await put('shop/all.yaml', shop(3));
  const stale = await site.kboot('up', ['--yes', '--plan', plan]);
  expect(stale.exitCode).toBe(6);
  expect(stale.stderr).toContain('addons[shop].objects');
  await put('shop/all.yaml', shop(2));
  const applied = await site.kboot('up', ['--yes', '--plan', plan]);
  expect(applied.exitCode, applied.stderr).toBe(0);
  expect(await site.kube(['get', 'widget', 'first', '-n', 'shop', '-o', 'jsonpath={.spec.size}'])).toBe('2');
});

it(`what does not fit its schema is refused before anything changes${unlessSkipped}`, async () => {
  await put('bad.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: bad }\ndatum: {}\n');
  const result = await up([{ ...base, manifests: [{ path: './bad.yaml' }] }, shopAddon]);
  expect(result.exitCode).toBe(5);
  expect(JSON.stringify(result.events)).toContain('field not declared in schema');
  expect((await site.kubectl(['get', 'configmap', 'bad'])).exitCode).not.toBe(0);
});

it(`a webhook that does not answer is one message, and the run goes on from there${unlessSkipped}`, async () => {
  await put('shop/hook.yaml', webhook('nobody'));
  const addons = [base, { ...shopAddon, timeoutSeconds: 5 }];
  const failed = await up(addons);
  expect(failed.exitCode).toBe(1);
  expect(failures(failed)).toEqual([
    'not after 5 s: ValidatingWebhookConfiguration widgets: its Service shop/hook has no ready endpoint',
  ]);
  // Endpoints that do not speak TLS: the API server calls in vain.
  await put('shop/hook.yaml', webhook('shop'));
  const called = await up(addons);
  expect(called.exitCode).toBe(1);
  expect(failures(called)).toHaveLength(1);
  expect(String(failures(called))).toMatch(/applying Widget shop\/\w+: .*failed calling webhook/);
  await put('shop/hook.yaml', crd.replaceAll('widget', 'gadget').replaceAll('Widget', 'Gadget'));
  const mended = await up([base, shopAddon]);
  expect(mended.exitCode, mended.stderr).toBe(0);
  expect((await site.kubectl(['get', 'validatingwebhookconfiguration', 'widgets'])).exitCode).not.toBe(0);
  await expectNothingToDo(site);
});

it(`a Job that fails ends the wait at once, and what needs its add-on is not begun${unlessSkipped}`, async () => {
  await put('job.yaml', job);
  const broken: Stated = { name: 'broken', manifests: [{ path: './job.yaml' }] };
  const next: Stated = { name: 'next', after: ['broken'], manifests: [{ path: './next.yaml' }] };
  await put('next.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: next }\n');
  const failed = await up([base, shopAddon, broken, next]);
  expect(failed.exitCode).toBe(1);
  expect(failures(failed)).toEqual([expect.stringMatching(/^Job default\/broken Failed is True/)]);
  expect((await site.kubectl(['get', 'configmap', 'next'])).exitCode).not.toBe(0);
  const without = await up([base, shopAddon]);
  expect(without.exitCode, without.stderr).toBe(0);
  expect(done(without)).toEqual([
    'delete Job default/broken',
    'delete ConfigMap kube-system/kboot-addon-broken',
  ]);
});

it(`killed half-way, the same command goes on, and nothing is forgotten${unlessSkipped}`, async () => {
  const many = Array.from(
    { length: 30 },
    (_, n) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: many-${n} }\n`,
  );
  await put('many.yaml', many.join('---\n'));
  const addons = [base, shopAddon, { name: 'many', manifests: [{ path: './many.yaml' }] }];
  await site.write('site', { spec: { addons } });
  await killAt(
    'in an add-on',
    async (options) => await site.kboot('up', ['--yes', '-o', 'json'], options),
    ({ type, step }) => type === 'done' && step === 'add-on many: /ConfigMap default/many-9',
  );
  const names = async (): Promise<readonly string[]> =>
    (await site.kube(['get', 'configmaps', '-l', 'kboot.dev/addon=many', '-o', 'name'])).split('\n');
  expect((await names()).length).toBeLessThan(30);
  // What the killed run created goes with its add-on, although no run has finished it.
  const removed = await up([base, shopAddon]);
  expect(removed.exitCode, removed.stderr).toBe(0);
  expect(await names()).toEqual(['']);
  const again = await up(addons);
  expect(again.exitCode, again.stderr).toBe(0);
  expect(await names()).toHaveLength(30);
  await expectNothingToDo(site);
});

it(`an add-on that left goes, its CRD and their objects stay and are named${unlessSkipped}`, async () => {
  await site.kube(['apply', '-n', 'shop', '-f', '-'], shop(5).split('---')[0]?.replace('first', 'mine'));
  const gone = await up([base]);
  expect(gone.exitCode, gone.stderr).toBe(0);
  expect(done(gone).filter((line) => !line.includes('kboot-'))).toEqual([
    // Neither needs the other: the last name goes first.
    'delete Widget shop/first',
    'delete Deployment shop/shop',
    'delete Secret shop/shop',
    'delete Service shop/shop',
    'delete ConfigMap default/many-0',
    ...done(gone).filter((line) => /many-(?!0$)/.test(line)),
  ]);
  const plan = gone.events.find(({ type }) => type === 'plan')?.plan as
    { readonly warnings?: readonly string[] } | undefined;
  expect(plan?.warnings?.join('\n')).toMatch(
    /add-on shop: CustomResourceDefinition gadgets\.example\.com \(0 objects of its kind\), CustomResourceDefinition widgets\.example\.com \(1 object of its kind\) stay in the cluster/,
  );
  expect(await site.kube(['get', 'widgets', '-n', 'shop', '-o', 'name'])).toBe('widget.example.com/mine');
  await expectNothingToDo(site);
  // Adopted again, and with consent removed with everything.
  const back = await up([base, { ...shopAddon, prune: 'all' }]);
  expect(back.exitCode, back.stderr).toBe(0);
  const all = await up([base]);
  expect(all.exitCode, all.stderr).toBe(0);
  expect(done(all)).toContain('delete CustomResourceDefinition widgets.example.com');
  expect((await site.kubectl(['get', 'crd', 'widgets.example.com'])).exitCode).not.toBe(0);
});

/** An add-on of the chart of test/samples, which the last test left the cluster without. */
const chart = (values: object, more: object = {}): Stated => ({
  ...{ name: 'chart', namespace: 'chart', prune: 'all', timeoutSeconds: 60 },
  chart: { path: './chart', hooks: true, values: { password: 'hunter2', ...values } },
  ...more,
});

describe.runIf(hasClusterBundle && hasHelm)(`a Helm chart${unlessSkipped}${unlessNoHelm}`, () => {
  const replicas = async (): Promise<string> =>
    await site.kube(['get', 'deploy', 'chart', '-n', 'chart', '-o', 'jsonpath={.status.availableReplicas}']);
  const own = (result: KbootResult): readonly string[] =>
    done(result).filter((line) => !line.includes('kboot-'));

  beforeAll(async () => {
    await cp(join(import.meta.dirname, '../samples/charts/shop'), join(site.dir, 'chart'), {
      recursive: true,
    });
  });

  test('is installed after SIGKILL in the middle, its hooks before and after the rest', async () => {
    await site.write('site', { spec: { addons: [base, chart({})] } });
    await killAt(
      'in a chart',
      async (options) => await site.kboot('up', ['--yes', '-o', 'json'], options),
      ({ type, step }) => type === 'done' && step === 'add-on chart: batch/Job chart/chart-pre-install',
    );
    expect((await site.kubectl(['get', 'deploy', 'chart', '-n', 'chart'])).exitCode).not.toBe(0);
    const made = await up([base, chart({})]);
    expect(made.exitCode, made.stdout.slice(-3000)).toBe(0);
    expect(own(made)).toEqual([
      'create Secret chart/chart',
      'create Deployment chart/chart',
      'create Widget chart/chart',
      'create Job chart/chart-post-install',
    ]);
    const plan = made.events.find(({ type }) => type === 'plan')?.plan as
      { readonly warnings?: readonly string[] } | undefined;
    expect(plan?.warnings?.join('\n')).toContain(
      'add-on chart: hooks of its chart are not run: Job chart-pre-delete (pre-delete)',
    );
    expect(await replicas()).toBe('1');
    expect(made.stdout + made.stderr).not.toContain('hunter2');
    await expectNothingToDo(site);
  });

  test('changed by hand is drift, and mended', async () => {
    await site.kube(['scale', 'deploy/chart', '-n', 'chart', '--replicas=0']);
    const drift = await site.kboot('drift');
    expect(drift.exitCode, drift.stderr).toBe(2);
    expect(drift.stdout).toContain('+  replicas: 1');
    expect(own(await up([base, chart({})]))).toEqual(['update Deployment chart/chart']);
    await expectNothingToDo(site);
  });

  test('is upgraded by its values', async () => {
    const upgraded = await up([base, chart({ replicas: 2 })]);
    expect(upgraded.exitCode, upgraded.stderr).toBe(0);
    expect(own(upgraded)).toEqual(['update Deployment chart/chart']);
    expect(await replicas()).toBe('2');
    const plan = await kboot('plan', [base, chart({ replicas: 2, random: true })]);
    expect(plan.stdout + plan.stderr).toContain(
      'its chart renders other values each time: Secret chart (stringData.password)',
    );
  });

  test('whose webhook does not answer is one message', async () => {
    await put('hooked/Chart.yaml', 'apiVersion: v2\nname: hooked\nversion: 0.1.0\n');
    await put(
      'hooked/templates/hook.yaml',
      webhook('nobody').replaceAll('namespace: shop', 'namespace: hooked'),
    );
    const hooked = {
      name: 'hooked',
      namespace: 'hooked',
      after: ['chart'],
      prune: 'all',
      timeoutSeconds: 5,
      chart: { path: './hooked' },
    };
    const failed = await up([base, chart({ replicas: 2 }), hooked]);
    expect(failed.exitCode).toBe(1);
    expect(failures(failed)).toEqual([
      'not after 5 s: ValidatingWebhookConfiguration widgets: its Service hooked/hook has no ready endpoint',
    ]);
    const without = await up([base, chart({ replicas: 2 })]);
    expect(without.exitCode, without.stderr).toBe(0);
    await expectNothingToDo(site);
  });

  test('is gone with its add-on, and with prune: all its CRD too', async () => {
    const gone = await up([base]);
    expect(gone.exitCode, gone.stderr).toBe(0);
    expect(own(gone)).toEqual([
      'delete Widget chart/chart',
      'delete Deployment chart/chart',
      'delete Job chart/chart-post-install',
      'delete Job chart/chart-pre-install',
      'delete Secret chart/chart',
      'delete CustomResourceDefinition widgets.example.com',
    ]);
    // The Pods go after their Deployment.
    await eventually(30, async () => {
      expect(await site.kube(['get', 'all,secrets', '-n', 'chart', '-o', 'name'])).toBe('');
    });
    await expectNothingToDo(site);
  });
});
