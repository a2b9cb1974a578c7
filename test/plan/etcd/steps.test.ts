import { describe, expect, it } from 'vitest';
import { etcdWaits, membershipSteps, withMembership } from '../../../src/plan/etcd/steps.ts';
import type { MemberPlan } from '../../../src/plan/etcd/membership.ts';
import type { OnHostStep } from '../../../src/plan/types.ts';
import { announced, etcdHost, etcdMember, flags, present } from './sample.ts';
import { hostStep } from '../sample.ts';

const memberPlan = (host: string, join: MemberPlan['join']): MemberPlan => ({
  host,
  join,
  membership: flags('existing', host),
});
const ids = (steps: readonly OnHostStep[]): string[] => steps.map(({ id }) => id);

describe('membershipSteps', () => {
  it('are none where nothing changes, nor where a learner only has to be promoted', () => {
    const hosts = [memberPlan('etcd-1', 'none'), memberPlan('etcd-2', 'promote')];
    expect(membershipSteps({ hosts, remove: [] })).toEqual([]);
  });

  it('begin with a snapshot when somebody joins', () => {
    const steps = membershipSteps({ hosts: [memberPlan('etcd-2', 'add-learner')], remove: [] });
    expect(steps).toMatchObject([{ host: 'cluster', operation: { kind: 'snapshot' }, verb: 'create' }]);
  });

  it('remove members after the snapshot, each with its reason', () => {
    const steps = membershipSteps({
      hosts: [],
      remove: [
        { member: etcdMember('etcd-2'), why: 'left-inventory' },
        { member: etcdMember('etcd-3'), why: 'came-back-empty' },
        { member: announced('etcd-4'), why: 'left-inventory' },
      ],
    });
    expect(steps.map(({ host, verb, resource, reason }) => [host, verb, resource, reason])).toEqual([
      ['cluster', 'create', 'etcd-snapshot', 'into the state folder, before members change'],
      ['etcd-2', 'delete', 'etcd-member etcd-2', 'its host left the inventory'],
      ['etcd-3', 'delete', 'etcd-member etcd-3', 'its host came back without its data'],
      ['https://10.0.0.34:2380', 'delete', 'etcd-member 4', 'its host left the inventory'],
    ]);
    expect(new Set(ids(steps)).size).toBe(4);
  });
});

describe('withMembership', () => {
  const host = etcdHost('etcd-2');
  const onHost = (...resources: readonly string[]): OnHostStep[] =>
    resources.map((resource) =>
      hostStep('etcd-2', resource, { stage: resource === 'unit kubelet' ? 'node' : 'etcd' }),
    );
  const resourcesWith = (join: MemberPlan['join'], ...resources: readonly string[]): string[] =>
    withMembership(onHost(...resources), memberPlan('etcd-2', join), host).map((step) =>
      step.type === 'etcd' ? step.operation.kind : step.resource,
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
    expect(resourcesWith(join, ...steps)).toEqual(expected);
  });

  it('a promotion is of the stage of what it waits for, so that the order of stages keeps it there', () => {
    const steps = withMembership(
      onHost('static-pod etcd', 'unit kubelet'),
      memberPlan('etcd-2', 'add-learner'),
      host,
    );
    expect(steps.map(({ stage }) => stage)).toEqual(['etcd', 'etcd', 'node', 'node']);
  });

  it('names the peer URL, and every step once', () => {
    const steps = withMembership(onHost('unit etcd'), memberPlan('etcd-2', 'add-learner'), host);
    expect(steps[0]).toMatchObject({ operation: { kind: 'add-learner', peerURL: 'https://10.0.0.32:2380' } });
    expect(steps[2]).toMatchObject({ operation: { kind: 'promote', peerURL: 'https://10.0.0.32:2380' } });
    expect(new Set(ids(steps)).size).toBe(3);
  });

  it('leaves the steps of a host without a member alone', () => {
    const steps = onHost('unit etcd');
    expect(withMembership(steps, undefined, undefined)).toEqual(steps);
  });
});

describe('etcdWaits', () => {
  it('are for members that do not serve yet', () => {
    const hosts = ['etcd-1', 'etcd-2', 'etcd-3'].map((name) => etcdHost(name));
    const waited = (seen: Parameters<typeof etcdWaits>[1]): unknown[] =>
      etcdWaits(hosts, seen).map(({ condition }) => ('host' in condition ? condition.host : condition));
    expect(waited({ state: 'absent' })).toEqual(['etcd-1', 'etcd-2', 'etcd-3']);
    expect(waited({ state: 'unavailable', bootstrapped: true })).toEqual(['etcd-1', 'etcd-2', 'etcd-3']);
    expect(waited(present([etcdMember('etcd-1'), etcdMember('etcd-2')], ['etcd-2']))).toEqual([
      'etcd-2',
      'etcd-3',
    ]);
    expect(waited(present(hosts.map(({ name }) => etcdMember(name))))).toEqual([]);
  });
});
