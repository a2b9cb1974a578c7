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
import { digestOf, seal, type SavedPlan } from '../../../src/plan/saved/saved.ts';
import type { ClusterObservation } from '../../../src/observe/cluster.ts';
import type { Gate, Plan, Step, Task } from '../../../src/plan/types.ts';
import { desiredInApi, desiredOn } from '../../../src/plan/desired.ts';
import type { Resource } from '../../../src/resource/types.ts';
import { resourceId } from '../../../src/resource/kinds.ts';
import { assumedFacts } from '../../../src/model/facts.ts';
import { lockText } from '../../../src/catalog/release-lock.ts';
import { lockedRelease } from '../../samples/lock.ts';
import { inventoryWith } from '../../samples/inventory-options.ts';
import { configMap, gate, phaseOf, plan, shellStep } from '../../samples/plan.ts';
import { good } from '../../samples/inspection.ts';
import { noWork } from '../../samples/install-work.ts';

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
const steps = plan({ phases: [phaseOf('host', [[{ host: 'w-1' }, [shellStep('w-1', '/a')]]])] });

/** A live plan as from makePlan, of hosts in the desired state except for `without`. */
function live(workspace: Workspace, world: World = {}): LivePlan {
  const { cluster, desire, preflightIgnore, toIssue } = workspace;
  const hosts = cluster.hosts.filter(({ name }) => ['cp-1', 'w-1'].includes(name));
  const resourcesOn = (name: string): readonly Resource[] =>
    hosts
      .filter((host) => host.name === name)
      .flatMap((host) => desiredOn(desire, scope, host, assumedFacts));
  const observe = (name: string): HostObservation => {
    const wants = resourcesOn(name);
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
  const lost = world.lost === undefined ? [] : [world.lost];
  const failed = new Map(lost.map((name) => [name, new KbootError('E-CONNECT', 'gone', { host: name })]));
  const of = world.scope ?? scope;
  return {
    plan: world.plan ?? steps,
    findings: [],
    seconds: 0,
    connections: { open: new Map(), failed, close: () => Promise.resolve() },
    known: {
      ...{ cluster, desire, toIssue, scope: of },
      ignore: preflightIgnore,
      desired: desiredInApi(desire, of),
    },
    seen: {
      hosts: new Map(hosts.map(({ name }) => [name, observe(name)])),
      failed,
      etcd: { hosts: [], members: { state: 'absent' } },
      externalEtcd: undefined,
      api: world.api,
      endpoint: undefined,
      metHooks: new Set(),
      former: new Map(),
      served: new Map(),
      snapshots: [],
    },
    decision: {
      ...noWork,
      hosts,
      perHost: new Map(hosts.map(({ name }) => [name, { resources: resourcesOn(name), changes: [] }])),
      failed,
      findings: [],
      externalEtcd: world.foreignEtcd,
      upgrade: undefined,
      inventoryChanges: undefined,
      api: world.api,
      formerHosts: [],
      warnings: [],
    },
  };
}

/** The result of applying `saved` to other observations. */
async function apply(saved: SavedPlan, world: World = {}): Promise<LivePlan> {
  const workspace = await open();
  const file = { path: 'p.json', saved };
  const found = scopeOfSaved(workspace, file, asked);
  return holdToSaved(file, live(workspace, { scope: found, ...world }));
}
const made = async (world: World = {}): Promise<SavedPlan> => {
  const workspace = await open();
  return JSON.parse(JSON.stringify(savedPlan(workspace, scope, live(workspace, world)))) as SavedPlan;
};
const stale = (...lines: string[]): unknown =>
  expect.objectContaining({
    code: 'E-PLAN-STALE',
    context: expect.objectContaining({ detail: lines.join('\n') }) as unknown,
  });

describe('a saved plan', () => {
  it('is applied if nothing has changed', async () => {
    expect((await apply(await made())).plan).toEqual(steps);
  });

  it('only decides whether the live plan runs: nothing of the file is executed', async () => {
    const saved = await made();
    const now = structuredClone(steps);
    const held = await apply(saved, { plan: now });
    expect(held.plan).toBe(now);
    expect(held.plan).not.toBe(saved.plan);
  });

  it('is refused if a resource of a host changed, which is named', async () => {
    await expect(apply(await made(), { without: 'package kmod' })).rejects.toEqual(
      stale('w-1: package kmod: was x; now absent'),
    );
  });

  it('is refused if what kboot.lock.yaml has for the version changed', async () => {
    const file = join(folder, 'kboot.lock.yaml');
    const locked = lockedRelease();
    const other = lockedRelease('v1.35.6');
    writeFileSync(file, lockText([locked]));
    const saved = await made();
    writeFileSync(file, lockText([locked, other]));
    expect((await apply(saved)).plan).toEqual(steps);
    writeFileSync(file, lockText([{ ...locked, containerd: '2.2.9' }]));
    await expect(apply(saved)).rejects.toMatchObject({
      code: 'E-PLAN-STALE',
      context: {
        detail: expect.stringMatching(
          /^inventory: kboot\.lock\.yaml: was sha256 .*; now sha256 .*$/,
        ) as string,
      },
    });
  });

  it('is refused if a host is another machine', async () => {
    await expect(apply(await made(), { machineId: '-new' })).rejects.toEqual(
      stale('cp-1: machine-id: was cp-1; now cp-1-new', 'w-1: machine-id: was w-1; now w-1-new'),
    );
  });

  it('a host that is lost is unreachable, one that is back makes it stale', async () => {
    await expect(apply(await made(), { lost: 'w-1' })).rejects.toMatchObject({ code: 'E-CONNECT', exit: 4 });
    await expect(apply(await made({ lost: 'w-1' }))).rejects.toEqual(
      stale('w-1: the host: was could not be read; now answers'),
    );
    expect((await apply(await made({ lost: 'w-1' }), { lost: 'w-1' })).plan).toEqual(steps);
  });

  it('is refused if an etcd that someone else runs has a cluster now', async () => {
    const workspace = await open();
    const saved = savedPlan(workspace, scope, live(workspace, { foreignEtcd: 'absent' }));
    await expect(apply(saved, { foreignEtcd: 'present' })).rejects.toMatchObject({
      code: 'E-PLAN-STALE',
      context: {
        detail: 'etcd: cluster in the external etcd: was absent; now present',
      },
    });
    expect((await apply(saved, { foreignEtcd: 'absent' })).plan).toEqual(saved.plan);
  });

  it('is refused if an object of the API changed, but not if only its status did', async () => {
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
          /^API: ConfigMap kube-system\/x: was uid u, sha256 \w{12}; now uid u, sha256 \w{12}$/,
        ) as unknown,
      },
    });
    await expect(apply(saved, { api: { state: 'unavailable', why: 'x' } })).rejects.toMatchObject({
      exit: 6,
    });
  });

  it('is refused if the inventory changed, and names the field', async () => {
    const saved = await made();
    writeFileSync(inventory, `# comments are ignored\n${inventoryWith()}`);
    expect((await apply(saved)).plan).toEqual(steps);
    writeFileSync(inventory, inventoryWith([], ['labels: {zone: b}']));
    await expect(apply(saved)).rejects.toEqual(
      stale(
        'inventory: hosts[w-1].labels: was {}; now absent',
        'inventory: hosts[w-1].labels.zone: was absent; now "b"',
      ),
    );
  });

  it('is refused by another kboot, with other templates, and if this kboot makes a different plan', async () => {
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
    // Even with a valid digest, only steps that kboot itself plans are run.
    const evil = shellStep('w-1', '/a', { script: 'evil' });
    const forged = seal({
      ...saved,
      plan: plan({ phases: [phaseOf('host', [[{ host: 'w-1' }, [evil]]])] }),
    });
    await expect(apply(forged)).rejects.toEqual(stale('plan: w-1: /a: was create; now create'));
  });

  it('is refused for another cluster, and if it was made offline', async () => {
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
    const offline = savedOfflinePlan(await open(), scope, plan({ mode: 'offline' }));
    await expect(apply(offline)).rejects.toMatchObject({
      code: 'E-PLAN',
      message: expect.stringContaining('offline') as unknown,
    });
  });

  it('flags may repeat its scope but not contradict it', async () => {
    const workspace = await open();
    const limited = { until: 'runtime', limit: ['w-1', 'cp-1'], ignore: ['Mem'] } as const;
    const saved = savedPlan(workspace, limited, live(workspace, { scope: limited }));
    const file = { path: 'p.json', saved };
    expect(scopeOfSaved(workspace, file, asked)).toEqual(limited);
    expect(
      scopeOfSaved(workspace, file, { until: 'runtime', limit: ['cp-1', 'w-1'], ignore: ['NumCPU'] }),
    ).toEqual({
      ...limited,
      ignore: ['Mem', 'NumCPU'],
    });
    for (const other of [
      { ...asked, until: 'host' },
      { ...asked, limit: ['w-1'] },
      { ...asked, renewCerts: true },
    ])
      expect(() => scopeOfSaved(workspace, file, other)).toThrow(
        expect.objectContaining({
          code: 'E-USAGE',
          message: expect.stringContaining('contradicts p.json') as unknown,
        }) as Error,
      );
  });
});

