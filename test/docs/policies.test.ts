import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/model/component.ts';
import type { Plan, ShellStep } from '../../src/plan/types.ts';
import { phaseOf, plan, shellStep } from '../samples/plan.ts';

const policy = join(import.meta.dirname, '../../docs/policies/no-restarts-by-day.mjs');

function judge(of: Plan, hour: number): { readonly status: number | null; readonly stderr: string } {
  const events = [{ type: 'plan', plan: of }, { type: 'summary' }].map((event) => JSON.stringify(event));
  return spawnSync(process.execPath, [policy, String(hour)], {
    input: `${events.join('\n')}\n`,
    encoding: 'utf8',
  });
}

const step = (host: string, component: Effect['component'], kind: Effect['kind']): ShellStep =>
  shellStep(host, component, { effects: [{ component, kind }] });

/** Steps of a control plane in an early phase, in the later of two batches, and on a worker. */
const restarts = plan({
  phases: [
    phaseOf('runtime', [
      [{ host: 'cp-1' }, [shellStep('cp-1', '/etc/crictl.yaml'), step('cp-1', 'containerd', 'restart')]],
      [{ host: 'w-1' }, [step('w-1', 'kubelet', 'restart')]],
    ]),
    {
      ...phaseOf('control-plane', []),
      batches: [
        { tasks: [{ on: 'cluster', steps: [] }], gates: [] },
        { tasks: [{ on: { host: 'cp-1' }, steps: [step('cp-1', 'kube-apiserver', 'stop')] }], gates: [] },
      ],
    },
  ],
});

describe('no-restarts-by-day', () => {
  it('refuses restarts on a control plane, by day', () => {
    expect(judge(restarts, 12)).toMatchObject({
      status: 1,
      stderr:
        "no restarts on a control plane before 19 o'clock:\n  cp-1: containerd, restart\n  cp-1: kube-apiserver, stop\n",
    });
    for (const hour of [6, 19, 22]) expect(judge(restarts, hour)).toMatchObject({ status: 0, stderr: '' });
    for (const hour of [7, 18]) expect(judge(restarts, hour).status).toBe(1);
  });

  it('counts what a rollback restarts', () => {
    const rollback = [step('cp-1', 'kube-apiserver', 'restart')];
    const phases = [
      {
        ...phaseOf('rollout', []),
        batches: [{ tasks: [{ on: { host: 'cp-1' }, steps: [], rollback }], gates: [] }],
      },
    ];
    expect(judge(plan({ phases }), 12).status).toBe(1);
  });

  it.each<[string, ShellStep]>([
    ['a file', shellStep('cp-1', '/a', { verb: 'update' })],
    ['a start', step('cp-1', 'kube-apiserver', 'start')],
    ['a reload', step('cp-1', 'haproxy', 'reload')],
    // Only its mode changes: that interrupts nothing.
    [
      'a static Pod',
      shellStep('cp-1', 'x', { verb: 'update', target: { kind: 'static-pod', name: 'etcd' } }),
    ],
  ])('allows %s', (_what, allowed) => {
    expect(judge(plan({ phases: [phaseOf('x', [[{ host: 'cp-1' }, [allowed]]])] }), 12).status).toBe(0);
  });
});
