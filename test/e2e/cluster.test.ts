import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { costs, stepLines } from '../lab/kboot.ts';
import type { KbootResult, SiteHost } from '../lab/kboot.ts';
import { output, traceDifferences, traces } from '../lab/traces.ts';
import type { Traces } from '../lab/traces.ts';
import {
  clusterSite,
  eventually,
  hasClusterBundle,
  readiness,
  restarted,
  running,
  unlessSkipped,
  expectNothingToDo,
} from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import { echoPods } from './echo.ts';
import { kubeadmOf } from './kubeadm.ts';

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.10.11' },
  { name: 'w-1', roles: ['worker'], address: '10.79.10.21', labels: { zone: 'a' } },
  { name: 'w-2', roles: ['worker'], address: '10.79.10.22' },
];
const joiner: SiteHost = { name: 'w-3', roles: ['worker'], address: '10.79.10.23' };
const names = hosts.map((host) => host.name);
const allReady = names.map((name) => `${name} Ready`);

let site: ClusterSite;

/** One cluster for all tests below, which run in order. */
describe.skipIf(!hasClusterBundle)(`the life of a cluster${unlessSkipped}`, () => {
  let before: ReadonlyMap<string, Traces>;

  beforeAll(async () => {
    site = await clusterSite('life', hosts, {
      further: [joiner],
      // `kubeadm join` needs bootstrap tokens, and reads what it joins without credentials.
      spec: { security: { profile: 'kubeadm' } },
    });
    before = await everyHost((name) => traces(site.lab, name));
  });

  afterAll(() => site.close());

  test('up bootstraps it: nodes and Pods are Ready', async () => {
    const result = await up();
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    const summary = result.events.find((event) => event.type === 'summary');
    expect(summary?.['executed']).toBe(summary?.['planned']);
    expect(await readiness(site, ['nodes'])).toEqual(allReady);
    for (const namespace of ['kube-system', 'kube-flannel']) {
      const pods = await readiness(site, ['pods', '-n', namespace]);
      expect(pods.length).toBeGreaterThanOrEqual(3);
      expect(pods.filter((pod) => !pod.endsWith(' Ready'))).toEqual([]);
    }
    expect(await output(site.lab, 'w-1', 'tail -n +2 /proc/swaps; tail -n 1 /etc/fstab')).toMatch(
      /^#kboot# /,
    );
  });

  test('real traffic: DNS, Pods on two workers, Service from a worker and from a Pod, logs, exec', async () => {
    await site.kube(['apply', '-f', '-'], echoPods(['w-1', 'w-2']));
    await site.kube(['wait', '--for=condition=Ready', 'pod', '-l', 'app=echo', '--timeout=60s']);
    await traffic();
    expect(await site.kube(['logs', 'echo-w-1'])).toBe('started echo-w-1');
    expect(await site.kube(['exec', 'echo-w-2', '--', 'hostname'])).toBe('echo-w-2');
  });

  test('a second up changes nothing and restarts nothing; a plan is empty', async () => {
    const ran = await everyHost((name) => running(site, name));
    const result = await site.kboot('up', ['--yes', '--stats']);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toMatch(/^life: nothing to do \(3 hosts, \d+ resources checked in [\d.]+ s\)\n$/);
    for (const { connections, execs } of costs(result).values()) {
      expect(connections).toBe(1);
      expect(execs).toBeLessThanOrEqual(2);
    }
    expect(await everyHost((name) => running(site, name))).toEqual(ran);
    expect(await site.kboot('plan', ['--detailed-exitcode'])).toMatchObject({ exitCode: 0 });
  });

  test('drift of many kinds is shown and repaired, and only affected processes restart', async () => {
    const spoils: readonly (readonly [string, string])[] = [
      [
        'cp-1',
        'cp /etc/kubernetes/pki/apiserver-kubelet-client.crt /etc/kubernetes/pki/front-proxy-client.crt',
      ],
      ['cp-1', 'chmod 644 /etc/kubernetes/pki/sa.key'],
      ['w-1', "sed -i 's/^clusterDomain: .*/clusterDomain: elsewhere/' /var/lib/kubelet/config.yaml"],
    ];
    for (const [host, spoil] of spoils) await output(site.lab, host, spoil);
    await site.kube(['label', 'node', 'w-1', 'zone-', '--overwrite']);
    const patch = JSON.stringify({ data: { kubelet: 'by hand' } });
    await site.kube(['-n', 'kube-system', 'patch', 'configmap', 'kubelet-config', '-p', patch]);
    await site.kube(['delete', 'clusterrolebinding', 'kubeadm:get-nodes']);
    // The API refuses two ports of one name: a plain apply would fail.
    const port = JSON.stringify([{ op: 'replace', path: '/spec/ports/2/port', value: 9154 }]);
    await site.kube(['-n', 'kube-system', 'patch', 'service', 'kube-dns', '--type=json', '-p', port]);
    const ran = await everyHost((name) => running(site, name));

    const plan = await site.kboot('plan', ['--detailed-exitcode']);
    expect(plan, plan.stderr).toMatchObject({ exitCode: 2 });
    expect(plan.stdout).toContain('-(not shown: kboot did not write this line)');
    expect(plan.stdout).toContain('+clusterDomain: cluster.local');
    const mended = await up();
    expect(mended, mended.stdout).toMatchObject({ exitCode: 0 });
    expect([...stepLines(mended)].sort()).toEqual([
      'cluster create ClusterRoleBinding kubeadm:get-nodes',
      'cluster update ConfigMap kube-system/kubelet-config',
      'cluster update Node w-1',
      'cluster update Service kube-system/kube-dns',
      'cp-1 restart static-pod kube-apiserver',
      'cp-1 update file /etc/kubernetes/pki/front-proxy-client.crt',
      'cp-1 update file /etc/kubernetes/pki/sa.key',
      'w-1 restart unit kubelet',
      'w-1 update file /var/lib/kubelet/config.yaml',
    ]);
    const now = await everyHost((name) => running(site, name));
    const changed = names.map((name) => restarted(ran.get(name) ?? [], now.get(name) ?? []));
    // Controller manager and scheduler exit if their only API server is unavailable for 10 s: they lost their lease.
    const led = ['kube-controller', 'kube-scheduler'];
    expect(changed.map((list) => list.filter((program) => !led.includes(program)))).toEqual([
      ['kube-apiserver'],
      ['kubelet.service'],
      [],
    ]);
    await expectNothingToDo(site);
  });

  test('a manifest changed by hand: only its Pod is replaced', async () => {
    const ran = await running(site, 'cp-1');
    await output(
      site.lab,
      'cp-1',
      "sed -i 's/cpu: 100m/cpu: 101m/' /etc/kubernetes/manifests/kube-scheduler.yaml",
    );
    const mended = await up();
    expect(mended, mended.stdout).toMatchObject({ exitCode: 0 });
    expect(stepLines(mended)).toEqual(['cp-1 update static-pod kube-scheduler']);
    await eventually(60, async () => {
      const now = await running(site, 'cp-1');
      // The sandbox of the old Pod is removed, too.
      expect(restarted(ran, now)).toEqual(['kube-scheduler', 'pause']);
      expect(now.filter((line) => line.startsWith('kube-scheduler '))).toHaveLength(1);
    });
    const cpu = '{.spec.containers[0].resources.requests.cpu}';
    expect(
      await site.kube(['-n', 'kube-system', 'get', 'pod', 'kube-scheduler-cp-1', '-o', `jsonpath=${cpu}`]),
    ).toBe('100m');
    await expectNothingToDo(site);
  });

  test("every certificate on the control plane verifies against its authority, and kubeadm's check passes", async () => {
    const script = `set -e
      cd /etc/kubernetes/pki
      openssl verify -CAfile ca.crt apiserver.crt apiserver-kubelet-client.crt
      openssl verify -CAfile etcd/ca.crt etcd/server.crt etcd/peer.crt etcd/healthcheck-client.crt apiserver-etcd-client.crt
      openssl verify -CAfile front-proxy-ca.crt front-proxy-client.crt
      openssl verify -CAfile ca.crt /var/lib/kubelet/pki/kubelet-client-current.pem
      for f in ../admin.conf ../super-admin.conf ../controller-manager.conf ../scheduler.conf; do
        sed -n 's/.*client-certificate-data: //p' $f | base64 -d > /run/test.pem; openssl verify -CAfile ca.crt /run/test.pem
      done; rm /run/test.pem
      find /etc/kubernetes -name '*.crt' | wc -l`;
    const lines = (await output(site.lab, 'cp-1', script)).split('\n');
    // Three of the ten are CAs.
    expect(lines.at(-1)).toBe('10');
    expect(lines.slice(0, -1).filter((line) => !line.endsWith(': OK'))).toEqual([]);
    await sendFile('cp-1', kubeadmOf(process.env['KBOOT_BUNDLE'] ?? ''), '/usr/local/bin/kubeadm-test');
    const check = await site.lab.ssh('cp-1', 'kubeadm-test certs check-expiration');
    expect(check, check.stderr).toMatchObject({ exitCode: 0 });
    expect(check.stdout).toContain('apiserver-kubelet-client');
    expect(check.stdout).not.toContain('MISSING');
  });

  test('kubeadm join adds a node that kboot prepared', async () => {
    const inventory = await site.write('four', { hosts: [...hosts, joiner] });
    const prepared = await site.kboot('up', ['--until', 'runtime', '--limit', 'w-3', '--yes'], { inventory });
    expect(prepared, prepared.stderr).toMatchObject({ exitCode: 0 });
    await sendFile('w-3', kubeadmOf(process.env['KBOOT_BUNDLE'] ?? ''), '/usr/local/bin/kubeadm-test');
    const join = await output(site.lab, 'cp-1', 'kubeadm-test token create --print-join-command 2>/dev/null');
    expect(join).toContain('--discovery-token-ca-cert-hash sha256:');
    const command = join.replace('kubeadm ', 'kubeadm-test ');
    const joined = await site.lab.ssh('w-3', `${command} --ignore-preflight-errors=SystemVerification`);
    expect(joined, joined.stdout + joined.stderr).toMatchObject({ exitCode: 0 });
    await eventually(90, async () => {
      expect(await readiness(site, ['nodes'])).toEqual([...allReady, 'w-3 Ready']);
    });
    await site.kube(['delete', 'node', 'w-3']);
    await site.lab.kill('w-3');
    await expectNothingToDo(site);
  });

  test('after a power cut of all hosts the cluster recovers by itself, with swap off', async () => {
    for (const name of names) await site.lab.kill(name);
    await Promise.all(names.map((name) => site.lab.boot(name)));
    await eventually(120, async () => {
      expect(await readiness(site, ['nodes'])).toEqual(allReady);
      expect((await readiness(site, ['pods', '-A'])).filter((pod) => !pod.endsWith(' Ready'))).toEqual([]);
      await traffic();
    });
    for (const name of names) expect(await output(site.lab, name, 'tail -n +2 /proc/swaps')).toBe('');
    await expectNothingToDo(site);
  });

  /** The traces that a reset may leave, each with its reason; all exceptions are here. */
  const permitted: readonly RegExp[] = [
    // A holder must not remove its lock file: a waiting process and a later one would both get a lock. On a tmpfs.
    /^folders \+ \/run\/kboot\|d$/,
    // The kubelet's unit wants it; a reached target stays reached until the next boot.
    /^units \+ network-online\.target /,
    // This test created it.
    /^folders \+ \/usr\/local\/bin\/kubeadm-test/,
    // kube-proxy mounts /lib/modules; unlike a real host, a lab host has none, and containerd creates it.
    /^folders \+ \/usr\/lib\/modules\|d/,
  ];

  /** Resets, and compares every host with what it was before the first up. */
  async function expectReset(furtherPermitted: readonly RegExp[] = []): Promise<void> {
    const reset = await site.kboot('reset', ['--yes']);
    expect(reset, reset.stderr).toMatchObject({ exitCode: 0 });
    for (const [name, now] of await everyHost((each) => traces(site.lab, each))) {
      const first = before.get(name);
      if (first === undefined) throw new Error(name);
      const left = traceDifferences(first, now).filter(
        (line) => ![...permitted, ...furtherPermitted].some((each) => each.test(line)),
      );
      expect(left, name).toEqual([]);
    }
    expect((await site.kboot('reset', ['--yes'])).stdout).toBe('life: nothing to reset on 3 hosts\n');
  }

  test('reset restores rules, links, mounts, files and units', async () => {
    const rebooted = await everyHost((name) => traces(site.lab, name));
    expect(rebooted).not.toEqual(before);
    await expectReset();
  });

  test('up works with another podSubnet and profile; a reset of it leaves only the audit log', async () => {
    const inventory = await site.write('site', {
      hosts,
      spec: { networking: { podSubnet: '10.200.0.0/16' }, security: { profile: 'baseline' } },
    });
    expect(inventory).toBe(site.inventory);
    const again = await up();
    expect(again, again.stdout).toMatchObject({ exitCode: 0 });
    await site.kube(['apply', '-f', '-'], echoPods(['w-1', 'w-2']));
    await site.kube(['wait', '--for=condition=Ready', 'pod', '-l', 'app=echo', '--timeout=60s']);
    expect(await podAddress('w-2')).toMatch(/^10\.200\./);
    await traffic();
    await expectNothingToDo(site);
    await expectReset([/^folders \+ \/var\/log\/kubernetes(\/audit(\/audit\.log)?)?\|/]);
    expect(await output(site.lab, 'cp-1', 'wc -l < /var/log/kubernetes/audit/audit.log')).not.toBe('0');
  });
});

