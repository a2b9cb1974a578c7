import { describe, expect, it } from 'vitest';
import type { ApplyEvent } from '../../../src/apply/events.ts';
import type { Batch, Dependency, Location, Task } from '../../../src/plan/types.ts';
import type { Lane } from '../../../src/view/html/lanes.ts';
import { recordRun } from '../../../src/view/html/record.ts';
import { runLanes } from '../../../src/view/html/run-lanes.ts';
import { plannedLanes } from '../../../src/view/html/planned-lanes.ts';
import { applyStep, configMap, gate, phaseOf, plan, planHost, shellStep } from '../../samples/plan.ts';

const hosts = [
  planHost('cp-1', 'control-plane'),
  planHost('w-1', 'worker'),
  planHost('w-2', 'worker'),
  planHost('w-3', 'worker'),
];
const after = (...phases: readonly string[]): Dependency[] => phases.map((phase) => ({ phase, need: 'all' }));
const step = (host: string, name = 'a'): Task => ({ on: { host }, steps: [shellStep(host, name)] });
const onHosts = (name: string, ...names: readonly string[]): [Location, Task['steps']][] =>
  names.map((host) => [{ host }, step(host, name).steps]);
const object = (name: string): [Location, Task['steps']] => ['cluster', [applyStep(configMap(name))]];

const lanes = plannedLanes(
  plan({
    hosts,
    phases: [
      phaseOf('certificates', [['operator', [shellStep('', 'ca.crt')]]]),
      phaseOf('host', onHosts('a', 'cp-1', 'w-1', 'w-2'), { after: after('certificates') }),
      phaseOf('etcd', onHosts('b', 'cp-1'), { stage: 'etcd', after: after('certificates') }),
      phaseOf('control-plane', onHosts('c', 'cp-1'), {
        stage: 'control-plane',
        after: after('certificates'),
      }),
      phaseOf('node', onHosts('d', 'w-1', 'w-2'), { stage: 'node', after: after('certificates') }),
      phaseOf('api', [object('kubeadm-config'), object('kubelet-config')], {
        stage: 'control-plane',
        after: after('control-plane'),
      }),
      phaseOf('nodes', [], {
        stage: 'node',
        after: [...after('api'), { phase: 'node', need: 'ended' }],
        gates: ['w-1', 'w-2'].map((node) => gate({ kind: 'node-ready', node })),
      }),
      phaseOf('addons', [object('coredns')], { stage: 'addon', after: after('api') }),
    ],
  }),
);
const times = ({ bars }: Lane): unknown[] => bars.map(({ stage, from, to }) => [stage, from, to]);

