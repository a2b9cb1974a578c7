import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/kube/types.ts';
import type { Cluster, Host, Role } from '../../../src/model/cluster.ts';
import { stages, type Stage } from '../../../src/model/stage.ts';
import type { ClusterObservation } from '../../../src/observe/cluster.ts';
import type { EtcdObservation } from '../../../src/observe/etcd.ts';
import type { Effect } from '../../../src/model/component.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { diffHost, type HostChange } from '../../../src/plan/diff/host.ts';
import {
  planRollout,
  quorumFindings,
  type RolloutInput,
  type RolloutHost,
} from '../../../src/plan/rollout/rollout.ts';
import { conditionText } from '../../../src/plan/target.ts';
import type { EtcdStep } from '../../../src/plan/types.ts';
import { resourceId } from '../../../src/resource/kinds.ts';
import type { Observation, Resource, StaticPodResource } from '../../../src/resource/types.ts';
import { host as sampleHost, sampleCluster } from '../../samples/pki.ts';
import { effectOn } from '../../samples/plan.ts';
import { change } from '../../samples/install-work.ts';

const host = (name: string, ...roles: Role[]): Host =>
  sampleHost(name, `10.0.0.${name.at(-1) ?? ''}`, ...roles);
const cps = ['cp-1', 'cp-2', 'cp-3'];
const stacked: Cluster = {
  ...sampleCluster(),
  hosts: [...cps.map((name) => host(name, 'control-plane')), host('w-4', 'worker'), host('w-5', 'worker')],
};
const etcdWith = (names: readonly string[], healthy = names): EtcdObservation => ({
  state: 'present',
  members: names.map((name) => ({ id: name, name, peerURLs: [], clientURLs: ['x'], isLearner: false })),
  healthy: new Set(healthy),
});
const ready = (kind: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});
const apiWith = (nodes: readonly string[]): ClusterObservation => ({
  state: 'present',
  objects: new Map(),
  nodes: new Map(nodes.map((name) => [name, ready('Node', name)])),
  pods: new Map(),
});
const runs = { listening: [{ port: 6443, program: 'kube-apiserver' }], kubeletActive: true };

/** A healthy cluster of three control planes. */
function input(more: Partial<RolloutInput> = {}): RolloutInput {
  return {
    cluster: stacked,
    changes: [],
    inspections: new Map(cps.map((name) => [name, runs])),
    etcd: etcdWith(cps),
    api: apiWith([...cps, 'w-4', 'w-5']),
    desired: { controlPlanePods: [] },
    ...more,
  };
}
const apiServers = (hosts = cps): HostChange[] => hosts.map((name) => effectOn(name, 'kube-apiserver'));
const etcdStep = (on: string, kind: 'add-learner' | 'promote'): HostChange<EtcdStep> => ({
  host: on,
  stage: 'etcd',
  step: {
    type: 'etcd',
    id: `${on}: ${kind}`,
    verb: 'create',
    target: { kind: 'etcd-member', name: on },
    reason: '',
    effects: [],
    operation: { kind, peerURL: '' },
    timeoutSeconds: 1,
  },
});
const order = (turns: readonly RolloutHost[]): string[] => turns.map((turn) => `${turn.host} ${turn.from}`);

