import type { EtcdMember } from '../etcd/client.ts';
import { KbootError } from '../model/error.ts';

/** A host that shall hold an etcd member. */
export interface EtcdHost {
  readonly name: string;
  readonly address: string;
  readonly peerURL: string;
  /** From the probe; a host that was not probed is `unknown`. */
  readonly data: 'absent' | 'present' | 'unknown';
  /** Flags that the host starts etcd with now, if it does: those of a running member never change without need. */
  readonly startedWith: Membership | undefined;
}

export type EtcdSeen =
  /** No host holds etcd data. */
  | { readonly state: 'absent' }
  /** There is data, and no member answers with a quorum. */
  | { readonly state: 'silent' }
  | {
      readonly state: 'present';
      readonly members: readonly EtcdMember[];
      readonly healthy: ReadonlySet<string>;
    };

/** `--initial-cluster` and `--initial-cluster-state`. */
export interface Membership {
  readonly initialCluster: readonly { readonly name: string; readonly address: string }[];
  readonly state: 'new' | 'existing';
}

/** How one host starts its member, and what must be done to the membership before and after. */
export interface MemberPlan {
  readonly host: string;
  readonly membership: Membership;
  readonly join: 'none' | 'add-learner' | 'promote';
  /** Member ID of the same host's former life, to be removed before it joins. */
  readonly replaces: string | undefined;
}

export interface MembershipPlan {
  readonly hosts: readonly MemberPlan[];
  /** Members whose host left the inventory. */
  readonly remove: readonly EtcdMember[];
}

/**
 * Decides founding, joining, keeping, replacing and removing. Pure.
 * Throws KbootError E-QUORUM when removals would leave fewer of today's voting members than today's quorum.
 */
export function planMembership(hosts: readonly EtcdHost[], seen: EtcdSeen): MembershipPlan {
  const everyone = hosts.map(({ name, address }) => ({ name, address }));
  if (seen.state !== 'present')
    return {
      remove: [],
      hosts: hosts.map((host) => ({
        host: host.name,
        membership: (host.data === 'absent' ? undefined : host.startedWith) ?? {
          initialCluster: everyone,
          state: 'new',
        },
        join: 'none',
        replaces: undefined,
      })),
    };
  const memberOf = (host: EtcdHost): EtcdMember | undefined =>
    seen.members.find((member) => member.name === host.name || member.peerURLs.includes(host.peerURL));
  const remove = seen.members.filter((member) => !hosts.some((host) => memberOf(host) === member));
  const plans: MemberPlan[] = [];
  // Joined one after another: each knows the members before it.
  const joined = hosts.filter((host) => memberOf(host) !== undefined && !isReplaced(host, memberOf(host)));
  const names = joined.map(({ name, address }) => ({ name, address }));
  const replaced: EtcdMember[] = [];
  for (const host of hosts) {
    const member = memberOf(host);
    if (member !== undefined && !isReplaced(host, member)) {
      const unstarted = member.clientURLs.length === 0;
      plans.push({
        host: host.name,
        membership: host.startedWith ?? {
          initialCluster: [...names],
          state: unstarted && !member.isLearner ? 'new' : 'existing',
        },
        join: member.isLearner ? 'promote' : 'none',
        replaces: undefined,
      });
      continue;
    }
    names.push({ name: host.name, address: host.address });
    if (member !== undefined) replaced.push(member);
    plans.push({
      host: host.name,
      membership: { initialCluster: [...names], state: 'existing' },
      join: 'add-learner',
      replaces: member?.id,
    });
  }
  refuseLossOfQuorum(seen, [...remove, ...replaced]);
  return { hosts: plans, remove };
}

/** The member ran once, and its host came back empty: the old one is gone for good. */
function isReplaced(host: EtcdHost, member: EtcdMember | undefined): boolean {
  return member !== undefined && host.data === 'absent' && member.clientURLs.length > 0;
}

function refuseLossOfQuorum(seen: EtcdSeen & { state: 'present' }, leaving: readonly EtcdMember[]): void {
  const voters = seen.members.filter((member) => !member.isLearner);
  const quorum = Math.floor(voters.length / 2) + 1;
  const going = leaving.filter((member) => !member.isLearner);
  const staying = voters.filter((member) => !going.includes(member));
  const wellStaying = staying.filter((member) => seen.healthy.has(member.id));
  if (
    going.length === 0 ||
    wellStaying.length >= quorum ||
    (voters.length === 2 && wellStaying.length === 1 && going.length === 1 && seen.healthy.size === 2)
  )
    return;
  throw new KbootError(
    'E-QUORUM',
    `taking ${going.map(({ name }) => name).join(', ')} out of etcd would leave ${wellStaying.length} healthy of today's ${voters.length} members; ${quorum} are needed`,
    {
      remedy:
        'Take members out one at a time, and bring back those that are down first. Nothing was changed.',
    },
  );
}
