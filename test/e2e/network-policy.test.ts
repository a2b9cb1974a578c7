import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, eventually, expectNothingToDo, hasClusterBundle, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

/*
 * NetworkPolicies on real hosts. KBOOT_BUNDLE needs an image of kube-network-policies; on a kernel without nft_queue it must
 * be one that queues in another way, and the preflight check that refuses such a kernel is ignored.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', address: '10.77.42.11', roles: ['control-plane'] },
  { name: 'w-1', address: '10.77.42.21', roles: ['worker'] },
  { name: 'w-2', address: '10.77.42.22', roles: ['worker'] },
];

const networking = { podSubnet: '10.244.0.0/16', networkPolicy: true };
const security = { profile: 'restricted', encryptSecrets: false };

const pod = (name: string, node: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name} } }
spec:
  nodeName: ${node}
  containers:
    - name: main
      image: docker.io/library/busybox:kboot
      imagePullPolicy: Never
      command: [sh, -c, 'mkdir /tmp/w; echo ${name} > /tmp/w/index.html; httpd -f -p 8000 -h /tmp/w']
`;

const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: only-friend, namespace: shop }
spec:
  podSelector: { matchLabels: { app: server } }
  policyTypes: [Ingress]
  ingress:
    - from: [{ podSelector: { matchLabels: { app: friend } } }]
`;

/** What was seen, for the reader of the run. */
function say(...values: readonly unknown[]): void {
  process.stdout.write(
    `${values.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join(' ')}\n`,
  );
}

let site: ClusterSite;

beforeAll(async () => {
  if (!hasClusterBundle) return;
  site = await clusterSite('netpol', hosts, { spec: { networking, security } });
});
afterAll(async () => {
  if (hasClusterBundle) await site.close();
});

async function reaches(from: string, address: string): Promise<boolean> {
  const { exitCode } = await site.kubectl([
    'exec',
    '-n',
    'shop',
    from,
    '--',
    ...['timeout', '3', 'wget', '-q', '-O', '-'],
    `http://${address}:8000/`,
  ]);
  return exitCode === 0;
}

test.runIf(hasClusterBundle)(`NetworkPolicies are enforced, and no longer${unlessSkipped}`, async () => {
  const refused = await site.kboot('up', ['--yes']);
  say(refused.exitCode, refused.stdout.slice(-1500), refused.stderr.slice(-1500));
  const inventory = await site.write('site', {
    spec: { networking, security, preflight: { ignore: ['NetworkPolicy'] } },
  });
  const made = await site.kboot('up', ['--yes'], { inventory });
  say(made.stdout.slice(-1500), made.stderr.slice(-2500));
  expect(made.exitCode, made.stderr).toBe(0);
  await expectNothingToDo(site);

  await site.kube(['create', 'namespace', 'shop']);
  await site.kube(['label', 'namespace', 'shop', 'pod-security.kubernetes.io/enforce=privileged']);
  for (const [name, node] of [
    ['server', 'w-1'],
    ['friend', 'w-2'],
    ['other', 'w-2'],
    ['near', 'w-1'],
  ] as const)
    await site.kube(['apply', '-f', '-'], pod(name, node));
  await site.kube(['wait', '-n', 'shop', '--for=condition=Ready', 'pod', '--all', '--timeout=90s']);
  const address = await site.kube(['get', 'pod', '-n', 'shop', 'server', '-o', 'jsonpath={.status.podIP}']);
  const all = async (): Promise<Record<string, boolean>> => ({
    friend: await reaches('friend', address),
    other: await reaches('other', address),
    near: await reaches('near', address),
  });
  expect(await all(), 'without a policy').toEqual({ friend: true, other: true, near: true });
  await site.kube(['apply', '-f', '-'], policy);
  await eventually(30, async () => {
    const seen = await all();
    say('with the policy', seen);
    expect(seen).toEqual({ friend: true, other: false, near: false });
  });
  const served = await site.kboot('verify', ['--security']);
  say(served.stdout);
  expect(served.exitCode, served.stdout + served.stderr).toBe(0);
  expect(served.stdout).toMatch(/no longer reaches a Pod/);
  say(await site.kube(['get', 'pods,ds,networkpolicy', '-A', '-o', 'wide']));
  const logs = await site.kubectl([
    'logs',
    '-n',
    'kube-system',
    '-l',
    'k8s-app=kube-network-policies',
    '--tail=15',
    '--prefix',
  ]);
  say(logs.stdout, logs.stderr);
  for (const host of ['w-1', 'w-2'])
    say(
      await output(
        site.lab,
        host,
        'nft list table inet kube-network-policies 2>&1 | head -60; ss -Hltn | grep -E "9080|8081|7472|10249|2381"',
      ),
    );
  // DNS from Pods and from hosts; the other ports of CoreDNS are closed to Pods.
  const dns = await site.kubectl([
    'exec',
    '-n',
    'shop',
    'other',
    '--',
    'nslookup',
    'kubernetes.default.svc.cluster.local',
    '10.96.0.10',
  ]);
  say('dns', dns.exitCode, dns.stdout, dns.stderr);
  const verified = await site.kboot('verify');
  say(verified.exitCode, verified.stdout.slice(-2500), verified.stderr.slice(-800));

  await site.write('site', {
    spec: { networking: { podSubnet: '10.244.0.0/16' }, security: { ...security, profile: 'kubeadm' } },
  });
  const back = await site.kboot('up', ['--yes']);
  say(back.stdout.slice(-3000), back.stderr.slice(-1500));
  expect(back.exitCode, back.stderr).toBe(0);
  await expectNothingToDo(site);
  await eventually(30, async () => {
    expect(await all()).toEqual({ friend: true, other: true, near: true });
  });
  say(await site.kube(['get', 'pods,ds,networkpolicy', '-A']));
  say(await output(site.lab, 'w-1', 'nft list tables; getent passwd etcd || echo no etcd user'));
});
