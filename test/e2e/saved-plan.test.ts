import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planFiles } from '../lab/exact.ts';
import type { PlanFiles } from '../lab/exact.ts';
import { stepLines } from '../lab/kboot.ts';
import type { SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, hasClusterBundle, readiness, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.77.36.11' },
  { name: 'w-1', roles: ['worker'], address: '10.77.36.21', labels: { zone: 'a', rack: '7' } },
];
const newcomer: SiteHost = { name: 'w-2', roles: ['worker'], address: '10.77.36.22' };
const coredns = 'addons/coredns/coredns.yaml.hbs';

/** Controller manager and scheduler exit if their only API server is unavailable for 10 s. */
const apiRestart = 'cp-1 restart static-pod kube-apiserver';

/** The last step of a plan whose inventory differs from the one that was last applied. */
const recorded = 'cluster update ConfigMap kube-system/kboot-inventory';

let site: ClusterSite;
let plans: PlanFiles;

describe.skipIf(!hasClusterBundle)(`saved plans of a cluster${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('kept', hosts, { further: [newcomer] });
    plans = planFiles(site, 'kept', []);
  });

  afterAll(() => site.close());

  test('a cluster is bootstrapped exactly by the saved plan, and the next plan is empty', async () => {
    await plans.keep();
    await plans.expectExactly();
  });

  test('plans do not change objects of the API, and an empty one does nothing', async () => {
    const versions = (): Promise<string> =>
      site.kube([
        ...[
          'get',
          'configmaps,roles,rolebindings,clusterroles,clusterrolebindings,services,serviceaccounts',
          '-A',
        ],
        ...[
          '-o',
          'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
        ],
      ]);
    const before = await versions();
    for (let run = 0; run < 5; run++) expect(await site.kboot('drift')).toMatchObject({ exitCode: 0 });
    expect(await versions()).toBe(before);
    await plans.keep();
    const result = await site.kboot('up', ['--plan', plans.file, '--yes']);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toContain('kept: nothing to do');
  });

  /** A manual change, the fact that makes an older plan stale, and the steps that repair it. */
  const changes: readonly (readonly [string, () => Promise<unknown>, string, readonly string[]])[] = [
    [
      'a changed object',
      () =>
        site.kube([
          '-n',
          'kube-system',
          'patch',
          'configmap',
          'kubelet-config',
          '-p',
          '{"data":{"kubelet":"by hand"}}',
        ]),
      'API: ConfigMap kube-system/kubelet-config: was uid ',
      ['cluster update ConfigMap kube-system/kubelet-config'],
    ],
    [
      'a deleted object',
      () => site.kube(['delete', 'clusterrolebinding', 'kubeadm:get-nodes']),
      'API: ClusterRoleBinding kubeadm:get-nodes: was uid ',
      ['cluster create ClusterRoleBinding kubeadm:get-nodes'],
    ],
    [
      'a changed label of a Node',
      () => site.kube(['label', 'node', 'w-1', 'zone=b', '--overwrite']),
      'plan: cluster: marks Node w-1: was absent; now update, zone=a',
      ['cluster update Node w-1'],
    ],
    [
      'a changed manifest',
      () =>
        output(
          site.lab,
          'cp-1',
          "sed -i 's/cpu: 100m/cpu: 101m/' /etc/kubernetes/manifests/kube-scheduler.yaml",
        ),
      'cp-1: static-pod kube-scheduler: was ',
      ['cp-1 update static-pod kube-scheduler'],
    ],
    [
      'a changed certificate',
      () => output(site.lab, 'cp-1', 'cp /etc/kubernetes/pki/ca.crt /etc/kubernetes/pki/front-proxy-ca.crt'),
      'cp-1: file /etc/kubernetes/pki/front-proxy-ca.crt: was ',
      [
        apiRestart,
        'cp-1 restart static-pod kube-controller-manager',
        'cp-1 update file /etc/kubernetes/pki/front-proxy-ca.crt',
      ],
    ],
  ];

  test.each(changes)(
    '%s: an older plan is refused, a new one is applied exactly',
    async (_title, change, fact, mended) => {
      const old = join(site.dir, 'old.json');
      await plans.keep(old);
      await change();
      await plans.expectStale(old, [fact]);
      await plans.keep();
      const result = await plans.expectExactly();
      expect([...stepLines(result)].sort()).toEqual(mended);
    },
  );

  test('a field that kboot set and the templates no longer have is drift, and is removed', async () => {
    const templates = join(site.dir, 'templates');
    mkdirSync(join(templates, 'addons/coredns'), { recursive: true });
    const text = readFileSync(join(import.meta.dirname, '../../templates', coredns), 'utf8');
    const more = text.replace(/(kind: ConfigMap\nmetadata:\n)/, '$1  annotations: { once: set }\n');
    expect(more).not.toBe(text);
    writeFileSync(join(templates, coredns), more);
    const inventory = await site.write('own', { spec: { templates } });
    expect(await site.kboot('up', ['--yes'], { inventory })).toMatchObject({ exitCode: 0 });
    const once = [
      '-n',
      'kube-system',
      'get',
      'configmap',
      'coredns',
      '-o',
      'jsonpath={.metadata.annotations.once}',
    ];
    expect(await site.kube(once)).toBe('set');

    const drift = await site.kboot('drift');
    expect(drift, drift.stderr).toMatchObject({ exitCode: 2 });
    expect(drift.stdout).toContain('ConfigMap kube-system/coredns  no longer has metadata.annotations');
    await plans.keep();
    await plans.expectExactly();
    expect(await site.kube(once)).toBe('');
  });

  test('a label that left the inventory is removed from the Node', async () => {
    const [controlPlane, worker] = hosts;
    if (controlPlane === undefined || worker === undefined) throw new Error('hosts');
    await site.write('site', { hosts: [controlPlane, { ...worker, labels: { zone: 'a' } }] });
    await plans.keep();
    const result = await plans.expectExactly();
    expect(stepLines(result)).toEqual(['cluster update Node w-1', recorded]);
    expect(await site.kube(['get', 'node', 'w-1', '-o', 'jsonpath={.metadata.labels}'])).not.toContain(
      'rack',
    );
  });

  test('a node joins by a run that is killed half-way and one of a new plan, and is removed', async () => {
    const three = await site.write('three', { hosts: [...hosts, newcomer] });
    await plans.keep(plans.file, { inventory: three });
    const killed = await site.kboot('up', ['--plan', plans.file, '--yes', '-o', 'json'], {
      inventory: three,
      onEvent: (event, kill) => {
        if (event.type === 'done' && event.step?.startsWith('w-2: file') === true) kill();
      },
    });
    expect(killed.exitCode).not.toBe(0);
    await plans.keep(plans.file, { inventory: three });
    // Another test changes labels of w-1.
    const without = (lines: readonly string[]): readonly string[] =>
      lines.filter((line) => line !== 'cluster update Node w-1' && line !== recorded);
    const came = without(stepLines(await plans.expectExactly({ inventory: three })));
    expect(came.filter((line) => !/^(w-2|cluster \S+ Node w-2)/.test(line))).toEqual([]);
    expect(await readiness(site, ['nodes'])).toContain('w-2 Ready');
    const two = await site.write('two', { hosts });
    await plans.expectStale(plans.file, ['inventory'], { inventory: two });
    await plans.keep(plans.file, { inventory: two });
    expect(without(stepLines(await plans.expectExactly({ inventory: two })))).toEqual([
      'cluster create ValidatingAdmissionPolicy kboot-removed-nodes',
      'cluster create ValidatingAdmissionPolicyBinding kboot-removed-nodes',
      'w-2 update Node w-2',
      'w-2 delete unit kubelet',
      'w-2 delete Node w-2',
    ]);
  });

  test('a changed argument: its field is named, the plan announces the unavailable API, and is applied exactly', async () => {
    await plans.keep();
    const apiServer = { extraArgs: [{ name: 'v', value: '1' }] };
    const inventory = await site.write('argument', { spec: { apiServer } });
    await plans.expectStale(plans.file, ['inventory: apiServer.extraArgs[v].value: was absent; now "1"'], {
      inventory,
    });
    const made = await plans.keep(plans.file, { inventory });
    expect(made.stdout).toContain('The API is unavailable while kube-apiserver restarts.');
    const result = await plans.expectExactly({ inventory, settles: 60 });
    expect(stepLines(result)).toContain('cp-1 update static-pod kube-apiserver');
  });
});
