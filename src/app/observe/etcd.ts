import { etcdPeerPort, hostPort } from '../../desire/text/address.ts';
import { etcdHosts, type Host } from '../../model/cluster.ts';
import type { InitialCluster } from '../../model/etcd.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { EtcdHost, EtcdObservation, EtcdSource, MemberAnswer } from '../../observe/etcd.ts';
import type { Observed } from '../../plan/observed.ts';
import { reaches, type PlanScope } from '../../plan/scope.ts';
import type { Pki } from '../../pki/types.ts';
import { etcdCredentials } from '../credentials.ts';
import type { Workspace } from '../workspace.ts';
import type { Connections } from './connect.ts';

/** kboot's own etcd: its hosts, and the answers of its members. Not queried if the plan ends before etcd. */
export async function observeOwnEtcd(
  workspace: Workspace,
  scope: PlanScope,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
  asked?: ReadonlyMap<string, Promise<MemberAnswer | undefined>>,
): Promise<Observed['etcd']> {
  const probed = etcdHosts(workspace.cluster).map((host): EtcdHost => {
    const inspection = inspections.get(host.name);
    return {
      name: host.name,
      address: host.address,
      peerURL: `https://${hostPort(host.address, etcdPeerPort)}`,
      data: inspection?.etcdData ?? 'unknown',
      startedWith: inspection && startedWith(inspection),
    };
  });
  if (!reaches(scope, 'etcd'))
    return { hosts: probed, members: { state: 'unavailable', bootstrapped: true } };
  const members = await askMembers(workspace, inspections, connections, asked);
  if (members.state !== 'present') return { hosts: probed, members };
  const { confirmEmpty } = await import('../../observe/etcd.ts');
  const hosts = await confirmEmpty(
    probed,
    members,
    (name) => connections.open.get(name)?.reader,
    workspace.cluster.etcd.dataDir,
  );
  return { hosts, members };
}

/** Queries the members on the hosts with etcd data. `absent`: no connected host has any. */
export async function askMembers(
  { cluster, pki }: Workspace,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
  asked?: ReadonlyMap<string, Promise<MemberAnswer | undefined>>,
): Promise<EtcdObservation> {
  const hosts = etcdHosts(cluster);
  const dataOf = (name: string): Inspection['etcdData'] => inspections.get(name)?.etcdData ?? 'unknown';
  if (!hosts.some(({ name }) => dataOf(name) === 'present')) return { state: 'absent' };
  // HTTP and TLS cost start-up time that offline plans need not pay.
  const { observeEtcd } = await import('../../observe/etcd.ts');
  const holders = hosts.filter(({ name }) => dataOf(name) !== 'absent');
  const sources = memberSources(holders, pki, connections);
  // Members that cannot be asked are not absent.
  if (sources.length === 0 && pki.isIssued('etcd-ca')) return { state: 'unavailable', bootstrapped: true };
  return observeEtcd(sources, asked && { asked });
}

/** Access to the members on these hosts, as far as they are connected and a certificate for it was issued. */
export function memberSources(
  hosts: readonly Host[],
  pki: Pki,
  connections: Pick<Connections, 'open'>,
): readonly EtcdSource[] {
  return hosts.flatMap(({ name, address }) => {
    const reader = connections.open.get(name)?.reader;
    if (reader === undefined || !pki.isIssued('etcd-healthcheck-client', name)) return [];
    return [{ name, address, reader, credentials: etcdCredentials(pki, name) }];
  });
}

function startedWith({ etcdInitialCluster, etcdInitialState }: Inspection): InitialCluster | undefined {
  if (etcdInitialCluster === '') return undefined;
  const initialCluster = etcdInitialCluster.split(',').map((entry) => {
    const [name = '', url = ''] = entry.split('=');
    const address = URL.canParse(url) ? new URL(url).hostname : url;
    return { name, address: address.replace(/^\[|\]$/g, '') };
  });
  return { initialCluster, state: etcdInitialState === 'existing' ? 'existing' : 'new' };
}
