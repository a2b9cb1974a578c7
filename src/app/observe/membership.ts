import { etcdPeerPort, hostPort } from '../../desire/text/address.ts';
import { etcdHosts, hasExternalEtcd } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import { stagesUntil } from '../../model/stage.ts';
import {
  planMembership,
  type EtcdHost,
  type EtcdSeen,
  type MembershipPlan,
  type Membership as Flags,
} from '../../plan/etcd/membership.ts';
import { etcdWaits } from '../../plan/etcd/steps.ts';
import type { WaitStep } from '../../plan/types.ts';
import type { Connections } from './connect.ts';
import type { PlanScope } from '../scope.ts';
import { seeEtcd } from './etcd.ts';
import type { Workplace } from '../workplace.ts';

/** What was seen of etcd and what follows from it. */
export interface Membership {
  readonly hosts: readonly EtcdHost[];
  readonly seen: EtcdSeen;
  readonly plan: MembershipPlan;
  readonly waits: readonly WaitStep[];
}

/** Asks the members that there are. Nothing is asked when the plan ends before etcd. */
export async function seeMembership(
  place: Workplace,
  scope: PlanScope,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
): Promise<Membership> {
  const { cluster } = place;
  const probed = etcdHosts(cluster).map((host): EtcdHost => {
    const inspection = inspections.get(host.name);
    return {
      name: host.name,
      address: host.address,
      peerURL: `https://${hostPort(host.address, etcdPeerPort)}`,
      data: inspection?.etcdData ?? 'unknown',
      startedWith: inspection && startedWith(inspection),
    };
  });
  if (!stagesUntil(scope.until).includes('etcd'))
    return {
      hosts: probed,
      seen: { state: 'silent', founded: true },
      plan: { hosts: [], remove: [] },
      waits: [],
    };
  const seen = await seeEtcd(place, inspections, connections);
  const hosts = seen.state === 'present' ? await lookAgain(probed, seen, connections) : probed;
  return {
    hosts,
    seen,
    plan: planMembership(hosts, seen),
    waits: hasExternalEtcd(cluster) ? etcdWaits(hosts, seen) : [],
  };
}

async function lookAgain(
  hosts: readonly EtcdHost[],
  seen: EtcdSeen & { readonly state: 'present' },
  connections: Connections,
): Promise<readonly EtcdHost[]> {
  const { confirmEmpty } = await import('../../observe/etcd.ts');
  return await confirmEmpty(hosts, seen, (name) => connections.open.get(name)?.reader);
}

function startedWith({ etcdInitialCluster, etcdInitialState }: Inspection): Flags | undefined {
  if (etcdInitialCluster === '') return undefined;
  const initialCluster = etcdInitialCluster.split(',').map((entry) => {
    const [name = '', url = ''] = entry.split('=');
    return { name, address: new URL(url).hostname.replace(/^\[|\]$/g, '') };
  });
  return { initialCluster, state: etcdInitialState === 'existing' ? 'existing' : 'new' };
}
