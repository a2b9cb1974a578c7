import { describe, expect, it } from 'vitest';
import { resetPhases, resetSteps } from '../../../src/plan/phases/reset.ts';
import type { Leave } from '../../../src/plan/rollout/leave.ts';
import { isSerial } from '../../../src/plan/steps.ts';
import { targetText } from '../../../src/plan/target.ts';
import type { EtcdStep, Phase } from '../../../src/plan/types.ts';
import { shellStep } from '../../samples/plan.ts';
import { nodeRemoval } from '../../samples/install-work.ts';

const nobodyLeaves: Leave = {
  snapshot: undefined,
  removals: [],
  nodes: [],
  removedNodes: [],
  warnings: [],
};
const etcd = (operation: EtcdStep['operation'], name: string): EtcdStep => ({
  ...{ type: 'etcd', id: `etcd: ${operation.kind} ${name}`, verb: 'delete', reason: '', effects: [] },
  ...{ target: { kind: 'etcd-member', name }, operation, timeoutSeconds: 60 },
});
const wiped = ['cp-3', 'w-1'].map((host) => ({
  host,
  steps: [shellStep(host, 'units'), shellStep(host, 'data')],
}));
const idsOf = ({ batches }: Phase): string[][][] =>
  batches.map(({ tasks }) => tasks.map(({ steps }) => steps.map(({ id }) => id)));

describe('resetPhases', () => {
  it('hosts leave the cluster first, one after another, then all are wiped in parallel', () => {
    const phases = resetPhases(
      {
        snapshot: etcd({ kind: 'snapshot' }, 'etcd'),
        removals: [etcd({ kind: 'remove', memberId: '3' }, 'cp-3')],
        nodes: [nodeRemoval('cp-3'), nodeRemoval('w-1')],
        removedNodes: [],
        warnings: [],
      },
      wiped,
    );
    expect(phases.map(({ id }) => id)).toEqual(['membership', 'reset']);
    const [membership, reset] = phases;
    if (membership === undefined || reset === undefined) throw new Error('two phases');
    expect(idsOf(membership)).toEqual([
      [['etcd: snapshot etcd']],
      [['cluster: drain Node cp-3', 'cluster: delete Node cp-3']],
      [['cluster: drain Node w-1', 'cluster: delete Node w-1']],
      [['etcd: remove cp-3']],
    ]);
    expect(isSerial(membership)).toBe(true);
    expect(membership.after).toEqual([]);
    expect(idsOf(reset)).toEqual([
      [
        ['cp-3: units', 'cp-3: data'],
        ['w-1: units', 'w-1: data'],
      ],
    ]);
    expect(reset.batches.map(({ tasks }) => tasks.map(({ on }) => on))).toEqual([
      [{ host: 'cp-3' }, { host: 'w-1' }],
    ]);
    // A host that did not leave the cluster is not wiped.
    expect(reset.after).toEqual([{ phase: 'membership', need: 'all' }]);
  });

  it('only wipes if the whole cluster is reset, and skips clean hosts', () => {
    const phases = resetPhases(nobodyLeaves, [...wiped, { host: 'w-2', steps: [] }]);
    expect(phases.map(({ id, after }) => [id, after])).toEqual([['reset', []]]);
    expect(phases[0]?.batches[0]?.tasks.map(({ on }) => on)).toEqual([{ host: 'cp-3' }, { host: 'w-1' }]);
  });

  it('has no phase without changes', () => {
    expect(resetPhases(nobodyLeaves, [])).toEqual([]);
    expect(resetPhases(nobodyLeaves, [{ host: 'w-2', steps: [] }])).toEqual([]);
  });
});

describe('resetSteps', () => {
  it('are steps of their host, with the effects of the removal', () => {
    const steps = resetSteps('w-1', [
      {
        what: 'unit kubelet',
        reason: 'stopped and disabled',
        script: 'systemctl disable --now kubelet',
        effects: [{ component: 'kubelet', kind: 'stop' }],
      },
      { what: 'data', reason: '/var/lib/kubelet', script: 'rm -rf -- /var/lib/kubelet', effects: [] },
    ]);
    expect(steps[0]).toEqual({
      type: 'shell',
      id: 'w-1: reset unit kubelet',
      verb: 'delete',
      target: { kind: 'leftover', name: 'unit kubelet' },
      reason: 'stopped and disabled',
      effects: [{ component: 'kubelet', kind: 'stop' }],
      script: 'systemctl disable --now kubelet',
      timeoutSeconds: 300,
    });
    expect(steps.map(({ target }) => targetText(target))).toEqual(['unit kubelet', 'data']);
  });
});
