import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { eventually } from '../e2e/cluster.ts';
import { watchApi } from '../e2e/watch.ts';
import {
  answerReadyzWith,
  installStandIn,
  makeServingPair,
  standInKubeconfig,
  standInUnit,
} from './api-stand-in.ts';
import { offerPackages } from './debian-packages.ts';
import { holders, holdersDuring, oneHolder, watchHolders } from './holders.ts';
import { stepLines } from './kboot.ts';
import type { KbootResult, Site, SiteHost } from './kboot.ts';
import { debianSite } from './three-hosts.ts';
import { output, traceDifferences, traces } from './traces.ts';
import type { Traces } from './traces.ts';

// haproxy and keepalived on real hosts, without Kubernetes: api-stand-in.ts replaces the API servers.
// The tests run on one site, in order.

const virtualIP = '10.79.31.100';
const otherVirtualIP = '10.79.31.101';
const port = 8443;
const names = ['cp-1', 'cp-2', 'cp-3'] as const;
const hosts: readonly SiteHost[] = names.map((name, index) => ({
  name,
  roles: ['control-plane'],
  address: `10.79.31.${11 + index}`,
}));
/** Another cluster on the same bridge. */
const otherHosts: readonly SiteHost[] = [
  { name: 'lb-1', roles: ['load-balancer'], address: '10.79.31.21' },
  { name: 'lb-2', roles: ['load-balancer', 'control-plane'], address: '10.79.31.22' },
];
const all = [...hosts, ...otherHosts].map(({ name }) => name);

/** Its stand-ins for API servers run before kboot sets up the hosts: preflight takes them for another cluster's. */
const withStandIn = { preflight: { ignore: ['Port-6443'] } };

let site: Site;
let inventory: string;
let other: string;
let kubeconfig: string;
let before: ReadonlyMap<string, Traces>;
/** The first holder of the other cluster's virtual IP: no drill below affects it. */
let otherHolder: string | undefined;

beforeAll(async () => {
  site = await debianSite('load-balancer', hosts, { hosts: [...hosts, ...otherHosts] });
  inventory = await site.write('cluster', {
    spec: { loadBalancer: { virtualIP, port, virtualRouterID: 51 }, ...withStandIn },
  });
  other = await writeOther(52);
  const pair = await makeServingPair([virtualIP]);
  kubeconfig = join(site.dir, 'kubeconfig');
  await writeFile(kubeconfig, standInKubeconfig(`https://${virtualIP}:${port}`, pair), { mode: 0o600 });
  await Promise.all(names.map((name) => installStandIn(site.lab, name, pair)));
  // Every other lab host comes with them.
  await offerPackages(site.lab, 'lb-1', ['haproxy', 'keepalived']);
  before = await everyHost((name) => traces(site.lab, name));
});

afterAll(() => site.close());

afterEach(async () => {
  if (otherHolder !== undefined) expect(await holders(site.lab, otherVirtualIP)).toEqual([otherHolder]);
});

test('a virtual IP that another machine holds is refused, also if hosts have a neighbour entry of it', async () => {
  const mac = (await output(site.lab, 'lb-1', 'cat /sys/class/net/eth0/address')).trim();
  await output(site.lab, 'lb-1', `ip address add ${virtualIP}/32 dev eth0`);
  const remembered = `ip neighbour replace ${virtualIP} dev eth0 lladdr ${mac} nud stale`;
  for (const first of ['true', remembered]) {
    await Promise.all(names.map((name) => output(site.lab, name, first)));
    const refused = await site.kboot('up', ['--until', 'load-balancer', '--yes'], { inventory });
    expect(refused, refused.stdout + refused.stderr).toMatchObject({ exitCode: 5 });
    expect(refused.stderr).toContain(
      `${virtualIP} is already in use by a machine with the MAC address ${mac}`,
    );
  }
  for (const name of names)
    expect(await output(site.lab, name, 'ls /var/lib/kboot 2>/dev/null || true'), name).toBe('');
  await output(site.lab, 'lb-1', `ip address delete ${virtualIP}/32 dev eth0`);
  await Promise.all(names.map((name) => output(site.lab, name, `ip neighbour flush to ${virtualIP}`)));
});

