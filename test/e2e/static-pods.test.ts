import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killAt, labKubelet, stepLines } from '../lab/kboot.ts';
import type { KbootOptions, KbootResult, SiteHost, SiteSpec } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, hasClusterBundle, readiness, running, unlessSkipped } from './cluster.ts';
import { restarted } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.79.19.11' },
];
const dataDir = '/mnt/etcd-disk/data';
const policy = '/etc/kubernetes/audit/policy.yaml';
const log = '/var/log/kubernetes/audit.log';

let site: ClusterSite;

/** What operators add to static Pods: a disk for etcd, an audit policy, a Pod of their own. */
function spec(level: string, more: SiteSpec = {}): SiteSpec {
  return {
    etcd: { dataDir, extraEnvs: [{ name: 'ETCD_LOG_LEVEL', value: 'warn' }] },
    apiServer: {
      extraArgs: [
        { name: 'audit-policy-file', value: policy },
        { name: 'audit-log-path', value: log },
      ],
      extraVolumes: [
        { name: 'audit', hostPath: policy, mountPath: policy, readOnly: true, pathType: 'File' },
        {
          ...{ name: 'audit-log', hostPath: '/var/log/kubernetes', mountPath: '/var/log/kubernetes' },
          pathType: 'DirectoryOrCreate',
        },
      ],
    },
    files: [
      {
        path: policy,
        content: `apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: ${level}, resources: [{ group: "", resources: [configmaps] }] }, { level: None }]\n`,
      },
      {
        path: '/etc/kubernetes/manifests/echo.yaml',
        stage: 'control-plane',
        content:
          'apiVersion: v1\nkind: Pod\nmetadata: { name: echo, namespace: kube-system }\nspec: { hostNetwork: true, containers: [{ name: pause, image: "registry.k8s.io/pause:3.10.2" }] }\n',
      },
      {
        path: '/usr/local/bin/backup',
        content: '#!/bin/sh\necho "${BACKUP_DIR:-/var/backups}"\n',
        mode: '755',
      },
    ],
    ...more,
  };
}

const up = (options: KbootOptions = {}): Promise<KbootResult> =>
  site.kboot('up', ['--yes', '-o', 'json'], options);
const on = (command: string): Promise<string> => output(site.lab, 'cp-1', command);
/** Creates a ConfigMap, and returns the levels of its audit entries. */
async function levels(name: string): Promise<readonly string[]> {
  await site.kube(['create', 'configmap', name]);
  return await eventually(20, async () => {
    const entries = await on(`grep -F '"name":"${name}"' ${log}`);
    return [...new Set([...entries.matchAll(/"level":"(\w+)"/g)].map(([, level = '']) => level))];
  });
}

