import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepLines } from '../lab/kboot.ts';
import type { KbootResult, SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import {
  clusterSite,
  eventually,
  hasClusterBundle,
  readiness,
  unlessSkipped,
  expectNothingToDo,
} from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import { echoPods } from './echo.ts';

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.30.11' },
  { name: 'w-1', roles: ['worker'], address: '10.79.30.21' },
  { name: 'w-2', roles: ['worker'], address: '10.79.30.22' },
];
const allReady = hosts.map(({ name }) => `${name} Ready`);

/** What a kubelet creates to register, and to renew its certificate. */
const attempts: Readonly<Record<string, string>> = {
  Node: 'echo "{apiVersion: v1, kind: Node, metadata: {name: w-2}}"',
  CSR: `request=$(openssl req -new -newkey rsa:2048 -nodes -keyout /dev/null -subj /O=system:nodes/CN=system:node:w-2 2>/dev/null | base64 -w0)
    echo "{apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest, metadata: {name: again}, spec: {request: $request, signerName: kubernetes.io/kube-apiserver-client-kubelet, usages: [digital signature, client auth]}}"`,
};

let site: ClusterSite;

/** What people take away with kubectl, and one `up` brings back. The tests run in order, on one cluster. */
describe.skipIf(!hasClusterBundle)(`a cluster that people change with kubectl${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('kubectl', hosts);
  });

  afterAll(() => site.close());

  test('what flannel left of an earlier cluster is removed before the kubelet starts', async () => {
    // As a reset by another tool leaves it: no CNI plugin removed anything, and the host did not boot.
    await output(
      site.lab,
      'w-1',
      `set -e
      mkdir -p /run/flannel /var/lib/cni/networks/cbr0
      printf 'FLANNEL_NETWORK=10.244.0.0/16\\nFLANNEL_SUBNET=10.244.7.1/24\\nFLANNEL_MTU=1400\\nFLANNEL_IPMASQ=true\\n' > /run/flannel/subnet.env
      echo 1234 > /var/lib/cni/networks/cbr0/10.244.7.2
      ip link add cni0 type bridge && ip addr add 10.244.7.1/24 dev cni0 && ip link set cni0 up
      ip link add flannel.1 type vxlan id 1 dev eth0 dstport 8472 nolearning && ip addr add 10.244.7.0/32 dev flannel.1`,
    );
    const result = await up();
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    expect(stepLines(result)).toContain('w-1 delete pod-network leftovers');
    expect(stepLines(result).filter((line) => line.includes('pod-network'))).toHaveLength(1);
    expect(await readiness(site, ['nodes'])).toEqual(allReady);
    await site.kube(['apply', '-f', '-'], echoPods(['w-1', 'w-2']));
    await podsStart();
    expect(await bridgeOf('w-1')).toBe(await gatewayOf('w-1'));
    await expectAllWell();
  });

  test.each(['w-1', 'cp-1'])('kubectl delete node %s: one up, and Pods start there', async (name) => {
    const before = await podCIDROf(name);
    await site.kube(['delete', 'node', name]);
    const status = await site.kboot('status');
    expect(status.exitCode).not.toBe(0);
    expect(status.stdout).toContain('the API has no Node for it');
    const result = await up();
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    expect(stepLines(result)).toContain(`${name} restart unit kubelet`);
    expect(await readiness(site, ['nodes'])).toEqual(allReady);
    expect(await podCIDROf(name)).not.toBe(before);
    if (name !== 'cp-1') {
      await site.kube(['delete', 'pod', '-l', 'app=echo', '--ignore-not-found']);
      await site.kube(['apply', '-f', '-'], echoPods(['w-1', 'w-2']));
      await podsStart();
      expect(await bridgeOf(name)).toBe(await gatewayOf(name));
    }
    await expectAllWell();
    const verified = await site.kboot('verify');
    expect(verified, verified.stdout + verified.stderr).toMatchObject({ exitCode: 0 });
  });

  test('a host that left the inventory stays out: after a boot, and even if its kubelet starts', async () => {
    const inventory = await site.write('site', { hosts: hosts.filter(({ name }) => name !== 'w-2') });
    expect(inventory).toBe(site.inventory);
    const result = await up();
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    expect(stepLines(result)).toContain('w-2 delete unit kubelet');
    await site.lab.kill('w-2');
    await site.lab.boot('w-2');
    expect(
      await output(site.lab, 'w-2', 'systemctl is-active kubelet; systemctl is-enabled kubelet; true'),
    ).toBe('inactive\ndisabled');
    // Somebody starts it: it registers no Node, and renews no certificate.
    await output(site.lab, 'w-2', 'systemctl start kubelet');
    for (const [kind, object] of Object.entries(attempts)) {
      const refused = await site.lab.ssh(
        'w-2',
        `{ ${object}\n} | kubectl --kubeconfig /etc/kubernetes/kubelet.conf create -f - 2>&1`,
      );
      expect(refused.exitCode, kind).not.toBe(0);
      expect(refused.stdout).toContain('node w-2 was removed from the kboot inventory; add it back');
    }
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    expect(await readiness(site, ['nodes'])).toEqual(allReady.filter((each) => !each.startsWith('w-2')));
    expect(stepLines(await up())).toEqual([]);

    await site.write('site', { hosts });
    const back = await up();
    expect(back, back.stdout + back.stderr).toMatchObject({ exitCode: 0 });
    expect(await readiness(site, ['nodes'])).toEqual(allReady);
    expect(await site.kube(['get', 'validatingadmissionpolicies', '-o', 'name'])).toBe('');
    await expectAllWell();
  });

  test('a Node that came back with another podCIDR by itself: said by status, mended by up, Pods restart in place', async () => {
    await site.kube(['delete', 'node', 'w-2']);
    await output(site.lab, 'w-2', 'systemctl restart kubelet');
    await eventually(60, async () => {
      expect(await readiness(site, ['nodes'])).toEqual(allReady);
    });
    expect(await bridgeOf('w-2')).not.toBe(await gatewayOf('w-2'));
    expect((await site.kboot('status')).stdout).toMatch(/w-2.*podCIDR/);
    const planned = await site.kboot('plan', ['--detailed-exitcode']);
    expect(planned).toMatchObject({ exitCode: 2 });
    const result = await up();
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    expect(stepLines(result)).toContain('w-2 update pod-network cni0');
    await site.kube(['delete', 'pod', '-l', 'app=echo', '--ignore-not-found']);
    await site.kube(['apply', '-f', '-'], echoPods(['w-1', 'w-2']));
    await podsStart();
    expect(await bridgeOf('w-2')).toBe(await gatewayOf('w-2'));
    await expectAllWell();
    expect(await site.kboot('verify')).toMatchObject({ exitCode: 0 });
  });
});

function up(): Promise<KbootResult> {
  return site.kboot('up', ['--yes', '-o', 'json']);
}

async function expectAllWell(): Promise<void> {
  await expectNothingToDo(site);
  expect(await site.kboot('status')).toMatchObject({ exitCode: 0 });
}

async function podsStart(): Promise<void> {
  await site.kube(['wait', '--for=condition=Ready', 'pod', '-l', 'app=echo', '--timeout=60s']);
}

function podCIDROf(node: string): Promise<string> {
  return site.kube(['get', 'node', node, '-o', 'jsonpath={.spec.podCIDR}']);
}

/** The address that the bridge of a node must have. */
async function gatewayOf(node: string): Promise<string> {
  return (await podCIDROf(node)).replace('.0/', '.1/');
}

function bridgeOf(host: string): Promise<string> {
  return output(
    site.lab,
    host,
    'ip -o addr show dev cni0 scope global 2>/dev/null | while read -r _ _ f a _; do [ $f = inet ] && echo $a; done; true',
  );
}
