import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LivePlan } from '../../../src/app/make-plan.ts';
import { holdToSaved, savedOfflinePlan, savedPlan, scopeOfSaved } from '../../../src/app/saved/plan.ts';
import type { PlanScope } from '../../../src/plan/scope.ts';
import { openWorkspace, type Workspace } from '../../../src/app/workspace.ts';
import { KbootError } from '../../../src/model/error.ts';
import type { HostObservation } from '../../../src/observe/probe.ts';
import { seal, type SavedPlan } from '../../../src/plan/saved/saved.ts';
import type { ClusterObservation } from '../../../src/observe/cluster.ts';
import type { Plan } from '../../../src/plan/types.ts';
import { resourceId } from '../../../src/resource/kinds.ts';
import { resourcesOf } from '../../../src/app/make-plan.ts';
import { assumedFacts } from '../../../src/model/facts.ts';
import { inventoryWith } from '../../inventory/options.ts';
import { configMap, hostStep, plan, waitStep } from '../../plan/sample.ts';
import { good } from '../../plan/preflight/inspection.ts';

let folder: string;
let inventory: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-saved-'));
  inventory = join(folder, 'lab.yaml');
  writeFileSync(inventory, inventoryWith());
  return () => {
    rmSync(folder, { recursive: true });
  };
});
const scope: PlanScope = { until: 'host', limit: [], ignore: [] };
const asked = { until: undefined, limit: [], ignore: [] };
const open = (): Promise<Workspace> => openWorkspace({ inventory });

interface World {
  readonly machineId?: string;
  readonly without?: string;
  readonly lost?: string;
  readonly api?: ClusterObservation;
  readonly foreignEtcd?: 'absent' | 'present';
  readonly plan?: Plan;
  readonly scope?: PlanScope;
}
const steps = plan({ hostSteps: [hostStep('w-1', 'file /a')] });

/** A live plan as makePlan gives it, of hosts on which everything is there but `without`. */
function live(place: Workspace, world: World = {}): LivePlan {
  const observe = (name: string): HostObservation => {
    const host = place.cluster.hosts.find((each) => each.name === name);
    const wants = host === undefined ? [] : resourcesOf(place, scope, host, assumedFacts);
    return {
      host: name,
      inspection: { ...good({ name, address: '' }), machineId: `${name}${world.machineId ?? ''}` },
      observations: new Map(
        wants.map((want) => [
          resourceId(want),
          resourceId(want) === world.without && name === 'w-1'
            ? { state: 'absent' }
            : { state: 'present', found: 'x' },
        ]),
      ),
    };
  };
  const failed = world.lost === undefined ? [] : [world.lost];
  return {
    plan: world.plan ?? steps,
    findings: [],
    seconds: 0,
    connections: {
      open: new Map(),
      failed: new Map(failed.map((name) => [name, new KbootError('E-CONNECT', 'gone', { host: name })])),
      close: () => Promise.resolve(),
    },
    observed: {
      place,
      scope: world.scope ?? scope,
      hosts: new Map(['cp-1', 'w-1'].map((name) => [name, observe(name)])),
      etcd: { state: 'absent' },
      foreignEtcd: world.foreignEtcd,
      api: world.api,
    },
  };
}

/** What applying `saved` says in another world. */
async function apply(saved: SavedPlan, world: World = {}): Promise<LivePlan> {
  const place = await open();
  const file = { path: 'p.json', saved };
  const found = scopeOfSaved(place, file, asked);
  return holdToSaved(file, live(place, { scope: found, ...world }));
}
const made = async (world: World = {}): Promise<SavedPlan> => {
  const place = await open();
  return JSON.parse(JSON.stringify(savedPlan(place, scope, live(place, world)))) as SavedPlan;
};
const stale = (...lines: string[]): unknown =>
  expect.objectContaining({
    code: 'E-PLAN-STALE',
    context: expect.objectContaining({ detail: lines.join('\n') }) as unknown,
  });

