import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { lockCluster } from '../../src/app/cluster-lock.ts';
import { makePlan, type LivePlan } from '../../src/app/make-plan.ts';
import { carryOut } from '../../src/app/up.ts';
import { openWorkspace, type Workspace } from '../../src/app/workspace.ts';
import type { ApplyResult } from '../../src/apply/run.ts';
import type { Stage } from '../../src/model/stage.ts';
import { selectHosts } from '../../src/plan/select-hosts.ts';
import { changesAnything, gatesOf, hostOf, stepsOf, tasksOf } from '../../src/plan/steps.ts';
import { connectOptions } from '../transport/sshd.ts';
import { fleetOf, type FleetCluster } from './cluster-of.ts';
import type { FleetHost } from './fleet.ts';

const count = 24;
let folder: string;
let fleet: FleetCluster;
let workspace: Workspace;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-fleet-'));
  const inventory = join(folder, 'inventory.yaml');
  fleet = await fleetOf(count, inventory);
  workspace = await openWorkspace({ inventory });
}, 60_000);
afterAll(async () => {
  await fleet.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  for (const host of fleet.hosts.values()) Object.assign(host, { delayMs: 0, readyAfterMs: 0, fails: false });
  fleet.fill();
  fleet.setDead([...fleet.hosts.keys()], false);
  fleet.forget();
});

const host = (name: string): FleetHost => {
  const found = fleet.hosts.get(name);
  if (found === undefined) throw new Error(`no host ${name}`);
  return found;
};
const planned = async (
  until: Stage,
  { limit = [], concurrency = 8 }: { readonly limit?: readonly string[]; readonly concurrency?: number } = {},
): Promise<LivePlan> =>
  makePlan(
    workspace,
    { until, limit: selectHosts(workspace.cluster, limit), ignore: [] },
    connectOptions({ connectTimeoutMs: 60_000 }),
    concurrency,
  );
/** Every host that is worked on listens to it. */
const unending = (): AbortSignal => {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  return signal;
};
/** As `kboot up` does it, with the lock of the cluster. */
const done = async ({ plan, connections }: LivePlan): Promise<ApplyResult> => {
  const lock = await lockCluster(workspace, connections, 'test', { say: () => undefined });
  const result = await carryOut(workspace, plan, connections, () => undefined, unending(), {
    lockToken: lock.token,
  });
  await lock.release(true);
  return result;
};
const others = (...names: string[]): FleetHost[] =>
  [...fleet.hosts.values()].filter(({ name }) => !names.includes(name));
const planes = ['cp-1', 'cp-2', 'cp-3'];
const workers = (): FleetHost[] => others(...planes);
/** Hosts that something was written on, other than the lock of the cluster. */
const written = (): string[] => others().flatMap(({ name, sessions }) => (sessions > 0 ? [name] : []));

it('a plan without changes: one connection for each host, one exec for each worker; nothing writes', async () => {
  const { plan, connections, findings } = await planned('addon');
  await connections.close();
  expect(findings).toEqual([]);
  expect([...connections.failed.values()].map(({ message }) => message)).toEqual([]);
  expect(changesAnything(plan)).toBe(false);
  expect(others().every(({ connections: opened }) => opened === 1)).toBe(true);
  expect(workers().every(({ execs }) => execs === 1)).toBe(true);
  // The second one reads what API servers encrypt with.
  expect(planes.map((name) => host(name).execs)).toEqual([2, 2, 2]);
  expect(others().every(({ sessions, locks }) => sessions + locks === 0)).toBe(true);
  expect(fleet.api.requests.filter((request) => !request.startsWith('GET '))).toEqual([]);
});

it('one node is added: only it and the API are changed, and the API is not asked for each Node', async () => {
  fleet.setInstalled(['w-9'], false);
  const live = await planned('addon');
  expect(new Set(tasksOf(live.plan.phases).map(({ on }) => hostOf(on)))).toEqual(new Set(['w-9', undefined]));
  const reading = fleet.api.requests.length;
  const { executed, failures } = await done(live);
  await live.connections.close();
  expect(failures).toEqual([]);
  expect(executed).toBe(stepsOf(live.plan).length);
  expect(written()).toEqual(['w-9']);
  expect(host('w-9')).toMatchObject({ connections: 1, execs: 2, sessions: 1 });
  // The lock of the cluster is on control planes.
  expect(others('w-9').filter(({ locks }) => locks > 0)).toEqual(planes.map(host));
  expect(workers().filter(({ execs }) => execs !== 1)).toEqual([host('w-9')]);
  const asked = fleet.api.requests.slice(reading);
  expect(asked.filter((request) => /w-(?!9\b)/.test(request))).toEqual([]);
  expect(asked.filter((request) => /\/(nodes|pods)$/.test(request))).toEqual([]);
  const again = await planned('addon');
  await again.connections.close();
  expect(changesAnything(again.plan)).toBe(false);
});