describe('a saved plan that was modified and sealed again', () => {
  const restart = shellStep('cp-1', '/etc/kubernetes/manifests/etcd.yaml', {
    verb: 'update',
    reason: 'the kubelet restarts it',
    diff: '-a\n+b',
    effects: [{ component: 'etcd', kind: 'restart' }],
  });
  const undo = shellStep('cp-1', 'undo', { verb: 'update', reason: 'puts the old manifest back' });
  const podGate = (replaces: string): Gate =>
    gate(
      { kind: 'pod-ready', host: 'cp-1', namespace: 'kube-system', name: 'etcd-cp-1', replaces },
      { id: 'cp-1: waits for Pod etcd-cp-1' },
    );
  const member = gate(
    { kind: 'etcd-member', host: 'cp-1' },
    { id: 'cp-1: waits for etcd member cp-1', timeoutSeconds: 120 },
  );
  const planWith = (step: Step, task: Partial<Task>, gates: readonly Gate[]): Plan =>
    plan({
      phases: [
        {
          ...phaseOf('rollout', []),
          batches: [{ tasks: [{ on: { host: 'cp-1' }, steps: [step], rollback: [undo], ...task }], gates }],
        },
      ],
    });
  const now = planWith(restart, {}, [podGate('containerd://1'), member]);

  /** The result of applying a file with `of` instead of the current plan. */
  async function applyForged(of: Plan): Promise<LivePlan> {
    const saved = await made({ plan: now });
    const forged = { ...saved, plan: JSON.parse(JSON.stringify(of)) as Plan };
    return await apply({ ...forged, digest: digestOf(forged) }, { plan: now });
  }

  it.each<[string, Plan, string]>([
    [
      'a gate removed',
      planWith(restart, {}, [podGate('containerd://1')]),
      'cp-1: waits for etcd member cp-1: was absent; now etcd member cp-1, 120 s at most',
    ],
    [
      'another time limit of a gate',
      planWith(restart, {}, [podGate('containerd://1'), { ...member, timeoutSeconds: 1 }]),
      'cp-1: waits for etcd member cp-1: was etcd member cp-1, 1 s at most; now etcd member cp-1, 120 s at most',
    ],
    [
      'another condition of a gate',
      planWith(restart, {}, [
        podGate('containerd://1'),
        { ...member, condition: { kind: 'etcd-member', host: 'cp-2' } },
      ]),
      'cp-1: waits for etcd member cp-1: was etcd member cp-2, 120 s at most; now etcd member cp-1, 120 s at most',
    ],
    [
      'a rollback removed',
      planWith(restart, { rollback: [] }, [podGate('containerd://1'), member]),
      'cp-1: undo: was absent; now update, puts the old manifest back',
    ],
    [
      'another reason',
      planWith({ ...restart, reason: 'nothing restarts' }, {}, [podGate('containerd://1'), member]),
      'cp-1: /etc/kubernetes/manifests/etcd.yaml: was update, nothing restarts; now update, the kubelet restarts it',
    ],
    [
      'another diff',
      planWith({ ...restart, diff: '-a\n+c' }, {}, [podGate('containerd://1'), member]),
      'cp-1: /etc/kubernetes/manifests/etcd.yaml: was update, the kubelet restarts it; now update, the kubelet restarts it',
    ],
    [
      'no effects',
      planWith({ ...restart, effects: [] }, {}, [podGate('containerd://1'), member]),
      'cp-1: /etc/kubernetes/manifests/etcd.yaml: was update, the kubelet restarts it; now update, the kubelet restarts it',
    ],
  ])('%s: it is stale, and names the difference', async (_what, of, line) => {
    await expect(applyForged(of)).rejects.toEqual(stale(`plan: ${line}`));
  });

  it('runs the live plan if only warnings and IDs of containers differ', async () => {
    const of = { ...planWith(restart, {}, [podGate('containerd://2'), member]), warnings: ['another'] };
    expect((await applyForged(of)).plan).toBe(now);
  });
});