test('two clusters on one bridge: each virtual IP has one holder, also when a load balancer joins; a second up changes nothing', async () => {
  await writeOther(52, otherHosts.slice(1));
  for (const result of await Promise.all([up(inventory), up(other)]))
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  await ourHolder();
  otherHolder = await oneHolder(site.lab, otherVirtualIP, 10_000);
  expect(otherHolder).toBe('lb-2');

  await writeOther(52);
  const watch = watchHolders(site.lab, otherVirtualIP);
  const joined = await up(other);
  // A single holder releases it for some seconds while it gets a peer; nobody else takes it.
  expect((await watch.stop()).filter((seen) => seen !== '')).toEqual(['lb-2']);
  expect(joined, joined.stdout + joined.stderr).toMatchObject({ exitCode: 0 });
  expect(await oneHolder(site.lab, otherVirtualIP, 5000)).toBe('lb-2');
  expect(await holdersDuring(site.lab, otherVirtualIP, 5000)).toEqual(['lb-2']);
  const again = await Promise.all([up(inventory), up(other)]);
  expect(again.map(stepLines)).toEqual([[], []]);
  expect(again.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
});

test('a running load balancer that left the inventory is refused: it would hold the virtual IP too', async () => {
  await writeOther(52, otherHosts.slice(1));
  const refused = await site.kboot('up', ['--until', 'load-balancer', '--yes'], { inventory: other });
  expect(refused, refused.stdout + refused.stderr).toMatchObject({ exitCode: 5 });
  expect(refused.stderr).toContain(
    `its peer 10.79.31.21 left the inventory, but its load balancer still runs (port ${port}): once the others no longer contact it, it takes the virtual IP as a second holder`,
  );
  await writeOther(52);
  expect(stepLines(await up(other))).toEqual([]);
});

test.each([
  ['is stopped', `systemctl stop ${standInUnit}`, `systemctl start ${standInUnit}`],
  ['is not ready', answerReadyzWith(500), answerReadyzWith(200)],
])('an API server %s: no haproxy uses it, the virtual IP stays where it is', async (what, hurt, heal) => {
  const holder = await ourHolder();
  await drill(`API server ${what}`, 2000, async () => {
    await output(site.lab, holder, hurt);
    await expectServer(holder, 'DOWN');
    await expectToKeep(holder, 3000);
    await output(site.lab, holder, heal);
    await expectServer(holder, 'UP');
    await expectToKeep(holder, 1000);
  });
});

test('haproxy stops on the holder: the virtual IP moves, and stays when haproxy is back', async () => {
  const holder = await ourHolder();
  await drill('haproxy stopped and started', 5000, async () => {
    await output(site.lab, holder, 'systemctl stop haproxy');
    const next = await ourHolder(holder);
    await output(site.lab, holder, 'systemctl start haproxy');
    await expectToKeep(next, 6000);
  });
});

test.each(names)('power cut of %s, and its boot', async (name) => {
  const holder = await ourHolder();
  await drill(`power cut of ${name}${name === holder ? ', the holder' : ''}`, 5000, async () => {
    await site.lab.kill(name);
    const next = await ourHolder(name);
    if (name !== holder) expect(next).toBe(holder);
    await site.lab.boot(name);
    await expectToKeep(next, 6000);
  });
});

test("the holder's cable is pulled and plugged back", async () => {
  const holder = await ourHolder();
  await drill('cable pulled and plugged back', 5000, async () => {
    await site.lab.cut(holder);
    const next = await ourHolder(holder);
    await site.lab.mend(holder);
    await expectToKeep(next, 6000);
  });
});

test('the holder is isolated by a failed switch: two hold the virtual IP, and one does after the repair', async () => {
  const holder = await ourHolder();
  const bridgePort = `port${hosts.find(({ name }) => name === holder)?.address.split('.')[3] ?? ''}`;
  await drill('network split and repaired', 5000, async () => {
    // Unlike with a pulled cable, the host does not lose its carrier.
    await site.lab.exec(['ip', 'link', 'set', bridgePort, 'nomaster']);
    await eventually(10, async () => {
      expect(await holders(site.lab, virtualIP)).toHaveLength(2);
    });
    await site.lab.exec(['ip', 'link', 'set', bridgePort, 'master', 'lab0']);
    await expectToKeep(await ourHolder(), 4000);
  });
});

test.each([
  ['whole', 'systemctl kill --signal=KILL --kill-whom=all keepalived'],
  ['main process', 'systemctl kill --signal=KILL --kill-whom=main keepalived'],
  ['child', 'kill -9 $(pgrep -P $(systemctl show -p MainPID --value keepalived))'],
])('SIGKILL for keepalived on the holder, %s', async (part, command) => {
  const holder = await ourHolder();
  const processes = `pgrep -x keepalived | tr '\\n' ' '`;
  const killed = await output(site.lab, holder, processes);
  await drill(`keepalived killed, ${part}`, 5000, async () => {
    await output(site.lab, holder, command);
    const next = await ourHolder(holder);
    await expectToKeep(next, 3000);
  });
  expect(await output(site.lab, holder, 'systemctl is-active keepalived')).toBe('active');
  const now = await output(site.lab, holder, processes);
  expect(now.trim().split(' ')).toHaveLength(2);
  expect(now).not.toBe(killed);
});

test('everything loses power; two of three come back: the virtual IP has one holder and answers', async () => {
  await Promise.all(names.map((name) => site.lab.kill(name)));
  await Promise.all([site.lab.boot('cp-2'), site.lab.boot('cp-3')]);
  await ourHolder();
  await drill('two of three after a power cut of all', 2000, async () => {
    await site.lab.boot('cp-1');
    await expectToKeep(await ourHolder(), 4000);
  });
  expect(stepLines(await up(inventory))).toEqual([]);
});

test('the other cluster takes the same router id: each virtual IP still has one holder, and moves independently', async () => {
  const holder = await ourHolder();
  otherHolder = undefined;
  await drill('another cluster with the same router id', 2000, async () => {
    const result = await up(await writeOther(51));
    expect(stepLines(result)).toEqual(
      ['lb-1', 'lb-2'].flatMap((name) => [
        `${name} update file /etc/keepalived/keepalived.conf`,
        `${name} update unit keepalived`,
      ]),
    );
    const otherFirst = await oneHolder(site.lab, otherVirtualIP, 10_000);
    await output(site.lab, otherFirst, 'systemctl stop haproxy');
    otherHolder = await oneHolder(site.lab, otherVirtualIP, 10_000, otherFirst);
    await output(site.lab, otherFirst, 'systemctl start haproxy');
    expect(all.slice(3)).toContain(otherHolder);
    await expectToKeep(holder, 4000);
  });
});

/** Traces that a reset may leave on hosts, each with its reason. */
const permitted: readonly RegExp[] = [
  // A holder must not remove its lock file. On a tmpfs.
  /^folders \+ \/run\/kboot\|d$/,
  // Debian's haproxy leaves them behind whenever its service ends; on a tmpfs.
  /^folders \+ \/run\/haproxy(-master\.sock|\.pid)\|/,
  // systemd's mount point for BindReadOnlyPaths= in Debian's haproxy.service.
  /^folders \+ \/var\/lib\/haproxy\/dev\/log\|/,
  // A boot target that both services require.
  /^units \+ network-online\.target /,
];

test('reset removes the virtual IP, haproxy and keepalived, and does not affect the other cluster', async () => {
  await reset(inventory, names);
  expect(await holders(site.lab, otherVirtualIP)).toEqual([otherHolder]);
  otherHolder = undefined;
  await reset(other, ['lb-2']);
  // On hosts where they were not installed before, the packages stay: disabled, with their own configuration.
  const states = 'for u in haproxy keepalived; do systemctl is-enabled $u; systemctl is-active $u; done';
  const changed = 'ls /etc/haproxy/haproxy.cfg; dpkg --verify haproxy | grep /etc/haproxy';
  expect((await output(site.lab, 'lb-1', `${states}; ${changed}; true`)).split('\n')).toEqual([
    ...['disabled', 'inactive', 'disabled', 'inactive'],
    '/etc/haproxy/haproxy.cfg',
  ]);
  for (const address of [virtualIP, otherVirtualIP]) expect(await holders(site.lab, address)).toEqual([]);
});

/** Resets a cluster; its hosts are as they were before kboot. */
async function reset(file: string, its: readonly string[]): Promise<void> {
  const result = await site.kboot('reset', ['--yes'], { inventory: file });
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  for (const name of its) {
    const first = before.get(name);
    if (first === undefined) throw new Error(name);
    const left = traceDifferences(first, await traces(site.lab, name));
    expect(
      left.filter((line) => !permitted.some((each) => each.test(line))),
      name,
    ).toEqual([]);
  }
}

function writeOther(virtualRouterID: number, balancers = otherHosts): Promise<string> {
  return site.write('other', {
    name: 'other',
    hosts: balancers,
    spec: { loadBalancer: { virtualIP: otherVirtualIP, port, virtualRouterID } },
  });
}

function up(file: string): Promise<KbootResult> {
  return site.kboot('up', ['--until', 'load-balancer', '--yes', '-o', 'json'], { inventory: file });
}

async function everyHost<T>(look: (name: string) => Promise<T>): Promise<ReadonlyMap<string, T>> {
  return new Map(await Promise.all(all.map(async (name) => [name, await look(name)] as const)));
}

/** The one host that holds the virtual IP, within 10 s; not `not`, and never one of the other cluster's. */
async function ourHolder(not?: string): Promise<string> {
  const holder = await oneHolder(site.lab, virtualIP, 10_000, not);
  expect(names).toContain(holder);
  return holder;
}

/** `holder`, and nobody else, holds the virtual IP for as long as `ms`. */
async function expectToKeep(holder: string, ms: number): Promise<void> {
  expect(await holdersDuring(site.lab, virtualIP, ms)).toEqual([holder]);
}

/** Every haproxy of the cluster sees an API server as `state`, within 10 s. */
async function expectServer(server: string, state: 'UP' | 'DOWN'): Promise<void> {
  const states = `echo show stat | socat - /run/haproxy/admin.sock | grep '^kube-apiserver,${server},' | cut -d, -f18`;
  for (const name of names)
    await eventually(10, async () => {
      expect(await output(site.lab, name, states), `${server} as ${name} sees it`).toBe(state);
    });
}

/** A client that requests the virtual IP every 100 ms never waits longer than `atMostMs` during the drill. */
async function drill(title: string, atMostMs: number, happens: () => Promise<void>): Promise<void> {
  const { longestGapMs, answered } = await watchApi(site.lab, kubeconfig, happens);
  process.stdout.write(`${title}: longest gap ${longestGapMs} ms, ${answered} answers\n`);
  expect(longestGapMs, title).toBeLessThanOrEqual(atMostMs);
}
