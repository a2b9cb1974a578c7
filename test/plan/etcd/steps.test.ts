import { describe, expect, it } from 'vitest';
import type { HostChange } from '../../../src/plan/diff/host.ts';
import type { MemberPlan } from '../../../src/plan/etcd/membership.ts';
import { etcdGates, membershipSteps, withdrawal, withMembership } from '../../../src/plan/etcd/steps.ts';
import { targetText } from '../../../src/plan/target.ts';
import type { Step, Target } from '../../../src/plan/types.ts';
import { announced, etcdHost, etcdMember, flags, present } from '../../samples/etcd.ts';
import { shellStep } from '../../samples/plan.ts';

const memberPlan = (host: string, join: MemberPlan['join']): MemberPlan => ({
  host,
  join,
  membership: flags('existing', host),
});
const ids = (steps: readonly Step[]): string[] => steps.map(({ id }) => id);

describe('membershipSteps', () => {
  it('are empty if nothing changes, or a learner only has to be promoted', () => {
    const hosts = [memberPlan('etcd-1', 'none'), memberPlan('etcd-2', 'promote')];
    expect(membershipSteps({ hosts, remove: [] })).toEqual({ snapshot: undefined, removals: [] });
  });

  it('begin with a snapshot if a member joins', () => {
    const steps = membershipSteps({ hosts: [memberPlan('etcd-2', 'add-learner')], remove: [] });
    expect(steps).toMatchObject({
      snapshot: { operation: { kind: 'snapshot' }, verb: 'create' },
      removals: [],
    });
  });

  it('remove members after the snapshot, each with its reason', () => {
    const { snapshot, removals } = membershipSteps({
      hosts: [],
      remove: [
        { member: etcdMember('etcd-2'), why: 'left-inventory' },
        { member: etcdMember('etcd-3'), why: 'came-back-empty' },
        { member: announced('etcd-4'), why: 'left-inventory' },
      ],
    });
    if (snapshot === undefined) throw new Error('no snapshot');
    const steps = [snapshot, ...removals];
    expect(steps.map(({ verb, target, reason }) => [verb, target, reason])).toEqual([
      ['create', { kind: 'snapshot', name: 'etcd' }, 'into the state folder, before members change'],
      ['delete', { kind: 'etcd-member', name: 'etcd-2' }, 'its host left the inventory'],
      ['delete', { kind: 'etcd-member', name: 'etcd-3' }, 'its host came back without its data'],
      // It never started, so it has no name yet.
      ['delete', { kind: 'etcd-member', name: 'https://10.0.0.34:2380' }, 'its host left the inventory'],
    ]);
    expect(removals.map(({ operation }) => operation)).toEqual(
      ['2', '3', '4'].map((memberId) => ({ kind: 'remove', memberId })),
    );
    expect(new Set(ids(steps)).size).toBe(4);
  });
});

