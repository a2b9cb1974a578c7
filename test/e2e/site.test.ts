import { afterAll, beforeAll, expect, test } from 'vitest';
import { offerPackages } from '../lab/debian-packages.ts';
import type { KbootResult, SiteHost, SiteSpec } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, hasClusterBundle, unlessSkipped, type ClusterSite } from './cluster.ts';

/*
 * What a site asks for, changed on a cluster that runs: NTP servers, a runtime of one's own for some hosts, and no
 * kube-proxy any more.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.77.47.11' },
  { name: 'w-1', roles: ['worker'], address: '10.77.47.12' },
];
const ntp = { servers: ['10.77.47.1', 'ntp.example.com'] };
const runtimes = [{ name: 'own', hosts: ['w-1'], binary: '/opt/own/own-runc' }];
const lab = { kubeProxy: { config: { conntrack: { maxPerCore: 0 } } } };
const pod = (name: string, runtime: string): string =>
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
    spec: {
      runtimeClassName: runtime,
      containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10.2' }],
    },
  });

let site: ClusterSite;

async function kboot(verb: string, spec: SiteSpec, rest: readonly string[] = []): Promise<KbootResult> {
  await site.write('site', { spec });
  return await site.kboot(verb, rest);
}
async function up(spec: SiteSpec): Promise<string> {
  const { exitCode, stdout, stderr } = await kboot('up', spec, ['--yes']);
  expect(exitCode, stdout.slice(-3000) + stderr.slice(-3000)).toBe(0);
  process.stdout.write(stdout);
  const again = await kboot('plan', spec, ['--detailed-exitcode']);
  expect(again.exitCode, again.stdout).toBe(0);
  return stdout;
}
const onHost = (host: string, command: string): Promise<string> => output(site.lab, host, command);

beforeAll(async () => {
  if (!hasClusterBundle) return;
  site = await clusterSite('site', hosts);
  for (const { name } of hosts) await offerPackages(site.lab, name, ['chrony']);
  await up(lab);
});
afterAll(async () => {
  if (hasClusterBundle) await site.close();
});

const it = test.runIf(hasClusterBundle);

it(`a runtime whose program is missing is refused by name${unlessSkipped}`, async () => {
  const { exitCode, stdout, stderr } = await kboot('up', { ...lab, runtimes }, ['--yes']);
  expect(exitCode).toBe(5);
  expect(`${stdout}${stderr}`).toContain(
    '/opt/own/own-runc is not installed, and Pods of the RuntimeClass own do not start without it',
  );
});

it('a runtime for one host: its containerd restarts, and Pods of its RuntimeClass run there', async () => {
  await onHost('w-1', 'mkdir -p /opt/own && cp /usr/local/sbin/runc /opt/own/own-runc');
  const before = await onHost('cp-1', 'systemctl show -p MainPID --value containerd');
  const printed = await up({ ...lab, runtimes });
  expect(printed).toMatch(/RuntimeClass own/);
  expect(await onHost('cp-1', 'systemctl show -p MainPID --value containerd')).toBe(before);
  expect(await onHost('w-1', 'containerd config dump | grep -c own-runc')).toBe('1');
  await site.kube(['apply', '-f', '-'], pod('own', 'own'));
  await eventually(120, async () => {
    expect(await site.kube(['get', 'pod', 'own', '-o', 'jsonpath={.status.phase} {.spec.nodeName}'])).toBe(
      'Running w-1',
    );
  });
  expect(
    await onHost('w-1', 'cat /run/containerd/io.containerd.runtime.v2.task/k8s.io/*/options.json'),
  ).toContain('/opt/own/own-runc');
});

it('without it, the RuntimeClass, the label and the entry are gone', async () => {
  await site.kube(['delete', 'pod', 'own', '--wait=true']);
  await up(lab);
  expect(await site.kube(['get', 'runtimeclass', '-o', 'name'])).toBe('');
  expect(await site.kube(['get', 'node', 'w-1', '-o', 'jsonpath={.metadata.labels}'])).not.toContain(
    'runtime',
  );
  expect(await onHost('w-1', 'containerd config dump | grep -c own-runc || true')).toBe('0');
});

it('NTP servers: chrony where nothing keeps the time, restarted for a change, and as before without them', async () => {
  const file = '/etc/chrony/sources.d/kboot.sources';
  const pid = (): Promise<string> => onHost('cp-1', 'systemctl show -p MainPID --value chrony');
  await up({ ...lab, ntp });
  expect(
    await onHost('cp-1', `cat ${file}; chronyc -n sources | grep -c 10.77.47.1; systemctl is-active chrony`),
  ).toBe(
    '# Written by kboot: spec.ntp.servers\nserver 10.77.47.1 iburst prefer\nserver ntp.example.com iburst prefer\n1\nactive',
  );
  const before = await pid();
  await up({ ...lab, ntp: { servers: ['10.77.47.2'] } });
  expect(await onHost('cp-1', `grep -c 10.77.47.2 ${file}`)).toBe('1');
  expect(await pid()).not.toBe(before);
  await up(lab);
  expect(await onHost('cp-1', `ls ${file} 2>/dev/null; systemctl is-active chrony`)).toBe('active');
});

it('kube-proxy off: its Pods and rules go, those of the kubelet stay, and on again, Services work', async () => {
  const chains = 'iptables-save 2>/dev/null | grep -cE "^:KUBE-(SVC|SEP|SERVICES|NODEPORTS)" || true';
  expect(Number(await onHost('w-1', chains))).toBeGreaterThan(2);
  const off = { kubeProxy: { enabled: false } };
  const plan = await kboot('plan', off);
  process.stdout.write(plan.stdout);
  expect(plan.stdout).toContain('DaemonSet kube-system/kube-proxy');
  await up(off);
  for (const { name } of hosts) {
    expect(await onHost(name, chains)).toBe('0');
    expect(
      Number(await onHost(name, 'iptables-save 2>/dev/null | grep -c "^:KUBE-" || true')),
    ).toBeGreaterThan(0);
    expect(await onHost(name, 'pgrep -c -x kube-proxy || true')).toBe('0');
  }
  expect(await site.kube(['get', 'daemonset,configmap,sa', '-n', 'kube-system', '-o', 'name'])).not.toContain(
    'kube-proxy',
  );
  expect(await site.kube(['get', 'cm', 'kubeadm-config', '-n', 'kube-system', '-o', 'yaml'])).toMatch(
    /proxy:\n +disabled: true/,
  );
  await up(lab);
  await eventually(60, async () => {
    expect(Number(await onHost('w-1', chains))).toBeGreaterThan(2);
  });
});