describe('lanes of a plan', () => {
  it('hosts with equal work share one, and idle hosts are marked', () => {
    expect(lanes.map(({ title, more }) => [title, more])).toEqual([
      ['this machine', ''],
      ['cp-1', ''],
      ['w-1, w-2', '2 hosts'],
      ['w-3', 'nothing to do'],
      ['Kubernetes API', ''],
      ['Kubernetes API', 'at the same time'],
    ]);
  });

  it('hosts do not wait for each other; phases wait for those in their `after`; others run in parallel', () => {
    const [operator, cp, workers, idle, api, addon] = lanes.map(times);
    expect(operator).toEqual([['host', 0, 1]]);
    expect(cp).toEqual([
      ['host', 1, 2],
      ['etcd', 2, 3],
      ['control-plane', 3, 4],
    ]);
    expect(workers).toEqual([
      ['host', 1, 2],
      ['node', 2, 3],
    ]);
    expect(idle).toEqual([]);
    expect(api).toEqual([
      ['control-plane', 4, 5],
      ['healthy', 5, 6],
    ]);
    expect(addon).toEqual([['addon', 5, 6]]);
  });

  it('bars have the name of their phase and the number of steps', () => {
    expect(lanes.at(-2)?.bars.map(({ text, more }) => [text, more])).toEqual([
      ['api', '2 steps'],
      ['until healthy', '2 to wait for'],
    ]);
  });

  it('hosts that could not be read have their own lane', () => {
    const unread = planHost('w-2', 'worker', { state: 'unreachable' });
    expect(
      plannedLanes(plan({ hosts: [planHost('w-1', 'worker'), unread] })).map(({ title, more }) => [
        title,
        more,
      ]),
    ).toEqual([
      ['w-1', 'nothing to do'],
      ['w-2', 'could not be read'],
    ]);
  });

  it('a batch starts after the gates of the previous one, and the API’s work after the last', () => {
    const members = ['cp-1', 'cp-2'];
    const rolled = plan({
      hosts: members.map((name) => planHost(name, 'control-plane')),
      phases: [
        phaseOf('host', onHosts('a', ...members)),
        {
          id: 'rollout',
          stage: 'etcd',
          title: 'rollout',
          after: [],
          batches: members.map((host): Batch => ({
            tasks: [step(host, 'etcd.yaml')],
            gates: [gate({ kind: 'etcd-member', host })],
          })),
        },
        phaseOf('api', [object('kubeadm-config')], { stage: 'control-plane', after: after('rollout') }),
      ],
    });
    const [one, two, api] = plannedLanes(rolled);
    expect(one && times(one)).toEqual([
      ['host', 0, 1],
      ['etcd', 1, 2],
      ['healthy', 2, 3],
    ]);
    expect(two && times(two)).toEqual([
      ['host', 0, 1],
      ['etcd', 3, 4],
      ['healthy', 4, 5],
    ]);
    expect(two?.bars.map(({ text, more }) => [text, more])).toEqual([
      ['host', '1 step'],
      ['rollout', '2 of 2'],
      ['until healthy', '1 to wait for'],
    ]);
    expect(api && times(api)).toEqual([['control-plane', 5, 6]]);
  });

  it('gates of hosts do not delay their later phases, so they have a separate lane', () => {
    const gated = plan({
      hosts: [planHost('cp-1', 'control-plane')],
      phases: [
        phaseOf('etcd', onHosts('a', 'cp-1'), {
          stage: 'etcd',
          gates: [gate({ kind: 'etcd-member', host: 'cp-1' })],
        }),
        phaseOf('control-plane', onHosts('b', 'cp-1'), { stage: 'control-plane' }),
      ],
    });
    expect(plannedLanes(gated).map((lane) => [lane.title, lane.more, times(lane)])).toEqual([
      [
        'cp-1',
        '',
        [
          ['etcd', 0, 1],
          ['healthy', 1, 2],
        ],
      ],
      ['cp-1', 'at the same time', [['control-plane', 1, 2]]],
    ]);
  });
});

describe('lanes of a run', () => {
  it('are a track for each host with its gates, and elsewhere a lane for each phase, in seconds', () => {
    const task = step('cp-1');
    const [host, api] = [gate({ kind: 'api', host: 'cp-1' }), gate({ kind: 'api' })];
    const late = applyStep(configMap('a'));
    const ran = plan({
      phases: [
        phaseOf('rollout', [[task.on, task.steps]], { stage: 'etcd', gates: [host] }),
        phaseOf('api', [['cluster', [late]]], { stage: 'control-plane', gates: [api] }),
      ],
    });
    const ends = [...task.steps, host, late, api].flatMap((each, index): ApplyEvent[] => [
      { at: 1000 * index, type: 'start', step: each },
      { at: 1000 * (index + 1), type: 'done', step: each, seconds: 1 },
    ]);
    const { operator, tracks, cluster } = runLanes(
      ran,
      recordRun(ran, [
        { at: 0, type: 'task', phase: 'rollout', host: 'cp-1', steps: 1 },
        ...ends.slice(0, 2),
        { at: 1000, type: 'task-done', phase: 'rollout', host: 'cp-1', seconds: 1 },
        ...ends.slice(2),
      ]),
    );
    expect(operator).toEqual([]);
    expect(tracks).toEqual([
      {
        name: 'cp-1',
        bars: [
          { stage: 'etcd', text: 'rollout', from: 0, to: 1, ending: 'done' },
          { stage: 'healthy', text: 'until healthy', from: 1, to: 2, ending: 'done' },
        ],
      },
    ]);
    expect(cluster).toEqual([
      {
        title: 'Kubernetes API',
        more: 'api',
        bars: [
          { stage: 'control-plane', text: 'api', from: 2, to: 3, ending: 'done' },
          { stage: 'healthy', text: 'until healthy', from: 3, to: 4, ending: 'done' },
        ],
      },
    ]);
  });
});
