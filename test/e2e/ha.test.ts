import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepLines } from '../lab/kboot.ts';
import type { KbootOptions, KbootResult, SiteHost } from '../lab/kboot.ts';
import { watchHolders } from '../lab/holders.ts';
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
import { watchApi } from './watch.ts';

const virtualIP = '10.79.12.100';
const controlPlane = ['cp-1', 'cp-2', 'cp-3'] as const;
const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.12.11' },
  { name: 'cp-2', roles: ['control-plane'], address: '10.79.12.12' },
  { name: 'cp-3', roles: ['control-plane'], address: '10.79.12.13' },
  { name: 'w-1', roles: ['worker'], address: '10.79.12.21' },
  { name: 'w-2', roles: ['worker'], address: '10.79.12.22' },
];
const spec = {
  loadBalancer: { virtualIP, port: 8443, virtualRouterID: 51 },
  metallb: { pools: [{ name: 'default', addresses: ['10.79.12.200-10.79.12.220'] }] },
};
const allReady = hosts.map(({ name }) => `${name} Ready`);

let site: ClusterSite;
let kubeconfig: string;

/** One cluster for all tests below, which run in order. */
describe.skipIf(!hasClusterBundle)(`a cluster survives the loss of any machine${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('ha', hosts, { spec });
  });

  afterAll(() => site.close());

  test('three control planes and two workers, bootstrapped at once; verify passes; a second up changes nothing', async () => {
    const result = await up();
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    expect(await readiness(site, ['nodes'])).toEqual(allReady);
    await verifyPasses();
    await expectNothingToDo(site);
    kubeconfig = await site.kubeconfig();
    await site.kube(['create', 'namespace', 'drill']);
  });

  test.each(controlPlane)('power cut of %s: 5 s at most without the API', async (name) => {
    await drill(`power cut of ${name}`, 5000, async () => {
      await site.lab.kill(name);
      await seconds(12);
      await site.lab.boot(name);
      await seconds(5);
    });
  });

  test('an API server stops: the VIP stays, 2 s at most', async () => {
    const holder = await holderOfVirtualIP();
    const away = 'mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/';
    await drill('API server away', 2000, async () => {
      await output(site.lab, holder, away);
      await seconds(10);
      expect(await holderOfVirtualIP()).toBe(holder);
      await output(site.lab, holder, 'mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/');
      await seconds(10);
      expect(await holderOfVirtualIP()).toBe(holder);
    });
  });

  test('certificates are renewed in a rollout, kboot is killed and continues: servers present the new ones', async () => {
    const before = await servedSerials();
    await drill('certificates renewed', 5000, async () => {
      let killed = false;
      const first = await site.kboot('up', ['--renew-certs', '--yes', '-o', 'json'], {
        onEvent: (event, kill) => {
          if (killed || event.type !== 'start' || event.step?.startsWith('cp-2: ') !== true) return;
          killed = true;
          kill();
        },
      });
      expect(killed, first.stdout.slice(-3000)).toBe(true);
      const second = await up();
      expect(second, second.stdout + second.stderr).toMatchObject({ exitCode: 0 });
    });
    const after = await servedSerials();
    expect(after.filter((serial) => before.includes(serial))).toEqual([]);
    expect(new Set(after).size).toBe(3 * servingPorts.length);
    await expectNothingToDo(site);
  });

  test('haproxy stops: the VIP moves, 5 s at most', async () => {
    const holder = await holderOfVirtualIP();
    await drill('haproxy stopped', 5000, async () => {
      await output(site.lab, holder, 'systemctl stop haproxy');
      await seconds(6);
      expect(await holderOfVirtualIP()).not.toBe(holder);
      await output(site.lab, holder, 'systemctl start haproxy');
      await seconds(4);
    });
  });

  test('keepalived is killed: one holder within 10 s, 5 s at most', async () => {
    const holder = await holderOfVirtualIP();
    await drill('keepalived killed', 5000, async () => {
      await output(site.lab, holder, 'systemctl kill --signal=KILL --kill-whom=all keepalived');
      await seconds(10);
      await holderOfVirtualIP();
    });
  });

  test("the holder's cable is pulled and plugged back: one holder within 10 s, 5 s at most", async () => {
    const holder = await holderOfVirtualIP();
    await drill('cable pulled', 5000, async () => {
      await site.lab.cut(holder);
      await seconds(10);
      await site.lab.mend(holder);
      await seconds(10);
      await holderOfVirtualIP();
    });
  });

  test('a Service of type LoadBalancer answers at its address before and after its announcer loses power', async () => {
    await site.kube(['apply', '-f', '-'], echoPods(['w-1', 'w-2']));
    const type = JSON.stringify({ spec: { type: 'LoadBalancer' } });
    await site.kube(['patch', 'service', 'echo', '-p', type]);
    await site.kube(['wait', '--for=condition=Ready', 'pod', '-l', 'app=echo', '--timeout=60s']);
    const address = await eventually(30, async () => {
      const found = await site.kube([
        ...['get', 'service', 'echo', '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}'],
      ]);
      expect(found).toMatch(/^10\.79\.12\.2\d\d$/);
      return found;
    });
    const ask = async (): Promise<string> => {
      const answer = await site.lab.exec(['curl', '-sS', '-m', '2', `http://${address}/`]);
      expect(answer, answer.stderr).toMatchObject({ exitCode: 0 });
      return answer.stdout.trim();
    };
    await eventually(30, ask);
    const announcer = await announcerOf(address);
    const other = announcer === 'w-1' ? 'w-2' : 'w-1';
    const cut = Date.now();
    await site.lab.kill(announcer);
    await eventually(90, async () => {
      expect(await ask()).toBe(`echo-${other}`);
    });
    tell(`LoadBalancer address: ${Date.now() - cut} ms after its announcer's power cut it answers`);
    await site.lab.boot(announcer);
    await settled();
  });

  test('everything loses power; two of three control planes come back: the cluster serves', async () => {
    for (const { name } of hosts) await site.lab.kill(name);
    const begun = Date.now();
    await Promise.all([site.lab.boot('cp-2'), site.lab.boot('cp-3')]);
    await eventually(120, async () => {
      await site.kube(['--request-timeout=2s', 'create', 'configmap', `after-${Date.now()}`, '-n', 'drill']);
    });
    tell(`two of three: a write is acknowledged ${Date.now() - begun} ms after power-on`);
    await Promise.all(['cp-1', 'w-1', 'w-2'].map((name) => site.lab.boot(name)));
    await settled();
    await expectNothingToDo(site);
  });

  test('a lost control plane is removed without SSH to it; two of three are refused', async () => {
    await site.lab.kill('cp-2');
    const alone = await site.write('alone', { hosts: hosts.filter(({ name }) => !/cp-[23]/.test(name)) });
    const refused = await site.kboot('up', ['--yes'], { inventory: alone });
    expect(refused, refused.stdout + refused.stderr).toMatchObject({ exitCode: 5 });
    expect(refused.stderr).toContain('E-QUORUM');

    const two = await site.write('two', { hosts: hosts.filter(({ name }) => name !== 'cp-2') });
    const removed = await up({ inventory: two });
    expect(removed, removed.stdout + removed.stderr).toMatchObject({ exitCode: 0 });
    expect(await members()).toEqual(['cp-1 voting', 'cp-3 voting']);
    expect(await readiness(site, ['nodes'])).toEqual(allReady.filter((line) => line !== 'cp-2 Ready'));
    expect(stepLines(await up({ inventory: two }))).toEqual([]);
  });

  test('an empty machine gets its name and address; kboot is killed before it is promoted, and continues', async () => {
    await site.lab.replace('cp-2');
    const holder = await holderOfVirtualIP();
    // It knows the others before they know it, unless they are reconfigured first.
    const watched = watchHolders(site.lab, virtualIP);
    let seen: readonly string[] = [];
    try {
      let killed = false;
      const first = await up({
        onEvent: (event, kill) => {
          if (event.type !== 'start' || event.step?.includes('promote') !== true) return;
          killed = true;
          kill();
        },
      });
      expect(killed, first.stdout.slice(-3000)).toBe(true);
      const second = await up();
      expect(second, second.stdout + second.stderr).toMatchObject({ exitCode: 0 });
    } finally {
      seen = await watched.stop();
    }
    expect(seen).toEqual([holder]);
    expect(await members()).toEqual(['cp-1 voting', 'cp-2 voting', 'cp-3 voting']);
    await settled();
    await verifyPasses();
    await expectNothingToDo(site);
  });
});

