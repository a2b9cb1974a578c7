import type { EtcdHost, EtcdObservation } from '../../observe/etcd.ts';
import type { HostChange } from '../diff/host.ts';
import type { EtcdStep, Gate, Target } from '../types.ts';
import type { MemberPlan, MemberRemoval, MembershipPlan } from './membership.ts';

/** Steps before those of any host if the membership changes. */
export interface MembershipSteps {
  /** undefined: the membership does not change. */
  readonly snapshot: EtcdStep | undefined;
  readonly removals: readonly EtcdStep[];
}

/** A snapshot if the membership changes, and the removal of obsolete members. */
export function membershipSteps(plan: MembershipPlan): MembershipSteps {
  const changes = plan.remove.length > 0 || plan.hosts.some((member) => member.join === 'add-learner');
  if (!changes) return { snapshot: undefined, removals: [] };
  return {
    snapshot: etcdStep({
      id: 'etcd: snapshot',
      verb: 'create',
      target: { kind: 'snapshot', name: 'etcd' },
      reason: 'into the state folder, before members change',
      operation: { kind: 'snapshot' },
      timeoutSeconds: 300,
    }),
    removals: plan.remove.map(({ member, why }) => {
      const name = member.name === '' ? (member.peerURLs[0] ?? member.id) : member.name;
      return etcdStep({
        id: `etcd: remove ${name}`,
        verb: 'delete',
        target: { kind: 'etcd-member', name },
        reason: removalReasons[why],
        operation: { kind: 'remove', memberId: member.id },
        timeoutSeconds: 60,
      });
    }),
  };
}

const removalReasons: Readonly<Record<MemberRemoval['why'], string>> = {
  'left-inventory': 'its host left the inventory',
  'came-back-empty': 'its host came back without its data',
};

/**
 * Inserts the membership steps of a joining host into its other steps: it is added as a learner before its etcd
 * starts, and promoted once its whole control plane was started.
 */
export function withMembership(
  changes: readonly HostChange[],
  member: MemberPlan | undefined,
  host: EtcdHost | undefined,
): HostChange[] {
  if (member === undefined || host === undefined || member.join === 'none') return [...changes];
  const { name, peerURL } = host;
  const target: Target = { kind: 'etcd-member', name };
  const announce = etcdStep({
    id: `${name}: add-learner`,
    verb: 'create',
    target,
    reason: 'added as a learner',
    operation: { kind: 'add-learner', peerURL },
    timeoutSeconds: 120,
  });
  const start = changes.findIndex(({ step }) => startsEtcd(step.target));
  const kubelet = changes.findIndex(
    ({ step: { target: of } }) => of.kind === 'unit' && of.name === 'kubelet',
  );
  const at = start < 0 ? changes.length : start;
  const end = Math.max(at, kubelet + 1, start + 1);
  const promote = etcdStep({
    id: `${name}: promote`,
    verb: 'update',
    target,
    reason: 'promoted to a voting member once it is in sync',
    operation: { kind: 'promote', peerURL },
    timeoutSeconds: 240,
  });
  const lastStage = changes[end - 1]?.stage ?? 'etcd';
  return [
    ...changes.slice(0, at),
    ...(member.join === 'add-learner' ? [{ host: name, stage: 'etcd' as const, step: announce }] : []),
    ...changes.slice(at, end),
    { host: name, stage: lastStage, step: promote },
    ...changes.slice(end),
  ];
}

/** Removes the learner that a task adds, for its rollback; undefined if the task adds none. */
export function withdrawal(task: readonly HostChange[]): EtcdStep | undefined {
  for (const { host, step } of task)
    if (step.type === 'etcd' && step.operation.kind === 'add-learner')
      return etcdStep({
        id: `${host}: withdraw`,
        verb: 'delete',
        target: step.target,
        reason: 'removed if it never started, so that others can join',
        operation: { kind: 'withdraw', peerURL: step.operation.peerURL },
        timeoutSeconds: 60,
      });
  return undefined;
}

/** Gates for members that run as services; members in static Pods are observed through the API. */
export function etcdGates(hosts: readonly EtcdHost[], seen: EtcdObservation): Gate[] {
  return hosts
    .filter(({ name }) => {
      const member = seen.state === 'present' ? seen.members.find((each) => each.name === name) : undefined;
      return member === undefined || seen.state !== 'present' || !seen.healthy.has(member.id);
    })
    .map(({ name }) => ({
      type: 'wait',
      id: `etcd: waits for member ${name}`,
      condition: { kind: 'etcd-member', host: name },
      timeoutSeconds: 120,
    }));
}

function startsEtcd({ kind, ...rest }: Target): boolean {
  return (kind === 'static-pod' || kind === 'unit') && 'name' in rest && rest.name === 'etcd';
}

function etcdStep(parts: Omit<EtcdStep, 'type' | 'effects'>): EtcdStep {
  return { type: 'etcd', effects: [], ...parts };
}