describe('planRollout', () => {
  it('lets serving control planes go one after another, from their first disturbing stage on', () => {
    const changes = [...cps.map((name) => change(name, 'runtime', '/etc/crictl.yaml')), ...apiServers()];
    expect(order(planRollout(input({ changes })))).toEqual(cps.map((name) => `${name} control-plane`));
    const more = [...changes, effectOn('cp-2', 'containerd', 'runtime')];
    expect(order(planRollout(input({ changes: more })))).toContain('cp-2 runtime');
  });

  it.each<[Effect['component'], Stage, Effect['kind'], boolean]>([
    ['etcd', 'etcd', 'restart', true],
    ['etcd', 'etcd', 'start', true],
    ['kube-apiserver', 'control-plane', 'stop', true],
    ['kube-scheduler', 'control-plane', 'restart', true],
    ['kube-controller-manager', 'control-plane', 'start', true],
    ['kubelet', 'control-plane', 'restart', true],
    ['kubelet', 'control-plane', 'start', true],
    ['containerd', 'runtime', 'restart', true],
    ['haproxy', 'load-balancer', 'reload', true],
    ['keepalived', 'load-balancer', 'reload', true],
    ['keepalived', 'load-balancer', 'restart', true],
    ['haproxy', 'load-balancer', 'start', false],
    ['keepalived', 'load-balancer', 'start', false],
    ['containerd', 'runtime', 'start', false],
  ])('%s in stage %s, %s: needs a rollout: %s', (component, stage, kind, needs) => {
    const changes = cps.map((name) => effectOn(name, component, stage, kind));
    expect(planRollout(input({ changes })).length).toBe(needs ? 3 : 0);
  });

  it.each<[Stage, string]>([
    ['control-plane', 'file /etc/kubernetes/admin.conf'],
    ['host', 'sysctl vm.overcommit_memory'],
    // Only its mode changes, or it is only enabled at boot.
    ['etcd', 'static-pod etcd'],
    ['control-plane', 'unit kubelet'],
  ])('a change without effects needs no rollout: stage %s, %s', (stage, name) => {
    const changes = cps.map((host) => change(host, stage, name));
    expect(planRollout(input({ changes }))).toEqual([]);
  });

  it('bootstraps in parallel, and repairs hosts in parallel if none serves', () => {
    const changes = apiServers();
    const absent = { state: 'absent' } as const;
    expect(planRollout(input({ changes, etcd: absent, api: absent }))).toEqual([]);
    const down = { state: 'unavailable', why: '' } as const;
    const etcd = { state: 'unavailable', bootstrapped: true } as const;
    expect(planRollout(input({ changes, etcd, api: down }))).toEqual([]);
    expect(planRollout(input({ changes, api: down }))).toHaveLength(3);
  });

  it('does not include a single disturbed host', () => {
    const workers = ['w-4', 'w-5'].map((name) => effectOn(name, 'kubelet', 'node'));
    expect(planRollout(input({ changes: workers.slice(0, 1) }))).toEqual([]);
    expect(planRollout(input({ changes: apiServers(['cp-2']) }))).toEqual([]);
    const announce: EtcdStep = {
      ...{
        type: 'etcd',
        id: 'cp-2: add-learner',
        verb: 'create',
        reason: '',
        effects: [],
        timeoutSeconds: 1,
      },
      target: { kind: 'etcd-member', name: 'cp-2' },
      operation: { kind: 'add-learner', peerURL: 'https://10.0.0.2:2380' },
    };
    // All of its joining is one task then, which a rollback can undo.
    const joining = [{ host: 'cp-2', stage: 'etcd' as const, step: announce }, ...apiServers(['cp-2'])];
    expect(planRollout(input({ changes: joining })).map(({ host, from }) => [host, from])).toEqual([
      ['cp-2', 'etcd'],
    ]);
    expect(planRollout(input({ changes: [...workers, ...apiServers()] })).map((turn) => turn.host)).toEqual([
      ...cps,
      'w-4',
      'w-5',
    ]);
  });

  it('restarts the kubelets of workers after the control plane: the first one alone, then a tenth at a time', () => {
    const names = Array.from({ length: 25 }, (_, index) => `n-${index}`);
    const cluster = { ...stacked, hosts: [...stacked.hosts, ...names.map((name) => host(name, 'worker'))] };
    const changes = [...names.map((name) => effectOn(name, 'kubelet', 'node')), ...apiServers(['cp-1'])];
    const turns = planRollout(input({ cluster, changes, api: apiWith([...cps, ...names]) }));
    expect(turns.map((turn) => turn.host)).toEqual(['cp-1', ...names]);
    const sizes = new Map<number | undefined, number>();
    for (const { batch } of turns) sizes.set(batch, (sizes.get(batch) ?? 0) + 1);
    expect([...sizes.values()]).toEqual([1, 1, ...Array.from({ length: 12 }, () => 2)]);
    expect(turns[1]?.gates.map(({ condition }) => condition.kind)).toEqual(['kubelet', 'node-ready']);
    // A worker that is not Ready disturbs nobody: it is changed with the others of its stage.
    const down = planRollout(input({ cluster, changes, api: apiWith([...cps, ...names.slice(1)]) }));
    expect(down.map((turn) => turn.host)).toEqual(['cp-1', ...names.slice(1)]);
  });

  it.each([
    [
      'its API server is down',
      {
        inspections: new Map([
          ['cp-1', runs],
          ['cp-2', runs],
        ]),
      },
    ],
    ['its member is down', { etcd: etcdWith(cps, ['cp-1', 'cp-2']) }],
    ['it is not a member yet', { etcd: etcdWith(['cp-1', 'cp-2']) }],
    ['its Node is not Ready', { api: apiWith(['cp-1', 'cp-2']) }],
  ])('a host is first if %s: the others serve in the meantime', (_what, more) => {
    const turns = planRollout(input({ changes: apiServers(), ...more }));
    expect(turns.map((turn) => turn.host)).toEqual(['cp-3', 'cp-1', 'cp-2']);
  });

  it('a joining host is in the rollout from the addition of its member, not for earlier stages', () => {
    const changes = [
      effectOn('cp-3', 'containerd', 'runtime', 'start'),
      etcdStep('cp-3', 'add-learner'),
      effectOn('cp-3', 'etcd', 'etcd', 'start'),
      effectOn('cp-3', 'kubelet', 'control-plane', 'start'),
      ...['cp-1', 'cp-2'].map((name) => effectOn(name, 'haproxy', 'load-balancer', 'reload')),
    ];
    const turns = planRollout(
      input({ changes, inspections: new Map(['cp-1', 'cp-2'].map((name) => [name, runs])) }),
    );
    expect(order(turns)).toEqual(['cp-3 etcd', 'cp-1 load-balancer', 'cp-2 load-balancer']);
  });

  it('hosts join in inventory order, after a learner that was added before: etcd accepts one at a time', () => {
    const joins = (on: string): HostChange[] => [etcdStep(on, 'add-learner'), etcdStep(on, 'promote')];
    const changes = [...joins('cp-1'), ...joins('cp-2'), etcdStep('cp-3', 'promote')];
    const turns = planRollout(input({ changes, etcd: etcdWith(['cp-4']) }));
    expect(turns.map((turn) => turn.host)).toEqual(['cp-3', 'cp-1', 'cp-2']);
  });

  it('etcd hosts and load balancers go one after another, too', () => {
    const hosts = [
      host('etcd-1', 'etcd'),
      host('etcd-2', 'etcd'),
      host('etcd-3', 'etcd'),
      host('lb-4', 'load-balancer'),
      host('cp-5', 'control-plane'),
    ];
    const loadBalancer = { virtualIP: '10.0.0.100', port: 8443, virtualRouterID: 1 };
    const turns = planRollout(
      input({
        cluster: { ...stacked, hosts, loadBalancer },
        inspections: new Map([['cp-5', runs]]),
        etcd: etcdWith(['etcd-1', 'etcd-2', 'etcd-3']),
        api: apiWith(['cp-5']),
        changes: [
          ...['etcd-1', 'etcd-2', 'etcd-3'].map((name) => effectOn(name, 'etcd', 'etcd')),
          effectOn('lb-4', 'haproxy', 'load-balancer', 'reload'),
          ...apiServers(['cp-5']),
        ],
      }),
    );
    const waits = turns.map((turn) => turn.gates.map((gate) => gate.condition.kind).join(' '));
    expect(order(turns)).toHaveLength(5);
    expect(waits).toEqual([
      'etcd-member',
      'etcd-member',
      'etcd-member',
      'load-balancer',
      'api kubelet node-ready',
    ]);
  });

  it('waits for what was healthy or is started, but not for anything that may need a later stage', () => {
    const pods = { controlPlanePods: [{ host: 'cp-1', namespace: 'kube-system', name: 'etcd-cp-1' }] };
    const waits = (more: Partial<RolloutInput>): readonly string[] =>
      planRollout(input({ changes: apiServers(), desired: pods, ...more }))
        .find((turn) => turn.host === 'cp-1')
        ?.gates.map((gate) => conditionText(gate.condition)) ?? [];
    const all = [
      'etcd member cp-1',
      'API server of cp-1',
      'kubelet of cp-1',
      'Node cp-1 Ready',
      'Pod etcd-cp-1',
    ];
    expect(waits({})).toEqual(all);
    // Not Ready before an add-on provides the network.
    expect(waits({ api: apiWith([]) })).toEqual(all.filter((name) => !name.startsWith('Node')));
    expect(waits({ api: { state: 'unavailable', why: '' } })).toEqual(all.slice(0, 3));
    const noHealthz = { ...stacked, kubelet: { config: { healthzPort: 0 } } };
    expect(waits({ cluster: noHealthz })).toEqual(all.filter((name) => !name.startsWith('kubelet')));
  });

  it('never disturbs two members at once', () => {
    const components = [
      ['etcd', 'etcd'],
      ['kube-apiserver', 'control-plane'],
      ['containerd', 'runtime'],
      ['kubelet', 'control-plane'],
      ['haproxy', 'load-balancer'],
    ] as const;
    const anyHost = fc.constantFrom(...stacked.hosts.map(({ name }) => name));
    const anyChange = fc.oneof(
      fc
        .tuple(
          anyHost,
          fc.constantFrom(...components),
          fc.constantFrom<Effect['kind']>('start', 'reload', 'restart', 'stop'),
        )
        .map(([on, [component, stage], kind]) => effectOn(on, component, stage, kind)),
      fc.tuple(anyHost, fc.constantFrom(...stages)).map(([on, stage]): HostChange => change(on, stage, '/x')),
    );
    const some = fc.subarray(cps);
    fc.assert(
      fc.property(fc.array(anyChange), some, some, some, (changes, members, nodes, listening) => {
        const turns = planRollout(
          input({
            changes,
            etcd: etcdWith(cps, members),
            api: apiWith(nodes),
            inspections: new Map(listening.map((name) => [name, runs])),
          }),
        );
        const place = new Map(turns.map((turn, index) => [turn.host, index]));
        expect(place.size).toBe(turns.length);
        const disturbing = changes.filter(
          ({ host: on, step }) => cps.includes(on) && step.effects.some(({ kind }) => kind !== 'start'),
        );
        // Any two of them are of one host, or of two hosts of the rollout; each from its first rollout stage on.
        for (const one of disturbing) {
          const others = disturbing.some((other) => other.host !== one.host);
          const turn = turns[place.get(one.host) ?? -1];
          if (others) expect(turn).toBeDefined();
          if (turn !== undefined)
            expect(stages.indexOf(turn.from)).toBeLessThanOrEqual(stages.indexOf(one.stage));
        }
        for (const turn of turns)
          expect(turn.gates.map((gate) => gate.condition.kind)).toContain('etcd-member');
      }),
    );
  });
});

