import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { carryOut } from '../../src/app/up.ts';
import { makePlan, type LivePlan } from '../../src/app/make-plan.ts';
import { openWorkspace, type Workspace } from '../../src/app/workspace.ts';
import { selectHosts } from '../../src/plan/select-hosts.ts';
import { changesAnything, hostOf, stepsOf, tasksOf } from '../../src/plan/steps.ts';
import { connectOptions } from '../transport/sshd.ts';
import { fleetOf } from './cluster-of.ts';
import type { Fleet, FleetHost } from './fleet.ts';

const count = 24;
let folder: string;
let fleet: Fleet;
let workspace: Workspace;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-fleet-'));
  const inventory = join(folder, 'inventory.yaml');
  fleet = await fleetOf(count, inventory);
  workspace = await openWorkspace({ inventory });
}, 60_000);
afterAll(() => {
  fleet.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  for (const host of fleet.hosts.values())
    Object.assign(host, { installed: true, dead: false, delayMs: 0, fails: false });
  fleet.forget();
});

const host = (name: string): FleetHost => {
  const found = fleet.hosts.get(name);
  if (found === undefined) throw new Error(`no host ${name}`);
  return found;
};
const planned = async (limit: readonly string[] = [], concurrency = 8): Promise<LivePlan> =>
  makePlan(
    workspace,
    { until: 'runtime', limit: selectHosts(workspace.cluster, limit), ignore: [] },
    connectOptions({ connectTimeoutMs: 60_000 }),
    concurrency,
  );
const others = (...names: string[]): FleetHost[] =>
  [...fleet.hosts.values()].filter(({ host: { name } }) => !names.includes(name));

it('a plan without changes: one connection and one exec for each host', async () => {
  const { plan, connections, findings } = await planned();
  await connections.close();
  expect(findings).toEqual([]);
  expect([...connections.failed.values()].map(({ message }) => message)).toEqual([]);
  expect(changesAnything(plan)).toBe(false);
  expect(others().map(({ connections: opened, execs }) => [opened, execs])).toEqual(
    others().map(() => [1, 1]),
  );
});

it('one new host: the plan changes it alone, and the others get no step', async () => {
  host('w-9').installed = false;
  const { plan, connections } = await planned();
  expect(new Set(tasksOf(plan.phases).map(({ on }) => hostOf(on)))).toEqual(new Set(['w-9']));
  const { executed, failures } = await carryOut(
    workspace,
    plan,
    connections,
    () => undefined,
    new AbortController().signal,
  );
  await connections.close();
  expect(failures).toEqual([]);
  expect(executed).toBe(stepsOf(plan).length);
  expect(host('w-9')).toMatchObject({ connections: 1, execs: 2, steps: executed });
  expect(others('w-9').map(({ execs, steps }) => [execs, steps])).toEqual(others('w-9').map(() => [1, 0]));
  const again = await planned();
  await again.connections.close();
  expect(changesAnything(again.plan)).toBe(false);
});

it('dead hosts cost the others nothing: they are read while those do not answer', async () => {
  const dead = ['cp-1', 'cp-2', 'w-2'];
  for (const name of dead) host(name).dead = true;
  const planning = planned([], 1);
  await vi.waitUntil(() => others(...dead).every(({ execs }) => execs === 1), { timeout: 60_000 });
  fleet.drop(dead);
  const { connections } = await planning;
  await connections.close();
  expect([...connections.failed.keys()]).toEqual(dead);
  expect(connections.open.size).toBe(count - dead.length);
});

it('--limit reads the selected hosts and the control planes, and changes only those selected', async () => {
  for (const each of others()) each.installed = false;
  const { plan, connections } = await planned(['w-1*', '!w-11']);
  await connections.close();
  const changed = [...new Set(tasksOf(plan.phases).flatMap(({ on }) => hostOf(on) ?? []))];
  expect(changed).toEqual(['w-1', 'w-10', ...[12, 13, 14, 15, 16, 17, 18, 19].map((n) => `w-${n}`)]);
  expect(others().filter(({ execs }) => execs > 0)).toHaveLength(10 + 3);
});

it('with maxFailures, hosts that had not begun are not touched', async () => {
  for (const each of others()) each.installed = false;
  host('w-1').fails = true;
  const { plan, connections } = await planned();
  // Control planes are not among those that wait for a place.
  const concurrency = 2;
  const result = await carryOut(workspace, plan, connections, () => undefined, new AbortController().signal, {
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
