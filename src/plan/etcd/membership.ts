import type { EtcdMember } from '../../etcd/client.ts';
import { KbootError } from '../../model/error.ts';
import type { InitialCluster } from '../../model/etcd.ts';
import type { EtcdHost, EtcdObservation } from '../../observe/etcd.ts';
import { remedies } from '../remedies.ts';

type EtcdPresent = EtcdObservation & { readonly state: 'present' };

/** How one host starts its member, and how the membership must change before and after. */
export interface MemberPlan {
  readonly host: string;
  readonly membership: InitialCluster;
  readonly join: 'none' | 'add-learner' | 'promote';
}

/** A member that is removed before any other change. */
export interface MemberRemoval {
  readonly member: EtcdMember;
  readonly why: 'left-inventory' | 'came-back-empty';
}

export interface MembershipPlan {
  /** Members join in this order: the flags of each name the members before it. */
  readonly hosts: readonly MemberPlan[];
  readonly remove: readonly MemberRemoval[];
}

/**
 * Decides which members bootstrap the cluster, join it, stay, are replaced and are removed. Pure.
 * Throws KbootError E-QUORUM when removals would leave fewer of today's voting members than today's quorum, or
 * when a cluster that has lost its quorum would be bootstrapped again; E-PREFLIGHT when a host holds the data of a
 * removed member.
 */
export function planMembership(hosts: readonly EtcdHost[], seen: EtcdObservation): MembershipPlan {
  return seen.state === 'present' ? changes(hosts, seen) : bootstrap(hosts, seen);
}

function bootstrap(hosts: readonly EtcdHost[], seen: Exclude<EtcdObservation, EtcdPresent>): MembershipPlan {
  if (seen.state === 'unavailable') refuseSecondBootstrap(hosts, seen);
  const everyone = hosts.map(entry);
  return {
    remove: [],
    hosts: hosts.map((host) => ({
      host: host.name,
      membership: keptFlags(host) ?? { initialCluster: everyone, state: 'new' },
      join: 'none',
    })),
  };
}

function changes(hosts: readonly EtcdHost[], seen: EtcdPresent): MembershipPlan {
  const memberOf = (host: EtcdHost): EtcdMember | undefined =>
    seen.members.find((member) => member.name === host.name || member.peerURLs.includes(host.peerURL));
  // The member ran once, but its host no longer has its data: the member is lost.
  const isLost = (host: EtcdHost, member: EtcdMember): boolean =>
    host.data === 'absent' && member.clientURLs.length > 0;
  refuseFormerData(hosts.filter((host) => host.data === 'present' && memberOf(host) === undefined));
  // etcd lists members by their random IDs; plans for the same cluster must be equal.
  const byName = seen.members.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const remove = byName.flatMap((member): MemberRemoval[] => {
    const host = hosts.find((each) => memberOf(each) === member);
    if (host === undefined) return [{ member, why: 'left-inventory' }];
    return isLost(host, member) ? [{ member, why: 'came-back-empty' }] : [];
  });
  refuseLossOfQuorum(
    seen,
    remove.map(({ member }) => member),
  );
  const staying = (host: EtcdHost): EtcdMember | undefined => {
    const member = memberOf(host);
    return member === undefined || isLost(host, member) ? undefined : member;
  };
  const cluster = hosts.filter((host) => staying(host) !== undefined).map(entry);
  return {
    remove,
    hosts: hosts.map((host): MemberPlan => {
      const member = staying(host);
      if (member === undefined) {
        // A host that could not be read does not join now, so the flags of others must not name it.
        if (host.data !== 'unknown') cluster.push(entry(host));
        return {
          host: host.name,
          membership: { initialCluster: [...cluster], state: 'existing' },
          join: host.data === 'unknown' ? 'none' : 'add-learner',
        };
      }
      const founder = member.clientURLs.length === 0 && !member.isLearner;
      return {
        host: host.name,
        membership: keptFlags(host) ?? {
          initialCluster: [...cluster],
          state: founder ? 'new' : 'existing',
        },
        join: member.isLearner ? 'promote' : 'none',
      };
    }),
  };
}

const entry = ({ name, address }: EtcdHost): InitialCluster['initialCluster'][number] => ({ name, address });

/** Flags matter until there is data; on a host without data they are left over from an earlier cluster. */
const keptFlags = (host: EtcdHost): InitialCluster | undefined =>
  host.data === 'absent' ? undefined : host.startedWith;

const namesOf = (hosts: readonly { readonly name: string }[]): string =>
  hosts.map(({ name }) => name).join(', ');

/** Hosts without data would bootstrap a second cluster over the first: only an unfinished bootstrap may continue. */
function refuseSecondBootstrap(
  hosts: readonly EtcdHost[],
  { bootstrapped, expired = [] }: EtcdObservation & { readonly state: 'unavailable' },
): void {
  const empty = hosts.filter(({ data }) => data === 'absent');
  const blind = hosts.some(({ data }) => data === 'unknown');
  if (empty.length === 0 || (!bootstrapped && !blind)) return;
  const holders = hosts.filter(({ data }) => data === 'present');
  if (expired.length > 0)
    throw new KbootError(
      'E-QUORUM',
      `etcd has no quorum: the certificates of ${expired.join(', ')} have expired, and there is no data on ${namesOf(empty)}`,
      {
        remedy: remedies.removeAndAdd({ hosts: namesOf(empty) }),
      },
    );
  throw new KbootError(
    'E-QUORUM',
    `etcd has no quorum: there is data on ${namesOf(holders)}, and none on ${namesOf(empty)}`,
    {
      remedy: remedies.bringBackMembers,
    },
  );
}

/** A removed member can never rejoin etcd, nor can another member start on its data. */
function refuseFormerData(hosts: readonly EtcdHost[]): void {
  if (hosts.length === 0) return;
  const limit = hosts.map(({ name }) => name).join(' ');
  throw new KbootError('E-PREFLIGHT', 'has the data of a member that was removed from etcd', {
    host: namesOf(hosts),
    remedy: remedies.cannotJoin({ hosts: limit }),
  });
}

function refuseLossOfQuorum(seen: EtcdPresent, leaving: readonly EtcdMember[]): void {
  const voters = seen.members.filter((member) => !member.isLearner);
  const quorum = Math.floor(voters.length / 2) + 1;
  const going = leaving.filter((member) => !member.isLearner);
  const well = voters.filter((member) => !going.includes(member) && seen.healthy.has(member.id)).length;
  // One of two members is healthy only while both are; after the removal, the other is a quorum by itself.
  const enough = voters.length === 2 ? 1 : quorum;
  if (going.length === 0 || well >= enough) return;
  throw new KbootError(
    'E-QUORUM',
    `removing ${namesOf(going)} from etcd would leave ${well} healthy of the current ${voters.length} members; ${quorum} are needed`,
    {
      remedy: remedies.oneAtATime,
    },
  );
}
