import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, expectNothingToDo, hasClusterBundle, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import { hasKubeBench, kubeBench, summary } from './kube-bench.ts';

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', address: '10.77.41.11', roles: ['control-plane'] },
  { name: 'w-1', address: '10.77.41.21', roles: ['worker'] },
];

/** What was seen, for the reader of the run. */
function tell(...values: readonly unknown[]): void {
  process.stdout.write(
    `${values.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join(' ')}\n`,
  );
}

let site: ClusterSite;

const live = test.runIf(hasClusterBundle);

beforeAll(async () => {
  if (!hasClusterBundle) return;
  site = await clusterSite('harden', hosts, { spec: { security: { profile: 'baseline' } } });
});
afterAll(async () => {
  if (hasClusterBundle) await site.close();
});

async function up(profile: object, networkPolicy?: boolean): Promise<void> {
  const networking = { podSubnet: '10.244.0.0/16', ...(networkPolicy !== undefined && { networkPolicy }) };
  const inventory = await site.write('site', { spec: { networking, security: profile } });
  const result = await site.kboot('up', ['--yes', '--verbose'], { inventory });
  tell(result.stdout.slice(-6000), result.stderr.slice(-3000));
  expect(result.exitCode, result.stderr).toBe(0);
  await expectNothingToDo(site);
}

async function bench(title: string): Promise<void> {
  if (!hasKubeBench) return;
  for (const { name } of hosts) {
    const targets =
      name === 'w-1'
        ? (['node'] as const)
        : (['master', 'controlplane', 'etcd', 'node', 'policies'] as const);
    for (const target of targets)
      tell(`## ${title} ${name} ${target}: ${summary(await kubeBench(site, name, [target]))}`);
  }
}

const say = async (host: string, command: string): Promise<void> => {
  tell(`${host}$ ${command}\n${await output(site.lab, host, `{ ${command}; } 2>&1 || true`)}`);
};

async function look(): Promise<void> {
  for (const { name, address } of hosts) {
    await say(
      name,
      `curl -sS -o /dev/null -w '%{http_code}\\n' --cacert /etc/kubernetes/pki/ca.crt https://${address}:10250/healthz`,
    );
    await say(
      name,
      'stat -c "%a %U:%G %n" /var/lib/kubelet/* /var/lib/kubelet/pki/* /etc/systemd/system/kubelet.service /etc/systemd/system/kubelet.service.d/* /etc/cni/net.d/* /etc/kubernetes/* /etc/kubernetes/*/*',
    );
    await say(name, 'cat /var/lib/kubelet/config.yaml');
    await say(
      name,
      'sysctl vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes',
    );
  }
  await say(
    'cp-1',
    'ls -la /var/lib/etcd /var/lib/etcd/member/* /etc/kubernetes/pki/etcd; ps -o user,pid,args -C etcd; ps -o args -C kube-apiserver | tr " " "\\n" | grep kubelet; id etcd',
  );
  const pods = await site.kube(['get', 'pods', '-A', '-o', 'wide']);
  tell(pods);
  tell((await site.kubectl(['logs', '-n', 'kube-system', 'etcd-cp-1', '--tail=2'])).stdout);
  const proxy =
    pods
      .split('\n')
      .find((line) => line.includes('kube-proxy') && line.includes('w-1'))
      ?.split(/\s+/)[1] ?? '';
  const logs = await site.kubectl(['logs', '-n', 'kube-system', proxy, '--tail=2']);
  tell(logs.exitCode, logs.stdout, logs.stderr);
  tell((await site.kubectl(['get', '--raw', '/api/v1/nodes/w-1/proxy/configz'])).stdout);
  tell((await site.kboot('certs')).stdout);
}

live(`baseline, restricted, kubeadm${unlessSkipped}`, async () => {
  await up({ profile: 'baseline' });
  await up({ profile: 'restricted', denyByDefault: false }, false);
  await look();
  await bench('restricted');
  await up({ profile: 'kubeadm' });
  await look();
  await bench('kboot-kubeadm');
  await up({ profile: 'baseline' });
  await look();
});