describe('withMembership', () => {
  const host = etcdHost('etcd-2');
  const targets = {
    'file a': { kind: 'file', name: 'a' },
    'file b': { kind: 'file', name: 'b' },
    'unit etcd': { kind: 'unit', name: 'etcd' },
    'unit kubelet': { kind: 'unit', name: 'kubelet' },
    'static-pod etcd': { kind: 'static-pod', name: 'etcd' },
    'static-pod kube-apiserver': { kind: 'static-pod', name: 'kube-apiserver' },
  } as const satisfies Record<string, Target>;
  const onHost = (...names: readonly (keyof typeof targets)[]): HostChange[] =>
    names.map((name) => ({
      host: 'etcd-2',
      stage: name === 'unit kubelet' ? 'node' : 'etcd',
      step: shellStep('etcd-2', name, { target: targets[name] }),
    }));
  const stepsWith = (join: MemberPlan['join'], ...names: readonly (keyof typeof targets)[]): string[] =>
    withMembership(onHost(...names), memberPlan('etcd-2', join), host).map(({ step }) =>
      step.type === 'etcd' ? step.operation.kind : targetText(step.target),
    );

  it.each([
    ['none', ['file a', 'unit etcd'], ['file a', 'unit etcd']],
    [
      'add-learner',
      ['file a', 'unit etcd', 'file b'],
      ['file a', 'add-learner', 'unit etcd', 'promote', 'file b'],
    ],
    ['promote', ['file a', 'unit etcd'], ['file a', 'unit etcd', 'promote']],
    [
      'add-learner',
      ['file a', 'static-pod etcd', 'static-pod kube-apiserver', 'unit kubelet', 'file b'],
      [
        'file a',
        'add-learner',
        'static-pod etcd',
        'static-pod kube-apiserver',
        'unit kubelet',
        'promote',
        'file b',
      ],
    ],
    ['promote', ['file a'], ['file a', 'promote']],
    ['promote', [], ['promote']],
  ] as const)('%s among %j', (join, steps, expected) => {
    expect(stepsWith(join, ...steps)).toEqual(expected);
  });

  it('a promotion belongs to the stage of the step that it waits for, to stay behind it', () => {
    const steps = withMembership(
      onHost('static-pod etcd', 'unit kubelet'),
      memberPlan('etcd-2', 'add-learner'),
      host,
    );
    expect(steps.map(({ stage }) => stage)).toEqual(['etcd', 'etcd', 'node', 'node']);
  });

  it('has the peer URL, and every step once', () => {
    const changes = withMembership(onHost('unit etcd'), memberPlan('etcd-2', 'add-learner'), host);
    const steps = changes.map(({ step }) => step);
    expect(changes.map((each) => each.host)).toEqual(['etcd-2', 'etcd-2', 'etcd-2']);
    expect(steps[0]).toMatchObject({ operation: { kind: 'add-learner', peerURL: 'https://10.0.0.32:2380' } });
    expect(steps[2]).toMatchObject({ operation: { kind: 'promote', peerURL: 'https://10.0.0.32:2380' } });
    expect(new Set(ids(steps)).size).toBe(3);
  });

  it('does not change the steps of a host without a member', () => {
    const steps = onHost('unit etcd');
    expect(withMembership(steps, undefined, undefined)).toEqual(steps);
  });
});

describe('withdrawal', () => {
  const operation = (kind: 'add-learner' | 'promote', stage: HostChange['stage']): HostChange => ({
    host: 'etcd-2',
    stage,
    step: {
      type: 'etcd',
      id: `etcd-2: ${kind}`,
      verb: 'create',
      target: { kind: 'etcd-member', name: 'etcd-2' },
      reason: '',
      effects: [],
      operation: { kind, peerURL: 'https://10.0.0.32:2380' },
      timeoutSeconds: 1,
    },
  });
  const announce = operation('add-learner', 'etcd');
  const promote = operation('promote', 'control-plane');
  const file: HostChange = { host: 'etcd-2', stage: 'control-plane', step: shellStep('etcd-2', '/x') };

  it('undoes the announcement in a task', () => {
    expect(withdrawal([file, announce, promote])).toEqual({
      type: 'etcd',
      id: 'etcd-2: withdraw',
      verb: 'delete',
      target: { kind: 'etcd-member', name: 'etcd-2' },
      reason: 'removed if it never started, so that others can join',
      effects: [],
      operation: { kind: 'withdraw', peerURL: 'https://10.0.0.32:2380' },
      timeoutSeconds: 60,
    });
  });

  it('is for learners that the task announces', () => {
    expect(withdrawal([file])).toBeUndefined();
    expect(withdrawal([file, promote])).toBeUndefined();
  });
});

describe('etcdGates', () => {
  it('are for members that do not serve yet', () => {
    const hosts = ['etcd-1', 'etcd-2', 'etcd-3'].map((name) => etcdHost(name));
    const waited = (seen: Parameters<typeof etcdGates>[1]): unknown[] =>
      etcdGates(hosts, seen).map(({ condition }) => ('host' in condition ? condition.host : condition));
    expect(waited({ state: 'absent' })).toEqual(['etcd-1', 'etcd-2', 'etcd-3']);
    expect(waited({ state: 'unavailable', bootstrapped: true })).toEqual(['etcd-1', 'etcd-2', 'etcd-3']);
    expect(waited(present([etcdMember('etcd-1'), etcdMember('etcd-2')], ['etcd-2']))).toEqual([
      'etcd-2',
      'etcd-3',
    ]);
    expect(waited(present(hosts.map(({ name }) => etcdMember(name))))).toEqual([]);
  });
});