/** API server, etcd for clients, etcd for its peers. */
const servingPorts = [6443, 2379, 2380];

/** Serial numbers of the certificates that are served, of every control plane and port. */
async function servedSerials(): Promise<readonly string[]> {
  const ask = (port: number): string =>
    `openssl s_client -connect $A:${port} </dev/null 2>/dev/null | openssl x509 -noout -serial`;
  const all = await Promise.all(
    hosts
      .slice(0, 3)
      .map(({ name, address }) =>
        output(site.lab, name, `A=${address}\n${servingPorts.map(ask).join('\n')}`),
      ),
  );
  return all.flatMap((text) => text.split('\n'));
}

function up(options: KbootOptions = {}): Promise<KbootResult> {
  return site.kboot('up', ['--yes', '-o', 'json'], options);
}

async function verifyPasses(): Promise<void> {
  const verified = await site.kboot('verify');
  expect(verified, verified.stdout + verified.stderr).toMatchObject({ exitCode: 0 });
}

/**
 * Observes a client during a drill: the API is never unavailable for longer than `atMostMs`, and every acknowledged
 * write exists afterwards, once the cluster is healthy again.
 */
async function drill(title: string, atMostMs: number, happens: () => Promise<void>): Promise<void> {
  const { longestGapMs, answered, acknowledged } = await watchApi(site.lab, kubeconfig, happens);
  tell(`${title}: longest gap ${longestGapMs} ms, ${answered} answers, ${acknowledged.length} writes`);
  await settled();
  const there = new Set((await site.kube(['get', 'configmap', '-n', 'drill', '-o', 'name'])).split('\n'));
  expect(acknowledged.filter((name) => !there.has(`configmap/${name}`))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(longestGapMs).toBeLessThanOrEqual(atMostMs);
}

/** The cluster is healthy again according to `kboot status`. */
async function settled(): Promise<void> {
  await eventually(180, async () => {
    const status = await site.kboot('status');
    expect(status, status.stdout).toMatchObject({ exitCode: 0 });
  });
}

/** The one host that holds the virtual IP; waits 10 s at most for exactly one. */
function holderOfVirtualIP(): Promise<string> {
  return eventually(10, async () => {
    const found: string[] = [];
    for (const name of controlPlane)
      if ((await output(site.lab, name, 'ip -4 -o address')).includes(` ${virtualIP}/`)) found.push(name);
    expect(found).toHaveLength(1);
    return found[0] ?? '';
  });
}

/** The host whose hardware address the bridge has for an address. */
async function announcerOf(address: string): Promise<string> {
  const { stdout } = await site.lab.exec(['ip', 'neighbour', 'show', address]);
  const mac = / lladdr (\S+) /.exec(stdout)?.[1] ?? `nobody: ${stdout}`;
  for (const { name } of hosts) if ((await output(site.lab, name, 'ip link')).includes(mac)) return name;
  throw new Error(`no host has the hardware address ${mac}`);
}

/** etcd's members, from `kboot status`. */
async function members(): Promise<readonly string[]> {
  const { events } = await site.kboot('status', ['-o', 'json']);
  const list = events.find(({ type }) => type === 'status')?.['members'] as
    readonly { readonly name: string; readonly role: string }[] | undefined;
  return (list ?? []).map(({ name, role }) => `${name} ${role}`);
}

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));

/** A figure of this run, for people; no test asserts how fast a machine is. */
function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
