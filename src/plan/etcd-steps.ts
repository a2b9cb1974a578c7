import type { Stage } from '../model/stage.ts';
import type { EtcdHost, EtcdSeen, MemberPlan, MembershipPlan } from './etcd-membership.ts';
import type { EtcdStep, OnHostStep, WaitStep } from './types.ts';

/** Steps before any host's own: a snapshot when members change, and the removal of members whose host is gone. */
export function membershipSteps(plan: MembershipPlan): EtcdStep[] {
  const changes = plan.remove.length > 0 || plan.hosts.some((member) => member.join === 'add-learner');
  if (!changes) return [];
  return [
    step(
      'host',
      'cluster',
      'create',
      'etcd-snapshot',
      'into the state folder, before members change',
      { kind: 'snapshot' },
      300,
    ),
    ...plan.remove.map((member) =>
      step(
        'host',
        member.name === '' ? (member.peerURLs[0] ?? member.id) : member.name,
        'delete',
        `etcd-member ${member.name === '' ? member.id : member.name}`,
        'its host left the inventory',
        { kind: 'remove', memberId: member.id },
        60,
      ),
    ),
  ];
}

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
  const before: EtcdStep[] =
    member.join === 'promote'
      ? []
      : [
          ...(member.replaces === undefined
            ? []
            : [
                step(
                  'etcd',
                  host.name,
                  'delete',
                  `etcd-member ${host.name}`,
                  'of this host before it came back empty',
                  { kind: 'remove', memberId: member.replaces },
                  60,
                ),
              ]),
          step(
            'etcd',
            host.name,
            'create',
            `etcd-member ${host.name}`,
            'announced as a learner',
            { kind: 'add-learner', peerURL },
            120,
          ),
        ];
  const promote = step(
    'etcd',
    host.name,
    'update',
    `etcd-member ${host.name}`,
    'promoted to a voting member once it is in sync',
    { kind: 'promote', peerURL },
    240,
  );
  const isEtcd = (each: OnHostStep): boolean =>
    each.resource === 'static-pod etcd' || each.resource === 'unit etcd';
  const start = steps.findIndex(isEtcd);
  const kubelet = steps.findIndex((each) => each.resource === 'unit kubelet');
  const at = start < 0 ? steps.length : start;
  const end = Math.max(at, kubelet + 1, start + 1);
  return [
    ...steps.slice(0, at),
    ...before,
    ...steps.slice(at, end),
    { ...promote, stage: steps[end - 1]?.stage ?? 'etcd' },
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

function step(
  stage: Stage,
  host: string,
  verb: EtcdStep['verb'],
  resource: string,
  reason: string,
  operation: EtcdStep['operation'],
  timeoutSeconds: number,
): EtcdStep {
  return {
    type: 'etcd',
    id: `${host}: ${operation.kind} ${resource}`,
    stage,
    host,
    verb,
    resource,
    reason,
    operation,
    timeoutSeconds,
  };
}
