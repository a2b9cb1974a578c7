import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/kube/types.ts';
import type { Cluster, Host, Role } from '../../../src/model/cluster.ts';
import { stages, type Stage } from '../../../src/model/stage.ts';
import type { ClusterObservation } from '../../../src/observe/cluster.ts';
import type { EtcdObservation } from '../../../src/observe/etcd.ts';
import { planRoll, quorumFindings, type RollInput } from '../../../src/plan/rollout/rollout.ts';
import type { EtcdStep, HostStep, Turn } from '../../../src/plan/types.ts';
import { sampleCluster } from '../../pki/sample.ts';
import { hostStep } from '../sample.ts';

type Verb = HostStep['verb'];
const host = (name: string, ...roles: Role[]): Host => ({
  ...(sampleCluster().hosts[0] as Host),
  name,
  roles,
  address: `10.0.0.${name.at(-1) ?? ''}`,
});
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

/** A cluster of three control planes in which all is well. */
function input(more: Partial<RollInput> = {}): RollInput {
  return {
    cluster: stacked,
    balancers: [],
    steps: [],
    inspections: new Map(cps.map((name) => [name, runs])),
    etcd: etcdWith(cps),
    api: apiWith([...cps, 'w-4', 'w-5']),
    wants: { controlPlanePods: [] },
    ...more,
  };
}
const step = (on: string, resource: string, stage: Stage, verb: Verb = 'restart', reason = 'x'): HostStep =>
  hostStep(on, resource, { stage, verb, reason });
const apiServers = (hosts = cps): HostStep[] =>
  hosts.map((name) => step(name, 'static-pod kube-apiserver', 'control-plane', 'update'));
const order = (turns: readonly Turn[]): string[] => turns.map((turn) => `${turn.host} ${turn.from}`);