/** One cluster for all tests below, which run in order. */
describe.skipIf(!hasClusterBundle)(`static Pods with an operator's files${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('pods', hosts, { spec: spec('Metadata') });
    await on(`mkdir -p ${dataDir} && mount -t tmpfs tmpfs ${dataDir} && mkdir ${dataDir}/lost+found`);
  });

  afterAll(() => site.close());

  test('up bootstraps with the data of etcd on a disk of its own; again, there is nothing to do', async () => {
    const result = await up();
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    expect(await on(`ls ${dataDir}; [ -e /var/lib/etcd ] || echo none`)).toBe('lost+found\nmember\nnone');
    expect(await readiness(site, ['pods', '-n', 'kube-system'])).toContain('echo-cp-1 Ready');
    expect(await on('BACKUP_DIR=/here backup')).toBe('/here');
    expect(stepLines(await up())).toEqual([]);
  });

  test('the data outlives the container of etcd', async () => {
    await site.kube(['create', 'configmap', 'precious']);
    await on(
      'ctr -n k8s.io tasks kill -s SIGKILL $(ctr -n k8s.io containers list -q \'labels."io.kubernetes.container.name"==etcd,labels."io.cri-containerd.kind"==container\')',
    );
    await eventually(120, () => site.kube(['get', 'configmap', 'precious']));
    expect(stepLines(await eventually(120, up))).toEqual([]);
  });

  test('a changed audit policy restarts the API server alone, also after a crash before that', async () => {
    expect(await levels('first')).toEqual(['Metadata']);
    await site.write('site', { spec: spec('Request') });
    const before = await running(site, 'cp-1');
    await killAt(
      'before the API server restarts',
      up,
      (event) => event.type === 'start' && event.step === 'cp-1: static-pod kube-apiserver',
    );
    const result = await up();
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    // If the API server was down when this run looked, it also sends every object again.
    const onHost = stepLines(result).filter((line) => line.startsWith('cp-1 '));
    expect(onHost.filter((line) => line !== 'cp-1 restart static-pod kube-apiserver')).toEqual([]);
    expect(restarted(before, await running(site, 'cp-1'))).toContain('kube-apiserver');
    expect(await levels('second')).toEqual(['Request']);

    await site.write('site', { spec: spec('RequestResponse') });
    const again = await up();
    expect(stepLines(again)).toEqual([
      `cp-1 update file ${policy}`,
      'cp-1 restart static-pod kube-apiserver',
      'cluster update ConfigMap kube-system/kboot-inventory',
    ]);
    expect(await levels('third')).toEqual(['RequestResponse']);
    expect(stepLines(await up())).toEqual([]);
  });

  test('another data folder is refused, and a file that is missing', async () => {
    const moved = await site.write('moved', {
      spec: spec('RequestResponse', { etcd: { dataDir: '/mnt/new' } }),
    });
    const refused = await site.kboot('up', ['--yes'], { inventory: moved });
    expect(refused).toMatchObject({ exitCode: 5 });
    expect(refused.stdout + refused.stderr).toContain(`but the cluster runs with ${dataDir} (etcd on cp-1)`);
    const missing = await site.write('missing', {
      spec: spec('RequestResponse', {
        scheduler: {
          extraVolumes: [{ name: 'x', hostPath: '/srv/x', mountPath: '/srv/x', pathType: 'File' }],
        },
      }),
    });
    const absent = await site.kboot('plan', [], { inventory: missing });
    expect(absent.stdout + absent.stderr).toContain('/srv/x does not exist');
  });

  test('verify names the node whose serving certificate nobody approves, until it is approved', async () => {
    const kubelet = { config: { ...labKubelet, serverTLSBootstrap: true } };
    await site.write('site', { spec: spec('RequestResponse', { kubelet }) });
    const result = await up();
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    const request = await eventually(60, async () => {
      const list = await site.kube([
        'get',
        'csr',
        '-o',
        'name',
        '--field-selector=spec.signerName=kubernetes.io/kubelet-serving',
      ]);
      expect(list).not.toBe('');
      return list.split('\n').at(-1) ?? '';
    });
    const pending = await site.kboot('verify');
    expect(pending).toMatchObject({ exitCode: 1 });
    expect(pending.stdout).toContain('Kubelet serving certificates: 1 of 1 failed');
    expect(pending.stdout).toContain('is Pending');
    await site.kube(['certificate', 'approve', request]);
    await eventually(60, () => site.kube(['-n', 'kube-system', 'logs', 'etcd-cp-1', '--tail=1']));
    expect((await site.kboot('verify')).stdout).not.toContain('serving');
  });

  test('a user of a directory logs in and becomes root', async () => {
    const user = 'jdoe@corp.example.com';
    await on(`echo '${user}:x:1500:1500::/home/jdoe:/bin/bash' >> /etc/passwd; echo '${user}:*:19000::::::' >> /etc/shadow
mkdir -p /home/jdoe && cp -r /root/.ssh /home/jdoe/ && chown -R 1500:1500 /home/jdoe && chmod 700 /home/jdoe/.ssh
echo '${user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/jdoe`);
    const kubelet = { config: { ...labKubelet, serverTLSBootstrap: true } };
    const inventory = await site.write('directory', {
      ssh: { user },
      spec: spec('RequestResponse', { kubelet }),
    });
    const plan = await site.kboot('plan', ['-o', 'json'], { inventory });
    expect(plan, plan.stdout + plan.stderr).toMatchObject({ exitCode: 0 });
    // The record of the inventory has another user.
    expect(stepLines(plan)).toEqual(['cluster update ConfigMap kube-system/kboot-inventory']);
  });

  test('reset removes the data, and keeps the disk and what is not of etcd', async () => {
    const result = await site.kboot('reset', ['--yes']);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    expect(
      await on(`mountpoint -q ${dataDir} && ls -A ${dataDir}; ls -d /etc/kubernetes 2>&1 | head -n 1`),
    ).toBe("lost+found\nls: cannot access '/etc/kubernetes': No such file or directory");
  });
});
