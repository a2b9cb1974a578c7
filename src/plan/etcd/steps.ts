import type { EtcdHost, EtcdSeen, MemberPlan, MemberRemoval, MembershipPlan } from './membership.ts';
import type { EtcdStep, OnHostStep, WaitStep } from '../types.ts';

/** Steps before any host's own: a snapshot when members change, and the removal of members that are gone. */
export function membershipSteps(plan: MembershipPlan): EtcdStep[] {
  const changes = plan.remove.length > 0 || plan.hosts.some((member) => member.join === 'add-learner');
  if (!changes) return [];
  return [
    step({
      stage: 'host',
      host: 'cluster',
      verb: 'create',
      resource: 'etcd-snapshot',
      reason: 'into the state folder, before members change',
      operation: { kind: 'snapshot' },
      timeoutSeconds: 300,
    }),
    ...plan.remove.map(({ member, why }) =>
      step({
        stage: 'host',
        host: member.name === '' ? (member.peerURLs[0] ?? member.id) : member.name,
        verb: 'delete',
        resource: `etcd-member ${member.name === '' ? member.id : member.name}`,
        reason: removalReasons[why],
        operation: { kind: 'remove', memberId: member.id },
        timeoutSeconds: 60,
      }),
    ),
  ];
}

const removalReasons: Readonly<Record<MemberRemoval['why'], string>> = {
  'left-inventory': 'its host left the inventory',
  'came-back-empty': 'its host came back without its data',
};

/**
 * Puts a joining host's membership steps among its own: it is announced as a learner before its etcd starts
 * (peers: kubeadm announces after), and promoted once everything of its control plane was started.
 */
export function withMembership(
  steps: readonly OnHostStep[],
  member: MemberPlan | undefined,
  host: EtcdHost | undefined,
): OnHostStep[] {
  if (member === undefined || host === undefined || member.join === 'none') return [...steps];
  const { peerURL } = host;
  const announce = step({
    stage: 'etcd',
    host: host.name,
    verb: 'create',
    resource: `etcd-member ${host.name}`,
    reason: 'announced as a learner',
    operation: { kind: 'add-learner', peerURL },
    timeoutSeconds: 120,
  });
  const start = steps.findIndex(({ resource }) => resource === 'static-pod etcd' || resource === 'unit etcd');
  const kubelet = steps.findIndex((each) => each.resource === 'unit kubelet');
  const at = start < 0 ? steps.length : start;
  const end = Math.max(at, kubelet + 1, start + 1);
  const promote = step({
    stage: steps[end - 1]?.stage ?? 'etcd',
    host: host.name,
    verb: 'update',
    resource: `etcd-member ${host.name}`,
    reason: 'promoted to a voting member once it is in sync',
    operation: { kind: 'promote', peerURL },
    timeoutSeconds: 240,
  });
  return [
    ...steps.slice(0, at),
    ...(member.join === 'add-learner' ? [announce] : []),
    ...steps.slice(at, end),
    promote,
    ...steps.slice(end),
  ];
}

/** Waits for members that run as services: static Pods are waited for through the API. */
export function etcdWaits(hosts: readonly EtcdHost[], seen: EtcdSeen): WaitStep[] {
  return hosts
    .filter(({ name }) => {
      const member = seen.state === 'present' ? seen.members.find((each) => each.name === name) : undefined;
      return member === undefined || seen.state !== 'present' || !seen.healthy.has(member.id);
    })
    .map(({ name }) => ({
      type: 'wait',
      id: `cluster: waits for etcd on ${name}`,
      stage: 'etcd',
      verb: 'wait',
      resource: `etcd-member ${name}`,
      reason: '120 s at most',
      condition: { kind: 'etcd-member', host: name },
      timeoutSeconds: 120,
    }));
}

function step(parts: Omit<EtcdStep, 'type' | 'id'>): EtcdStep {
  return { type: 'etcd', id: `${parts.host}: ${parts.operation.kind} ${parts.resource}`, ...parts };
}
