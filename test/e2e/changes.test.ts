import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labKubelet, type KbootResult, type SiteHost, type SiteSpec } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, hasClusterBundle, restarted, running, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

/*
 * What changing a field does to a cluster that runs: what the plan says before, and what hosts show after.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.77.41.11' },
  { name: 'w-1', roles: ['worker'], address: '10.77.41.21' },
  { name: 'w-2', roles: ['worker'], address: '10.77.41.22' },
];

let site: ClusterSite;
let inventory: string;

async function change(spec: SiteSpec, of: readonly SiteHost[] = hosts): Promise<void> {
  inventory = await site.write('changed', { spec, hosts: of });
}
const kboot = (verb: string, args: readonly string[] = []): Promise<KbootResult> =>
  site.kboot(verb, args, { inventory });
/** Applies the change; returns what the plan said. */
async function apply(): Promise<string> {
  const result = await kboot('up', ['--yes']);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  const again = await kboot('drift');
  expect(again, again.stdout).toMatchObject({ exitCode: 0 });
  return result.stdout;
}
const onEach = (script: string): Promise<readonly string[]> =>
  Promise.all(hosts.map(({ name }) => output(site.lab, name, script)));
const runningOnEach = (): Promise<readonly (readonly string[])[]> =>
  Promise.all(hosts.map(({ name }) => running(site, name)));

describe.skipIf(!hasClusterBundle)(`changed fields on a cluster that runs${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('changes', hosts);
    inventory = site.inventory;
    await apply();
  });

  afterAll(() => site.close());

  test.each([
    ['podSubnet', '10.240.0.0/16', '10.244.0.0/16', 'the Pod CIDR of a Node cannot change'],
    ['serviceSubnet', '10.200.0.0/16', '10.96.0.0/12', 'the addresses of Services cannot change'],
    [
      'dnsDomain',
      'k8s.example',
      'cluster.local',
      'running Pods and certificates have the names of the old domain',
    ],
  ])('%s is refused, and nothing restarts', async (field, value, was, why) => {
    const before = await runningOnEach();
    await change({ networking: { [field]: value } });
    for (const verb of ['plan', 'up']) {
      const { exitCode, stdout, stderr } = await kboot(verb, verb === 'up' ? ['--yes'] : []);
      expect(exitCode).toBe(5);
      expect(`${stdout}${stderr}`).toContain(
        `spec.networking.${field} is ${value}, but the cluster runs with ${was}`,
      );
      expect(`${stdout}${stderr}`).toContain(why);
      expect(`${stdout}${stderr}`).toContain(`Set it back to ${was}.`);
    }
    const after = await runningOnEach();
    expect(before.flatMap((lines, index) => restarted(lines, after[index] ?? []))).toEqual([]);
  });

  test('a host that is called something else is refused', async () => {
    await change({}, [...hosts.slice(0, 2), { name: 'w-9', roles: ['worker'], address: '10.77.41.22' }]);
    const { exitCode, stderr, stdout } = await kboot('up', ['--yes']);
    expect(exitCode).toBe(5);
    expect(`${stdout}${stderr}`).toContain(
      'this machine is Node w-2 of the cluster, but the inventory calls it w-9: a Node cannot be renamed',
    );
  });

  test('the MTU of flannel: the plan says that it rolls, and every host has it', async () => {
    expect(await onEach('cat /sys/class/net/flannel.1/mtu')).toEqual(['1450', '1450', '1450']);
    await change({ networking: { flannel: { mtu: 1400 } } });
    const before = await runningOnEach();
    const said = await apply();
    expect(said).toMatch(/spec\.networking\.flannel\.mtu: not set → 1400 {2}rolls flannel/);
    expect(said).toContain('Rolls out flannel.');
    expect(await onEach('cat /sys/class/net/flannel.1/mtu')).toEqual(['1350', '1350', '1350']);
    const after = await runningOnEach();
    const gone = new Set(before.flatMap((lines, index) => restarted(lines, after[index] ?? [])));
    expect([...gone].filter((name) => name !== 'pause')).toEqual(['flanneld']);
  });

  test("flannel's backend: Pods reach each other by the routes of the hosts", async () => {
    await change({ networking: { flannel: { backend: 'host-gw' } } });
    expect(await apply()).toMatch(/spec\.networking\.flannel\.backend: not set → host-gw {2}rolls flannel/);
    const routes = await onEach('ip route show | grep -c "^10\\.244\\..* via 10\\.77\\.41\\."');
    expect(routes).toEqual(['2', '2', '2']);
    const { exitCode, stdout, stderr } = await kboot('verify');
    expect(exitCode, `${stdout}${stderr}`).toBe(0);
  });

  test("kube-proxy's mode: its DaemonSet rolls, and Services are reached through the new rules", async () => {
    await change({ kubeProxy: { config: { conntrack: { maxPerCore: 0 }, mode: 'nftables' } } });
    expect(await apply()).toMatch(/spec\.kubeProxy\.config {2}rolls kube-proxy/);
    for (const tables of await onEach('nft list tables')) expect(tables).toContain('ip kube-proxy');
    const answers = await onEach(
      'curl -sk --max-time 5 -o /dev/null -w "%{http_code}" https://10.96.0.1/readyz',
    );
    expect(answers).toEqual(['200', '200', '200']);
  });

  test("the kubelet's configuration: hosts restart one after another", async () => {
    await change({ kubelet: { config: { ...labKubelet, maxPods: 77 } } });
    const plan = await kboot('plan');
    expect(plan.stdout).toContain('one host after another');
    await apply();
    const pods = ['get', 'nodes', '-o', 'jsonpath={.items[*].status.capacity.pods}'];
    await eventually(30, async () => {
      expect(await site.kube(pods)).toBe('77 77 77');
    });
  });

  test("the CPU manager's policy: its checkpoint goes, and every kubelet starts with the new one", async () => {
    await change({
      kubelet: { config: { ...labKubelet, cpuManagerPolicy: 'static', reservedSystemCPUs: '0' } },
    });
    expect(await apply()).toContain('cpuManagerPolicy none becomes static');
    const policies = await onEach(
      `grep -o '"policyName":"[^"]*"' /var/lib/kubelet/cpu_manager_state | cut -d'"' -f4`,
    );
    expect(policies).toEqual(['static', 'static', 'static']);
  });

  test('a zone of the Corefile: CoreDNS rolls, and answers for it', async () => {
    const extraBlocks = 'example.test:53 {\n    hosts {\n        192.0.2.9 a.example.test\n    }\n}\n';
    await change({ dns: { extraBlocks } });
    expect(await apply()).toMatch(/spec\.dns\.extraBlocks {2}rolls coredns/);
    const asked = `echo nameserver 10.96.0.10 > /run/dns.conf
      unshare -m sh -c 'mount --bind /run/dns.conf /etc/resolv.conf && getent hosts a.example.test'`;
    for (const answer of await onEach(asked)) expect(answer).toContain('192.0.2.9');
  });

  test('verify is green after all of it', async () => {
    const { exitCode, stdout, stderr } = await kboot('verify');
    expect(exitCode, `${stdout}${stderr}`).toBe(0);
  });
});