function up(): Promise<KbootResult> {
  return site.kboot('up', ['--yes', '-o', 'json']);
}

async function everyHost<T>(look: (name: string) => Promise<T>): Promise<ReadonlyMap<string, T>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await look(name)] as const)));
}

function podAddress(host: string): Promise<string> {
  return site.kube(['get', 'pod', `echo-${host}`, '-o', 'jsonpath={.status.podIP}']);
}

/** DNS in a Pod, Pod to Pod both ways, the Service from Pods and from a worker. */
async function traffic(): Promise<void> {
  for (const [from, to] of [
    ['w-1', 'w-2'],
    ['w-2', 'w-1'],
  ] as const) {
    const inPod = (...argv: string[]): Promise<string> => site.kube(['exec', `echo-${from}`, '--', ...argv]);
    expect(await inPod('nslookup', 'kubernetes.default.svc.cluster.local')).toContain('10.96.0.1');
    expect(await inPod('wget', '-qO-', '-T5', `http://${await podAddress(to)}:8080/`)).toBe(`echo-${to}`);
    expect(await inPod('wget', '-qO-', '-T5', 'http://echo.default/')).toMatch(/^echo-w-[12]$/);
  }
  const service = await site.kube(['get', 'service', 'echo', '-o', 'jsonpath={.spec.clusterIP}']);
  for (const host of ['w-1', 'w-2', 'cp-1'])
    expect(await output(site.lab, host, `curl -sS -m 5 http://${service}/`)).toMatch(/^echo-w-[12]$/);
}

async function sendFile(host: string, from: string, to: string): Promise<void> {
  const ssh = site.lab.sshArgv(host).join(' ');
  const script = `${ssh} 'cat > ${to} && chmod 755 ${to}' < ${from}`;
  expect(await site.lab.exec(['sh', '-c', script])).toMatchObject({ exitCode: 0 });
}