it('a new cluster: every host has one connection, and one session that writes', async () => {
  fleet.empty();
  const live = await planned('addon');
  const { executed, failures } = await done(live);
  await live.connections.close();
  expect(failures).toEqual([]);
  expect(executed).toBe(stepsOf(live.plan).length);
  expect(others().map(({ connections, sessions }) => [connections, sessions])).toEqual(
    others().map(() => [1, 1]),
  );
  const again = await planned('addon');
  await again.connections.close();
  expect(changesAnything(again.plan)).toBe(false);
});

it('gates of a new cluster whose hosts take a while read lists, and not each Pod or the Pods on each node', async () => {
  fleet.empty();
  for (const host of others()) host.readyAfterMs = 2500;
  const live = await planned('addon');
  const reading = fleet.api.requests.length;
  const { failures } = await done(live);
  await live.connections.close();
  expect(failures).toEqual([]);
  const asked = fleet.api.requests.slice(reading);
  expect(asked.filter((request) => request.includes('/kube-system/pods?limit=')).length).toBeGreaterThan(2);
  expect(asked.filter((request) => /\/pods\/|nodeName/.test(request))).toEqual([]);
  // Each Node is read before it is marked.
  expect(asked.filter((request) => request.startsWith('GET /api/v1/nodes/'))).toHaveLength(count);
});

it('a dead node in a cluster without changes: there is nothing to do, and nothing is waited for', async () => {
  fleet.setDead(['w-4'], true);
  const planning = planned('addon');
  await vi.waitUntil(() => others('w-4').every(({ execs }) => execs > 0), { timeout: 60_000 });
  fleet.drop(['w-4']);
  const { plan, connections } = await planning;
  await connections.close();
  expect([...connections.failed.keys()]).toEqual(['w-4']);
  expect([...stepsOf(plan), ...gatesOf(plan)]).toEqual([]);
});

it('a dead node does not stop others from being added', async () => {
  fleet.setInstalled(['w-9'], false);
  fleet.setDead(['w-4'], true);
  const planning = planned('addon');
  await vi.waitUntil(() => others('w-4').every(({ execs }) => execs > 0), { timeout: 60_000 });
  fleet.drop(['w-4']);
  const live = await planning;
  expect([...live.connections.failed.keys()]).toEqual(['w-4']);
  const { failures } = await done(live);
  await live.connections.close();
  expect(failures).toEqual([]);
  expect(written()).toEqual(['w-9']);
});

it('dead hosts cost the others nothing: they are read while those do not answer', async () => {
  const dead = ['cp-1', 'cp-2', 'w-2'];
  for (const name of dead) host(name).dead = true;
  const planning = planned('runtime', { concurrency: 1 });
  await vi.waitUntil(() => others(...dead).every(({ execs }) => execs === 1), { timeout: 60_000 });
  fleet.drop(dead);
  const { connections } = await planning;
  await connections.close();
  expect([...connections.failed.keys()]).toEqual(dead);
  expect(connections.open.size).toBe(count - dead.length);
});

it('--limit reads the selected hosts and the control planes, and changes only those selected', async () => {
  fleet.empty();
  const { plan, connections } = await planned('runtime', { limit: ['w-1*', '!w-11'] });
  await connections.close();
  const changed = [...new Set(tasksOf(plan.phases).flatMap(({ on }) => hostOf(on) ?? []))];
  expect(changed).toEqual(['w-1', 'w-10', ...[12, 13, 14, 15, 16, 17, 18, 19].map((n) => `w-${n}`)]);
  expect(others().filter(({ execs }) => execs > 0)).toHaveLength(10 + 3);
});

it('with maxFailures, hosts that had not begun are not touched', async () => {
  fleet.empty();
  host('w-1').fails = true;
  const { plan, connections } = await planned('runtime');
  // Control planes are not among those that wait for a place.
  const concurrency = 2;
  const result = await carryOut(workspace, plan, connections, () => undefined, unending(), {
    maxFailures: 1,
    concurrency,
  });
  await connections.close();
  expect(result.stoppedAfter).toBe(1);
  expect(result.failures.map(({ host: failed }) => failed)).toEqual(['w-1']);
  // What had begun ends its task of the stage host; no task of the stage runtime starts after the failure.
  expect(result.executed).toBeLessThan(stepsOf(plan).length);
  expect(result.held.length).toBeGreaterThan(0);
  expect(host('w-21').steps).toBe(0);
});