describe('a saved plan', () => {
  it('is what is applied while all is as it was', async () => {
    const saved = await made();
    const held = await apply(saved);
    expect(held.plan).toBe(saved.plan);
  });

  it('is applied whatever is ready now', async () => {
    const wait = waitStep({ kind: 'node-ready', node: 'w-1' });
    expect((await apply(await made(), { plan: plan({ ...steps, clusterSteps: [wait] }) })).plan).toEqual(
      steps,
    );
  });

  it('is refused when a resource of a host changed, and names it', async () => {
    await expect(apply(await made(), { without: 'package kmod' })).rejects.toEqual(
      stale('w-1: package kmod: was x; now absent'),
    );
  });

  it('is refused when a host is another machine', async () => {
    await expect(apply(await made(), { machineId: '-new' })).rejects.toEqual(
      stale('cp-1: machine-id: was cp-1; now cp-1-new', 'w-1: machine-id: was w-1; now w-1-new'),
    );
  });

  it('a host that is gone is unreachable, one that is back makes it stale', async () => {
    await expect(apply(await made(), { lost: 'w-1' })).rejects.toMatchObject({ code: 'E-CONNECT', exit: 4 });
    await expect(apply(await made({ lost: 'w-1' }))).rejects.toEqual(
      stale('w-1: the host: was could not be read; now answers'),
    );
    expect((await apply(await made({ lost: 'w-1' }), { lost: 'w-1' })).plan).toEqual(steps);
  });

  it('is refused when an etcd that someone else runs holds a cluster by now', async () => {
    const place = await open();
    const saved = savedPlan(place, scope, live(place, { foreignEtcd: 'absent' }));
    await expect(apply(saved, { foreignEtcd: 'present' })).rejects.toMatchObject({
      code: 'E-PLAN-STALE',
      context: {
        detail: 'etcd: cluster in the external etcd: was absent; now present',
      },
    });
    expect((await apply(saved, { foreignEtcd: 'absent' })).plan).toEqual(saved.plan);
  });

  it('is refused when an object of the API changed, not when its status did', async () => {
    const api = (data: string, status: string): ClusterObservation => {
      const object = { ...configMap('x', { a: data }), status };
      const metadata = { ...object.metadata, uid: 'u', resourceVersion: status };
      return {
        state: 'present',
        objects: new Map([['ConfigMap x', { ...object, metadata }]]),
        nodes: new Map(),
        pods: new Map(),
      };
    };
    const saved = await made({ api: api('1', 'a') });
    expect((await apply(saved, { api: api('1', 'b') })).plan).toEqual(steps);
    await expect(apply(saved, { api: api('2', 'a') })).rejects.toMatchObject({
      context: {
        detail: expect.stringMatching(
          /^API: ConfigMap x: was uid u, sha256 \w{12}; now uid u, sha256 \w{12}$/,
        ) as unknown,
      },
    });
    await expect(apply(saved, { api: { state: 'unavailable', why: 'x' } })).rejects.toMatchObject({
      exit: 6,
    });
  });

  it('is refused when the inventory says something else, and names the field', async () => {
    const saved = await made();
    writeFileSync(inventory, `# a comment is nothing\n${inventoryWith()}`);
    expect((await apply(saved)).plan).toEqual(steps);
    writeFileSync(inventory, inventoryWith([], ['labels: {zone: b}']));
    await expect(apply(saved)).rejects.toEqual(
      stale(
        'inventory: hosts[w-1].labels: was {}; now absent',
        'inventory: hosts[w-1].labels.zone: was absent; now "b"',
      ),
    );
  });

  it('is refused by another kboot, with other templates, and when this kboot plans something else', async () => {
    const saved = await made();
    const older = seal({ ...saved, basis: { ...saved.basis, kboot: '0.0.9' } });
    await expect(apply(older)).rejects.toMatchObject({
      code: 'E-PLAN-STALE',
      context: { detail: expect.stringContaining('kboot: version: was 0.0.9') as unknown },
    });
    const [template = ''] = Object.keys(saved.basis.templates);
    const other = seal({
      ...saved,
      basis: { ...saved.basis, templates: { ...saved.basis.templates, [template]: 'x' } },
    });
    await expect(apply(other)).rejects.toMatchObject({
      context: { detail: expect.stringContaining(`template: ${template}`) as unknown },
    });
    // However well it is sealed: what kboot would not plan by itself is not run.
    const forged = seal({
      ...saved,
      plan: { ...steps, hostSteps: [hostStep('w-1', 'file /a', { script: 'evil' })] },
    });
    await expect(apply(forged)).rejects.toEqual(stale('plan: w-1: file /a: was create; now create'));
  });

  it('is refused for another cluster, and when it was made offline', async () => {
    const saved = await made();
    writeFileSync(inventory, inventoryWith().replace('name: test', 'name: other'));
    await expect(apply(saved)).rejects.toMatchObject({
      code: 'E-PLAN',
      message: expect.stringContaining('the cluster test') as unknown,
    });
    writeFileSync(inventory, inventoryWith());
    const foreign = seal({ ...saved, basis: { ...saved.basis, state: { 'cluster ID': 'sha256:ab' } } });
    await expect(apply(foreign)).rejects.toMatchObject({
      code: 'E-PLAN',
      message: expect.stringContaining('another cluster test') as unknown,
    });
    const offline = savedOfflinePlan(await open(), scope, plan({ basis: 'offline' }));
    await expect(apply(offline)).rejects.toMatchObject({
      code: 'E-PLAN',
      message: expect.stringContaining('offline') as unknown,
    });
  });

  it('flags may repeat its scope and not contradict it', async () => {
    const place = await open();
    const limited = { until: 'runtime', limit: ['w-1', 'cp-1'], ignore: ['Mem'] } as const;
    const saved = savedPlan(place, limited, live(place, { scope: limited }));
    const file = { path: 'p.json', saved };
    expect(scopeOfSaved(place, file, asked)).toEqual(limited);
    expect(
      scopeOfSaved(place, file, { until: 'runtime', limit: ['cp-1', 'w-1'], ignore: ['NumCPU'] }),
    ).toEqual({
      ...limited,
      ignore: ['Mem', 'NumCPU'],
    });
    for (const other of [
      { ...asked, until: 'host' },
      { ...asked, limit: ['w-1'] },
      { ...asked, renewCerts: true },
    ])
      expect(() => scopeOfSaved(place, file, other)).toThrow(
        expect.objectContaining({
          code: 'E-USAGE',
          message: expect.stringContaining('contradicts p.json') as unknown,
        }) as Error,
      );
  });
});