/** Desired and observed resources of etcd on a host. */
const manifest: StaticPodResource = { kind: 'static-pod', stage: 'etcd', name: 'etcd', text: 'kind: Pod\n' };
const service: Resource = { kind: 'unit', stage: 'etcd', name: 'etcd' };
const manifestWith = (text: string, mode: string): Observation<unknown> => ({
  state: 'present',
  found: { mode, digest: sha256(text), current: true },
});
const runsDisabled: Observation<unknown> = {
  state: 'present',
  found: { enabled: false, active: true, current: true },
};

describe('etcd with one of three members down', () => {
  const etcd = etcdWith(cps, ['cp-1', 'cp-2']);
  const changesWith = (resource: Resource, observation: Observation<unknown>): HostChange[] =>
    cps.flatMap((name) => diffHost(name, [resource], new Map([[resourceId(resource), observation]])));

  it.each<[string, Resource, Observation<unknown>]>([
    ['another mode of etcd.yaml', manifest, manifestWith(manifest.text, '644')],
    ['enabling its unit at boot', service, runsDisabled],
  ])('%s restarts nothing: no finding, and no rollout', (_what, resource, observation) => {
    const changes = changesWith(resource, observation);
    expect(changes.map(({ step }) => step.verb)).toEqual(['update', 'update', 'update']);
    expect(quorumFindings(changes, etcd)).toEqual([]);
    expect(planRollout(input({ changes, etcd }))).toEqual([]);
  });

  it.each<[string, Resource, Observation<unknown>]>([
    ['another text of etcd.yaml', manifest, manifestWith('kind: Pod # old\n', '600')],
    [
      'another configuration of its unit',
      service,
      { state: 'present', found: { enabled: true, active: true, current: false } },
    ],
  ])(
    '%s restarts it: a rollout of all, in which the one that is down goes first',
    (_what, resource, observation) => {
      const changes = changesWith(resource, observation);
      expect(quorumFindings(changes, etcd)).toEqual([]);
      const others = changes.filter(({ host }) => host !== 'cp-3');
      expect(quorumFindings(others, etcd)).toMatchObject([{ check: 'EtcdQuorum', host: 'cp-1' }]);
      expect(planRollout(input({ changes, etcd })).map((turn) => turn.host)).toEqual([
        'cp-3',
        'cp-1',
        'cp-2',
      ]);
    },
  );
});

