import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stages, type Stage } from '../../../src/model/stage.ts';
import type { HostChange } from '../../../src/plan/diff/host.ts';
import { installPhases, type InstallWork } from '../../../src/plan/phases/install.ts';
import type { RolloutHost } from '../../../src/plan/rollout/rollout.ts';
import { gatesOf, hostOf, isSerial, stepsOf } from '../../../src/plan/steps.ts';
import type { AccountsStep, ApplyStep, EtcdStep, Gate, Phase, PlanHost } from '../../../src/plan/types.ts';
import { applyStep, configMap, effectOn, gate, planHost } from '../../samples/plan.ts';
import { change, hook, noClusterChanges, nodeRemoval, nodeStep, noWork } from '../../samples/install-work.ts';

const cps = ['cp-1', 'cp-2', 'cp-3'];
const planes = cps.map((name) => planHost(name, 'control-plane'));
const ha: readonly PlanHost[] = [...planes, planHost('w-1', 'worker'), planHost('w-2', 'worker')];

const phasesOf = (work: Partial<InstallWork>): readonly Phase[] => installPhases({ ...noWork, ...work });
const find = (phases: readonly Phase[], id: string): Phase => {
  const found = phases.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no phase ${id}: ${phases.map((each) => each.id).join(', ')}`);
  return found;
};
const needs = (phases: readonly Phase[], id: string): string[] =>
  find(phases, id).after.map(({ phase, need }) => `${phase} ${need}`);
/** Batches of a phase as the IDs of its steps, with `&` between the tasks of a batch, then `| ` and its gates. */
const batchesOf = (phases: readonly Phase[], id: string): string[] =>
  find(phases, id).batches.map(({ tasks, gates }) =>
    [
      tasks.map(({ steps }) => steps.map((step) => step.id).join(', ')).join(' & '),
      ...(gates.length === 0 ? [] : [gates.map((each) => each.id).join(' & ')]),
    ].join(' | '),
  );
const named = (id: string): Gate => gate({ kind: 'api' }, { id });

/** A cluster in which everything must be created through the API. */
const throughApi = {
  objects: {
    'control-plane': [applyStep(configMap('config')), applyStep(namespace('ns'))],
    addon: [applyStep(configMap('addon')), applyStep(namespace('addon-ns'))],
  },
  removals: [nodeRemoval('old-1'), nodeRemoval('old-2')],
  removedNodes: [],
  marks: [nodeStep('cp-1', 'cordon'), nodeStep('w-1', 'cordon')],
  accounts: [],
  onPodNetwork: [applyStep(configMap('dns'))],
  lateObjects: [applyStep(configMap('pool'))],
  prunes: [],
  retires: [],
  record: [],
  addons: [],
  networkAddons: new Set<string>(),
  gates: {
    api: [named('api answers')],
    endpoint: [named('endpoint answers')],
    registered: [named('w-1 is registered')],
    controlPlane: [named('Pods are Ready')],
    podNetwork: [named('flannel runs')],
    ready: [named('Nodes are Ready')],
  },
};

function namespace(name: string): Parameters<typeof applyStep>[0] {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** Changes of a bootstrap on hosts. */
const bootstrap: HostChange[] = [
  ...cps.flatMap((name) =>
    (['host', 'runtime', 'etcd', 'control-plane'] as const).map((stage) => change(name, stage)),
  ),
  ...['w-1', 'w-2'].flatMap((name) =>
    (['host', 'runtime', 'node'] as const).map((stage) => change(name, stage)),
  ),
];

const turn = (name: string, from: Stage): RolloutHost => ({
  host: name,
  from,
  gates: [gate({ kind: 'etcd-member', host: name }, { id: `${name} is healthy` })],
});

describe('a bootstrap', () => {
  const phases = phasesOf({ hosts: ha, issue: ['ca'], changes: bootstrap, cluster: throughApi });

  it('goes through the stages in order, then the API, Nodes and add-ons', () => {
    expect(phases.map(({ id, stage }) => `${id} ${stage}`)).toEqual([
      'certificates host',
      'host host',
      'runtime runtime',
      'etcd etcd',
      'control-plane control-plane',
      'node node',
      'api control-plane',
      'nodes node',
      'addons addon',
      'network-ready addon',
      'on-pod-network addon',
      'readiness addon',
    ]);
  });

  it('lets every host go at its own pace: its phases follow only the certificates', () => {
    for (const id of ['host', 'runtime', 'etcd', 'control-plane', 'node'])
      expect(needs(phases, id)).toEqual(['certificates all']);
    expect(batchesOf(phases, 'etcd')).toEqual(['cp-1: etcd & cp-2: etcd & cp-3: etcd']);
    expect(batchesOf(phases, 'node')).toEqual(['w-1: node & w-2: node']);
    expect(needs(phases, 'certificates')).toEqual([]);
  });

  it('starts the API phase once a control plane is done; Nodes and add-ons follow the API, not each other', () => {
    expect(needs(phases, 'api')).toEqual(['certificates all', 'control-plane any']);
    expect(needs(phases, 'nodes')).toEqual([
      'certificates all',
      'control-plane any',
      'api all',
      'node ended',
    ]);
    expect(needs(phases, 'addons')).toEqual(['certificates all', 'control-plane any', 'api all']);
    expect(batchesOf(phases, 'network-ready')).toEqual([' | flannel runs']);
    expect(needs(phases, 'on-pod-network').slice(-3)).toEqual([
      'api all',
      'addons all',
      'network-ready ended',
    ]);
    expect(needs(phases, 'readiness')).toEqual([
      'certificates all',
      'control-plane any',
      'api all',
      'addons all',
      'node ended',
    ]);
  });

  it('waits for the API before its objects, and applies namespaces first', () => {
    expect(batchesOf(phases, 'api')).toEqual([
      ' | api answers',
      'cluster: Namespace ns',
      'cluster: ConfigMap config',
      ' | endpoint answers',
    ]);
    expect(batchesOf(phases, 'addons')).toEqual(['cluster: Namespace addon-ns', 'cluster: ConfigMap addon']);
    expect(batchesOf(phases, 'readiness')).toEqual([' | Nodes are Ready', 'cluster: ConfigMap pool']);
  });

  it('creates the accounts of controllers beside the first objects', () => {
    const accounts: AccountsStep = { ...applyStep(configMap('any')), type: 'accounts', id: 'accounts' };
    const first = (steps: readonly ApplyStep[]): string | undefined => {
      const objects = { ...throughApi.objects, 'control-plane': steps };
      const made = phasesOf({ hosts: ha, cluster: { ...throughApi, objects, accounts: [accounts] } });
      return batchesOf(made, 'api')[1];
    };
    const config = applyStep(configMap('config'));
    expect(first([config])).toBe('accounts & cluster: ConfigMap config');
    expect(first([config, applyStep(namespace('ns'))])).toBe('accounts & cluster: Namespace ns');
  });

  it('removes Nodes one after another, then marks those that registered', () => {
    expect(batchesOf(phases, 'nodes')).toEqual([
      'cluster: drain Node old-1, cluster: delete Node old-1',
      'cluster: drain Node old-2, cluster: delete Node old-2',
      ' | w-1 is registered',
      'cluster: cordon Node cp-1 & cluster: cordon Node w-1 | Pods are Ready',
    ]);
  });

  it("issues certificates on the operator's machine", () => {
    expect(find(phases, 'certificates').batches).toMatchObject([
      { tasks: [{ on: 'operator', steps: [{ type: 'issue', certificates: ['ca'] }] }], gates: [] },
    ]);
  });

  it('has no phase without changes', () => {
    expect(phasesOf({})).toEqual([]);
    expect(phasesOf({ cluster: noClusterChanges })).toEqual([]);
  });
});

describe('Nodes that leave', () => {
  it('drain one after another in the nodes phase', () => {
    const phases = phasesOf({
      cluster: { ...noClusterChanges, removals: [nodeRemoval('w-8'), nodeRemoval('w-9')] },
    });
    expect(phases.map(({ id }) => id)).toEqual(['nodes']);
    expect(batchesOf(phases, 'nodes')).toEqual([
      'cluster: drain Node w-8, cluster: delete Node w-8',
      'cluster: drain Node w-9, cluster: delete Node w-9',
    ]);
  });

  it('drain one after another in the membership phase, between the snapshot and the removal of members', () => {
    const etcd = (id: string, kind: 'snapshot' | 'remove'): EtcdStep => ({
      ...{ type: 'etcd', id, verb: 'delete', reason: '', effects: [], timeoutSeconds: 1 },
      target: { kind: 'etcd-member', name: id },
      operation: kind === 'snapshot' ? { kind } : { kind, memberId: id },
    });
    const phases = phasesOf({
      hosts: ha,
      changes: bootstrap,
      membership: {
        peers: [change('cp-1', 'load-balancer', 'keepalived'), change('cp-2', 'load-balancer', 'keepalived')],
        snapshot: etcd('snapshot', 'snapshot'),
        nodes: [nodeRemoval('cp-8'), nodeRemoval('cp-9')],
        removals: [etcd('remove cp-8', 'remove'), etcd('remove cp-9', 'remove')],
        removedNodes: [applyStep(configMap('list'))],
      },
    });
    expect(batchesOf(phases, 'membership')).toEqual([
      'cluster: ConfigMap list',
      'cp-1: keepalived',
      'cp-2: keepalived',
      'snapshot',
      'cluster: drain Node cp-8, cluster: delete Node cp-8',
      'cluster: drain Node cp-9, cluster: delete Node cp-9',
      'remove cp-8',
      'remove cp-9',
    ]);
    expect(isSerial(find(phases, 'membership'))).toBe(true);
    for (const id of ['host', 'runtime', 'etcd', 'control-plane', 'node'])
      expect(needs(phases, id)).toEqual(['membership all']);
  });
});

describe('a rollout of three control planes', () => {
  const changes = [
    ...cps.map((name) => change(name, 'runtime')),
    ...['cp-3', 'cp-1', 'cp-2'].map((name) => change(name, 'etcd', 'config')),
    ...cps.map((name) => effectOn(name, 'kube-apiserver')),
    change('w-1', 'node'),
  ];
  const rollout = ['cp-3', 'cp-1', 'cp-2'].map((name) => turn(name, 'etcd'));
  const phases = phasesOf({ hosts: ha, changes, rollout, cluster: throughApi });

  it('has one host a batch, each with the gates that the next one waits for', () => {
    expect(phases.map(({ id }) => id)).toEqual([
      'runtime',
      'node',
      'rollout',
      'api',
      'nodes',
      'addons',
      'network-ready',
      'on-pod-network',
      'readiness',
    ]);
    expect(batchesOf(phases, 'rollout')).toEqual([
      'cp-3: config, cp-3: kube-apiserver | cp-3 is healthy',
      'cp-1: config, cp-1: kube-apiserver | cp-1 is healthy',
      'cp-2: config, cp-2: kube-apiserver | cp-2 is healthy',
    ]);
    expect(isSerial(find(phases, 'rollout'))).toBe(true);
    expect(find(phases, 'rollout').stage).toBe('etcd');
  });

  it('does not delay earlier stages: changes that disturb nothing run on all hosts in parallel before', () => {
    expect(batchesOf(phases, 'runtime')).toEqual(['cp-1: runtime & cp-2: runtime & cp-3: runtime']);
    expect(needs(phases, 'rollout')).toEqual([]);
    expect(needs(phases, 'runtime')).toEqual([]);
  });

  it('has succeeded for some host before the API is used', () => {
    expect(needs(phases, 'api')).toContain('rollout any');
    expect(needs(phases, 'nodes')).toContain('rollout any');
  });

  it('a host with another first stage has its earlier stages outside the rollout', () => {
    const mixed = phasesOf({
      hosts: ha,
      changes: [
        ...cps.flatMap((name) => [change(name, 'runtime'), effectOn(name, 'kube-apiserver')]),
        effectOn('cp-2', 'containerd', 'runtime'),
      ],
      rollout: [turn('cp-1', 'control-plane'), turn('cp-2', 'runtime'), turn('cp-3', 'control-plane')],
    });
    expect(batchesOf(mixed, 'runtime')).toEqual(['cp-1: runtime & cp-3: runtime']);
    expect(batchesOf(mixed, 'rollout')).toEqual([
      'cp-1: kube-apiserver | cp-1 is healthy',
      'cp-2: runtime, cp-2: kube-apiserver, cp-2: containerd | cp-2 is healthy',
      'cp-3: kube-apiserver | cp-3 is healthy',
    ]);
    expect(find(mixed, 'rollout').stage).toBe('runtime');
  });
});

describe('the API', () => {
  const apiNeeds = (work: Partial<InstallWork>): string[] =>
    needs(phasesOf({ hosts: ha, cluster: throughApi, ...work }), 'api');

  it('waits for the last stage of control planes; a host with nothing to do serves', () => {
    expect(apiNeeds({})).toEqual([]);
    expect(apiNeeds({ changes: [change('w-1', 'node')] })).toEqual([]);
    expect(apiNeeds({ changes: [change('cp-1', 'control-plane')] })).toEqual(['control-plane ended']);
    expect(apiNeeds({ changes: cps.map((name) => change(name, 'runtime')) })).toEqual(['runtime any']);
  });

  it('is not used if every control plane failed before its last stage', () => {
    expect(
      apiNeeds({ changes: [...cps.map((name) => change(name, 'host')), change('cp-1', 'control-plane')] }),
    ).toEqual(['host any', 'control-plane ended']);
  });

  it('does not depend on control planes that could not be read', () => {
    const hosts = [...planes.slice(0, 2), planHost('cp-3', 'control-plane', { state: 'unreachable' })];
    expect(apiNeeds({ hosts, changes: [change('cp-1', 'etcd'), change('cp-2', 'etcd')] })).toEqual([
      'etcd any',
    ]);
  });
});

describe('separate etcd hosts', () => {
  const etcds = ['etcd-1', 'etcd-2', 'etcd-3'];
  const hosts = [...etcds.map((name) => planHost(name, 'etcd')), planHost('cp-1', 'control-plane')];
  const gates = etcds.map((name) => gate({ kind: 'etcd-member', host: name }, { id: `${name} serves` }));
  const changes = [...etcds.map((name) => change(name, 'etcd')), change('cp-1', 'control-plane')];

  it('gate the etcd phase, which the API follows; control planes do not wait for it', () => {
    const phases = phasesOf({ hosts, changes, etcdGates: gates, cluster: throughApi });
    expect(batchesOf(phases, 'etcd')).toEqual([
      'etcd-1: etcd & etcd-2: etcd & etcd-3: etcd | etcd-1 serves & etcd-2 serves & etcd-3 serves',
    ]);
    expect(needs(phases, 'control-plane')).toEqual([]);
    expect(needs(phases, 'api')).toEqual(['control-plane any', 'etcd any']);
  });

  it('are waited for even if nothing changes on them', () => {
    const phases = phasesOf({ hosts, etcdGates: gates, cluster: throughApi });
    expect(batchesOf(phases, 'etcd')).toEqual([' | etcd-1 serves & etcd-2 serves & etcd-3 serves']);
    expect(needs(phases, 'api')).toEqual(['etcd any']);
  });

  it('of the rollout are waited for there', () => {
    const rollout = ['etcd-1', 'etcd-2'].map((name) => turn(name, 'etcd'));
    const phases = phasesOf({ hosts, changes, rollout, etcdGates: gates });
    expect(batchesOf(phases, 'etcd')).toEqual(['etcd-3: etcd | etcd-3 serves']);
    expect(batchesOf(phases, 'rollout')).toEqual([
      'etcd-1: etcd | etcd-1 is healthy',
      'etcd-2: etcd | etcd-2 is healthy',
    ]);
  });
});

describe("hooks on the operator's machine", () => {
  const hooks = [
    hook('first', 'before', 'host'),
    hook('second', 'before', 'host'),
    hook('on runtime', 'after', 'runtime'),
    hook('on control-plane', 'after', 'control-plane'),
    hook('last', 'after', 'addon'),
  ];
  const phases = phasesOf({ hosts: ha, issue: ['ca'], hooks, changes: bootstrap, cluster: throughApi });

  it('before: at the very beginning, one after another, and everything follows them', () => {
    expect(phases[0]?.id).toBe('hooks');
    expect(batchesOf(phases, 'hooks')).toEqual(['operator: hook first', 'operator: hook second']);
    for (const { id } of phases.slice(1)) expect(needs(phases, id)).toContain('hooks all');
  });

  it('after a stage: once some host went through it, and through those before', () => {
    expect(needs(phases, 'hooks-after-runtime')).toEqual([
      'hooks all',
      'certificates all',
      'host any',
      'runtime any',
    ]);
    expect(needs(phases, 'hooks-after-control-plane')).toEqual([
      'hooks all',
      'certificates all',
      'host any',
      'runtime any',
      'etcd any',
      'control-plane any',
      'api all',
    ]);
  });

  it('after the last stage: only if nothing failed', () => {
    const others = phases.filter(({ id }) => !id.startsWith('hooks-after'));
    expect(needs(phases, 'hooks-after-addon').toSorted()).toEqual(
      others.map(({ id }) => `${id} all`).toSorted(),
    );
  });

  it('do not delay other phases', () => {
    const ids = new Set(phases.flatMap(({ after }) => after.map(({ phase }) => phase)));
    expect([...ids].filter((id) => id.startsWith('hooks-after'))).toEqual([]);
  });
});

describe('a learner', () => {
  const operation = (kind: 'add-learner' | 'promote', stage: Stage): HostChange => ({
    host: 'cp-3',
    stage,
    step: {
      ...{ type: 'etcd', id: `cp-3: ${kind}`, verb: 'create', reason: '', effects: [], timeoutSeconds: 1 },
      target: { kind: 'etcd-member', name: 'cp-3' },
      operation: { kind, peerURL: 'https://10.0.0.13:2380' },
    },
  });
  const joining = [
    change('cp-3', 'runtime'),
    operation('add-learner', 'etcd'),
    change('cp-3', 'etcd', 'manifest'),
    change('cp-3', 'control-plane', 'kubelet'),
    operation('promote', 'control-plane'),
    change('cp-3', 'node'),
  ];
  const rollbacks = (work: Partial<InstallWork>): string[] =>
    phasesOf({ hosts: ha, changes: joining, ...work }).flatMap(({ id, batches }) =>
      batches
        .flatMap(({ tasks }) => tasks)
        .map(({ rollback = [] }) => `${id}: ${rollback.map((step) => step.id).join()}`),
    );

  it('is withdrawn by its turn of the rollout', () => {
    expect(rollbacks({ rollout: [turn('cp-3', 'etcd')] })).toEqual(['runtime: ', 'rollout: cp-3: withdraw']);
  });
});

describe('for any changes', () => {
  const names = [...cps, 'w-1', 'w-2'];
  const anyWork = fc
    .record({
      placed: fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...stages))),
      turns: fc
        .shuffledSubarray(names)
        .chain((order) =>
          fc.tuple(fc.constant(order), fc.array(fc.constantFrom(...stages), { minLength: 5, maxLength: 5 })),
        ),
      unreachable: fc.subarray(names),
      issue: fc.boolean(),
      when: fc.array(
        fc.tuple(fc.constantFrom('before' as const, 'after' as const), fc.constantFrom(...stages)),
        { maxLength: 4 },
      ),
      peers: fc.subarray(cps),
      cluster: fc.constantFrom(undefined, noClusterChanges, throughApi),
      gated: fc.subarray(cps),
    })
    .map(
      ({ placed, turns: [order, froms], unreachable, issue, when, peers, cluster, gated }): InstallWork => {
        // As from diffHost: host by host, each in the order of the stages.
        const changes = names.flatMap((name) =>
          stages.flatMap((stage) =>
            placed
              .filter(([host, of]) => host === name && of === stage)
              .map((_each, index) => change(name, stage, `${stage} ${index}`)),
          ),
        );
        const rollout = order.flatMap((name, index) => {
          const from = froms[index] ?? 'host';
          const disturbs = changes.some(
            (each) => each.host === name && stages.indexOf(each.stage) >= stages.indexOf(from),
          );
          return disturbs ? [turn(name, from)] : [];
        });
        return {
          hosts: ha.map((each) => ({
            ...each,
            state: unreachable.includes(each.name) ? 'unreachable' : 'probed',
          })),
          hooks: when.map(([moment, stage], index) => hook(`${index}`, moment, stage)),
          issue: issue ? ['ca'] : [],
          membership: {
            ...noWork.membership,
            peers: peers.map((name) => change(name, 'load-balancer', 'peer')),
          },
          changes,
          rollout,
          etcdGates: gated.map((name) => gate({ kind: 'etcd-member', host: name }, { id: `${name} serves` })),
          cluster,
          podNetworks: [],
          encryption: undefined,
          rotation: undefined,
        };
      },
    );
  const check = (judge: (phases: readonly Phase[], work: InstallWork) => void): void => {
    fc.assert(
      fc.property(anyWork, (work) => {
        judge(installPhases(work), work);
      }),
      { numRuns: 300 },
    );
  };

  it('every change is in exactly one task, on its own host', () => {
    check((phases, { changes, membership: { peers } }) => {
      const placed = phases.flatMap(({ batches }) =>
        batches.flatMap(({ tasks }) =>
          tasks.flatMap(({ on, steps }) => steps.map((step) => ({ on: hostOf(on), step }))),
        ),
      );
      for (const { host, step } of [...changes, ...peers])
        expect(placed.filter((each) => each.step === step)).toEqual([{ on: host, step }]);
      expect(placed.filter(({ on }) => on !== undefined)).toHaveLength(changes.length + peers.length);
    });
  });

  it('ids of steps, gates and phases are unique', () => {
    check((phases) => {
      const ids = [...stepsOf({ phases }), ...gatesOf({ phases }), ...phases].map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    });
  });

  it('a phase comes after phases that exist and are earlier, each once', () => {
    check((phases) => {
      for (const [index, { after }] of phases.entries()) {
        const earlier = phases.slice(0, index).map(({ id }) => id);
        const named = after.map(({ phase }) => phase);
        expect(earlier).toEqual(expect.arrayContaining(named));
        expect(new Set(named).size).toBe(named.length);
      }
    });
  });

  it('no phase, no batch and no task on a host is empty', () => {
    check((phases) => {
      for (const { batches } of phases) {
        expect(batches.length).toBeGreaterThan(0);
        for (const { tasks, gates } of batches) {
          expect(tasks.length + gates.length).toBeGreaterThan(0);
          for (const { steps } of tasks) expect(steps.length).toBeGreaterThan(0);
        }
      }
    });
  });

  it('a host goes through its stages in order', () => {
    check((phases, { changes }) => {
      const stageOf = new Map(changes.map(({ step, stage }) => [step.id, stages.indexOf(stage)]));
      const seen = new Map<string, number>();
      for (const { on, steps } of phases.flatMap(({ batches }) => batches.flatMap(({ tasks }) => tasks)))
        for (const step of steps) {
          const host = hostOf(on);
          const stage = stageOf.get(step.id);
          if (host === undefined || stage === undefined) continue;
          expect(stage).toBeGreaterThanOrEqual(seen.get(host) ?? 0);
          seen.set(host, stage);
        }
    });
  });

  it('no two hosts of the rollout share a batch, and nothing else is in it', () => {
    check((phases, { rollout }) => {
      const batches = phases.find(({ id }) => id === 'rollout')?.batches ?? [];
      expect(batches.map(({ tasks }) => tasks.map(({ on }) => hostOf(on)))).toEqual(
        rollout.map((each) => [each.host]),
      );
      expect(batches.map(({ gates }) => gates)).toEqual(rollout.map(({ gates }) => gates));
    });
  });

  it('a host disturbs nothing before its part of the rollout', () => {
    check((phases, { rollout, changes }) => {
      for (const { host, from } of rollout) {
        const own = changes
          .filter((each) => each.host === host && stages.indexOf(each.stage) >= stages.indexOf(from))
          .map(({ step }) => step);
        const task = phases
          .find(({ id }) => id === 'rollout')
          ?.batches.find(({ tasks }) => tasks.some(({ on }) => hostOf(on) === host))?.tasks[0];
        expect(task?.steps).toEqual(own);
      }
    });
  });
});