describe('planRoll', () => {
  it('lets control planes that serve go one after another, from their first disturbing stage on', () => {
    const steps = [
      ...cps.map((name) => step(name, 'file /etc/crictl.yaml', 'runtime', 'update')),
      ...apiServers(),
    ];
    expect(order(planRoll(input({ steps })))).toEqual(cps.map((name) => `${name} control-plane`));
    const more = [...steps, step('cp-2', 'unit containerd', 'runtime')];
    expect(order(planRoll(input({ steps: more })))).toContain('cp-2 runtime');
  });

  it.each([
    ['static-pod etcd', 'etcd', 'update', true],
    ['static-pod kube-scheduler', 'control-plane', 'restart', true],
    ['unit kubelet', 'control-plane', 'restart', true],
    ['unit containerd', 'runtime', 'restart', true],
    ['unit haproxy', 'load-balancer', 'update', true],
    ['unit keepalived', 'load-balancer', 'update', true],
    ['unit haproxy', 'load-balancer', 'create', false],
    ['unit containerd', 'runtime', 'create', false],
    ['file /etc/kubernetes/admin.conf', 'control-plane', 'update', false],
    ['sysctl vm.overcommit_memory', 'host', 'update', false],
  ] as const)('%s in stage %s, %s: needs turns: %s', (resource, stage, verb, needs) => {
    const steps = cps.map((name) => step(name, resource, stage, verb));
    expect(planRoll(input({ steps })).length).toBe(needs ? 3 : 0);
  });

  it('a unit that is only enabled at boot disturbs nobody', () => {
    const steps = cps.map((name) => step(name, 'unit kubelet', 'control-plane', 'update', 'enabled at boot'));
    expect(planRoll(input({ steps }))).toEqual([]);
  });

  it('founds side by side, and mends side by side what does not serve at all', () => {
    const steps = apiServers();
    expect(planRoll(input({ steps, etcd: { state: 'absent' }, api: { state: 'absent' } }))).toEqual([]);
    const silent = { state: 'unavailable', why: '' } as const;
    expect(
      planRoll(input({ steps, etcd: { state: 'unavailable', bootstrapped: true }, api: silent })),
    ).toEqual([]);
    expect(planRoll(input({ steps, api: silent }))).toHaveLength(3);
  });

  it('leaves workers and a single disturbed host out of it', () => {
    const workers = ['w-4', 'w-5'].map((name) => step(name, 'unit kubelet', 'node'));
    expect(planRoll(input({ steps: workers }))).toEqual([]);
    expect(planRoll(input({ steps: apiServers(['cp-2']) }))).toEqual([]);
    expect(order(planRoll(input({ steps: [...workers, ...apiServers()] })))).toHaveLength(3);
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
    ['it is no member yet', { etcd: etcdWith(['cp-1', 'cp-2']) }],
    ['its Node is not Ready', { api: apiWith(['cp-1', 'cp-2']) }],
  ])('a host comes first when %s: the others carry the cluster meanwhile', (_what, more) => {
    const turns = planRoll(input({ steps: apiServers(), ...more }));
    expect(turns.map((turn) => turn.host)).toEqual(['cp-3', 'cp-1', 'cp-2']);
  });

  it('a host that joins takes its turn when its member is announced, not while it is being equipped', () => {
    const announce: EtcdStep = {
      ...{ type: 'etcd', id: 'a', stage: 'etcd', host: 'cp-3', verb: 'create', resource: 'etcd-member cp-3' },
      ...{ reason: '', operation: { kind: 'add-learner', peerURL: '' }, timeoutSeconds: 1 },
    };
    const steps = [
      step('cp-3', 'unit containerd', 'runtime', 'create'),
      announce,
      step('cp-3', 'static-pod etcd', 'etcd', 'create'),
      step('cp-3', 'unit kubelet', 'control-plane', 'create'),
      ...['cp-1', 'cp-2'].map((name) => step(name, 'unit haproxy', 'load-balancer', 'update')),
    ];
    const turns = planRoll(
      input({ steps, inspections: new Map(['cp-1', 'cp-2'].map((name) => [name, runs])) }),
    );
    expect(order(turns)).toEqual(['cp-3 etcd', 'cp-1 load-balancer', 'cp-2 load-balancer']);
  });

  it('hosts join in the order of the inventory, after a learner that was announced before: etcd takes one at a time', () => {
    const etcdStep = (on: string, kind: 'add-learner' | 'promote'): EtcdStep => ({
      ...{
        type: 'etcd',
        id: `${on} ${kind}`,
        stage: 'etcd',
        host: on,
        verb: 'create',
        resource: 'etcd-member',
      },
      ...{ reason: '', operation: { kind, peerURL: '' }, timeoutSeconds: 1 },
    });
    const joins = (on: string): EtcdStep[] => [etcdStep(on, 'add-learner'), etcdStep(on, 'promote')];
    const steps = [...joins('cp-1'), ...joins('cp-2'), etcdStep('cp-3', 'promote')];
    const turns = planRoll(input({ steps, etcd: etcdWith(['cp-4']) }));
    expect(turns.map((turn) => turn.host)).toEqual(['cp-3', 'cp-1', 'cp-2']);
  });

  it('etcd hosts and load balancers take turns, too', () => {
    const hosts = [
      host('etcd-1', 'etcd'),
      host('etcd-2', 'etcd'),
      host('etcd-3', 'etcd'),
      host('lb-4', 'load-balancer'),
      host('cp-5', 'control-plane'),
    ];
    const loadBalancer = { virtualIP: '10.0.0.100', port: 8443, virtualRouterID: 1 };
    const turns = planRoll(
      input({
        cluster: { ...stacked, hosts, loadBalancer },
        balancers: hosts.filter(({ name }) => name === 'lb-4'),
        inspections: new Map([['cp-5', runs]]),
        etcd: etcdWith(['etcd-1', 'etcd-2', 'etcd-3']),
        api: apiWith(['cp-5']),
        steps: [
          ...['etcd-1', 'etcd-2', 'etcd-3'].map((name) => step(name, 'unit etcd', 'etcd')),
          step('lb-4', 'unit haproxy', 'load-balancer', 'update'),
          ...apiServers(['cp-5']),
        ],
      }),
    );
    const waits = turns.map((turn) => turn.waits.map((wait) => wait.condition.kind).join(' '));
    expect(order(turns)).toHaveLength(5);
    expect(waits).toEqual([
      'etcd-member',
      'etcd-member',
      'etcd-member',
      'load-balancer',
      'api kubelet node-ready',
    ]);
  });

  it('waits for what held before or is started, and for nothing that may need a later stage', () => {
    const pods = { controlPlanePods: [{ host: 'cp-1', namespace: 'kube-system', name: 'etcd-cp-1' }] };
    const waits = (more: Partial<RollInput>): readonly string[] =>
      planRoll(input({ steps: apiServers(), wants: pods, ...more }))
        .find((turn) => turn.host === 'cp-1')
        ?.waits.map((wait) => wait.resource) ?? [];
    const all = [
      'etcd-member cp-1',
      'API server of cp-1',
      'kubelet of cp-1',
      'Node cp-1 Ready',
      'Pod etcd-cp-1',
    ];
    expect(waits({})).toEqual(all);
    // Not Ready for want of a network that an add-on brings.
    expect(waits({ api: apiWith([]) })).toEqual(all.filter((name) => !name.startsWith('Node')));
    expect(waits({ api: { state: 'unavailable', why: '' } })).toEqual(all.slice(0, 3));
    const noHealthz = { ...stacked, kubelet: { config: { healthzPort: 0 } } };
    expect(waits({ cluster: noHealthz })).toEqual(all.filter((name) => !name.startsWith('kubelet')));
  });

  it('never lets two hosts be disturbed at once that others count on', () => {
    const resources = [
      ['static-pod etcd', 'etcd'],
      ['static-pod kube-apiserver', 'control-plane'],
      ['unit containerd', 'runtime'],
      ['unit kubelet', 'control-plane'],
      ['unit haproxy', 'load-balancer'],
      ['file /x', 'host'],
    ] as const;
    const anyStep = fc
      .tuple(
        fc.constantFrom(...stacked.hosts.map(({ name }) => name)),
        fc.constantFrom(...resources),
        fc.constantFrom<Verb>('create', 'update', 'restart'),
      )
      .map(([on, [resource, stage], verb]) => step(on, resource, stage, verb));
    const some = fc.subarray(cps);
    fc.assert(
      fc.property(fc.array(anyStep), some, some, some, (steps, members, nodes, listening) => {
        const turns = planRoll(
          input({
            steps,
            etcd: etcdWith(cps, members),
            api: apiWith(nodes),
            inspections: new Map(listening.map((name) => [name, runs])),
          }),
        );
        const place = new Map(turns.map((turn, index) => [turn.host, index]));
        expect(place.size).toBe(turns.length);
        const disturbing = steps.filter(
          ({ host: on, verb, resource }) =>
            cps.includes(on) && verb !== 'create' && /^(static-pod|unit) /.test(resource),
        );
        // Any two of them are of one host, or of two that take turns; each after its turn began.
        for (const one of disturbing) {
          const others = disturbing.some((other) => other.host !== one.host);
          const turn = turns[place.get(one.host) ?? -1];
          if (others) expect(turn).toBeDefined();
          if (turn !== undefined)
            expect(stages.indexOf(turn.from)).toBeLessThanOrEqual(stages.indexOf(one.stage));
        }
        for (const turn of turns)
          expect(turn.waits.map((wait) => wait.condition.kind)).toContain('etcd-member');
      }),
    );
  });
});

describe('quorumFindings', () => {
  const restart = [step('cp-1', 'static-pod etcd', 'etcd')];
  it('finds that a restart would cost the quorum while a member is down', () => {
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
    ['all are up', restart, etcdWith(cps)],
    [
      'the member that is down restarts',
      [step('cp-3', 'static-pod etcd', 'etcd')],
      etcdWith(cps, ['cp-1', 'cp-2']),
    ],
    ['five members spare one', restart, etcdWith([...cps, 'd', 'e'], [...cps, 'd'])],
    ['two members cannot spare any', restart, etcdWith(['cp-1', 'cp-2'])],
    ['only an API server restarts', apiServers(['cp-1']), etcdWith(cps, ['cp-1', 'cp-2'])],
    ['nothing serves', restart, { state: 'unavailable', bootstrapped: true } as const],
  ])('is quiet when %s', (_what, steps, etcd) => {
    expect(quorumFindings(steps, etcd)).toEqual([]);
  });
});