describe('quorumFindings', () => {
  const restart = [effectOn('cp-1', 'etcd', 'etcd')];
  it('finds that a restart would lose the quorum while a member is down', () => {
    expect(quorumFindings(restart, etcdWith(cps, ['cp-1', 'cp-2']))).toMatchObject([
      {
        check: 'EtcdQuorum',
        level: 'error',
        host: 'cp-1',
        remedy: expect.stringContaining('cp-3') as string,
      },
    ]);
  });
  it.each([
    ['all members are up', restart, etcdWith(cps)],
    ['the member that is down restarts', [effectOn('cp-3', 'etcd', 'etcd')], etcdWith(cps, ['cp-1', 'cp-2'])],
    ['five members spare one', restart, etcdWith([...cps, 'd', 'e'], [...cps, 'd'])],
    ['two members cannot spare any', restart, etcdWith(['cp-1', 'cp-2'])],
    ['only an API server restarts', apiServers(['cp-1']), etcdWith(cps, ['cp-1', 'cp-2'])],
    [
      'its etcd is only started, or reloads',
      [effectOn('cp-1', 'etcd', 'etcd', 'start'), effectOn('cp-1', 'etcd', 'etcd', 'reload')],
      etcdWith(cps, ['cp-1', 'cp-2']),
    ],
    ['nothing serves', restart, { state: 'unavailable', bootstrapped: true } as const],
  ])('has no findings if %s', (_what, changes, etcd) => {
    expect(quorumFindings(changes, etcd)).toEqual([]);
  });
});
