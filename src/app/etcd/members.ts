import { etcdPeerPort, hostPort } from '../../desire/text/address.ts';
import type { EtcdAlarm, EtcdClient, EtcdMember, EtcdMemberState } from '../../etcd/client.ts';
import { etcdHosts, hasExternalEtcd, type Host } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import type { EtcdMemberReport } from '../../model/etcd-report.ts';
import { openMember } from '../../observe/etcd.ts';
import { whyNot } from '../../observe/why.ts';
import type { ConnectOptions } from '../../transport/types.ts';
import { etcdCredentials } from '../credentials.ts';
import { connectAll, type Connections } from '../observe/connect.ts';
import type { Workspace } from '../workspace.ts';
import { remedies } from '../remedies.ts';

/** One host's member; `client` is open. */
export interface AskedMember {
  readonly host: Host;
  readonly client: EtcdClient | undefined;
  readonly state: EtcdMemberState | undefined;
  /** Whether it answers a read through the quorum. */
  readonly healthy: boolean;
  /** Why it does not answer. */
  readonly why: string;
}

/** What the members of kboot's own etcd answer. The caller closes it. */
export interface AskedEtcd {
  /** In the inventory's order. */
  readonly hosts: readonly AskedMember[];
  /** The member list, as the quorum or else one member knows it. */
  readonly members: readonly EtcdMember[];
  readonly alarms: readonly EtcdAlarm[];
  readonly connections: Connections;
  close(): Promise<void>;
}

/** Throws KbootError E-USAGE if kboot does not run the cluster's etcd, and E-STATE if there is no cluster yet. */
export function refuseForeignEtcd({ cluster, pki }: Pick<Workspace, 'cluster' | 'pki'>): void {
  if (hasExternalEtcd(cluster) && etcdHosts(cluster).length === 0)
    throw new KbootError('E-USAGE', 'spec.etcd.external: kboot does not run this etcd', {
      remedy: remedies.useEtcdctl,
    });
  if (!pki.isIssued('etcd-ca'))
    throw new KbootError('E-STATE', 'no cluster has been created from this state folder yet', {
      remedy: remedies.rightFolder,
    });
}

/** Connects to every host with a member, and asks each. Changes nothing. */
export async function askEtcd(
  workspace: Workspace,
  connect: ConnectOptions,
  concurrency: number,
): Promise<AskedEtcd> {
  refuseForeignEtcd(workspace);
  const hosts = etcdHosts(workspace.cluster);
  const connections = await connectAll(workspace, hosts, connect, concurrency, () => Promise.resolve());
  const asked = await askMembersOf(workspace, connections);
  const close = async (): Promise<void> => {
    await asked.close();
    await connections.close();
  };
  return { ...asked, close };
}

/** Asks each member over connections that stay open. */
export async function askMembersOf(
  { cluster, pki }: Workspace,
  connections: Connections,
): Promise<AskedEtcd> {
  const hosts = etcdHosts(cluster);
  const asked = await Promise.all(hosts.map((host) => askMember(host, pki, connections)));
  const close = (): Promise<void> => {
    for (const { client } of asked) client?.close();
    return Promise.resolve();
  };
  const best = asked.find(({ healthy }) => healthy) ?? asked.find(({ state }) => state !== undefined);
  const members = (await best?.client?.members(best.healthy ? 'agreed' : 'known').catch(() => [])) ?? [];
  const alarms = best?.healthy === true ? ((await best.client?.alarms().catch(() => [])) ?? []) : [];
  return { hosts: asked, members, alarms, connections, close };
}

async function askMember(host: Host, pki: Workspace['pki'], connections: Connections): Promise<AskedMember> {
  const silent = (why: string): AskedMember => ({
    ...{ host, client: undefined, state: undefined },
    ...{ healthy: false, why },
  });
  const reader = connections.open.get(host.name)?.reader;
  if (reader === undefined)
    return silent(connections.failed.get(host.name)?.message ?? 'the host is not connected');
  if (!pki.isIssued('etcd-healthcheck-client', host.name)) return silent('it is not installed yet');
  const { name, address } = host;
  const open = (): Promise<EtcdClient> =>
    openMember({ name, address, reader, credentials: etcdCredentials(pki, name) });
  let client: EtcdClient | undefined;
  try {
    client = await open();
    const state = await client.state();
    const healthy = await client.healthy();
    if (!healthy) {
      // A read that no quorum answers may have ended the connection.
      client.close();
      client = await open();
    }
    return { host, client, state, healthy, why: '' };
  } catch (cause) {
    client?.close();
    return silent(whyNot(cause));
  }
}

/** Every member that the others or the inventory know, by name. */
export function memberReports({ hosts, members, alarms }: AskedEtcd): readonly EtcdMemberReport[] {
  const peerURL = ({ address }: Host): string => `https://${hostPort(address, etcdPeerPort)}`;
  const isOf = (host: Host, member: EtcdMember): boolean =>
    member.name === host.name || member.peerURLs.includes(peerURL(host));
  const known = members.map((member) =>
    report(
      member,
      hosts.find(({ host }) => isOf(host, member)),
      alarms,
    ),
  );
  const missing = hosts
    .filter(({ host }) => !members.some((member) => isOf(host, member)))
    .map((asked) => ({
      ...report(undefined, asked, alarms),
      ...(members.length > 0 && { healthy: false, problem: 'it is not a member' }),
    }));
  return [...known, ...missing].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function report(
  member: EtcdMember | undefined,
  asked: AskedMember | undefined,
  all: readonly EtcdAlarm[],
): EtcdMemberReport {
  const id = asked?.state?.id ?? member?.id;
  const alarms = all.filter(({ memberId }) => memberId === id).map(({ alarm }) => alarm);
  const name = asked?.host.name ?? member?.name ?? '';
  const problem =
    asked === undefined
      ? 'its host is not in the inventory'
      : asked.state === undefined
        ? asked.why
        : !asked.healthy
          ? asked.state.leader === '0'
            ? 'there is no leader: etcd has lost its quorum'
            : 'it does not answer a read through the quorum'
          : alarms.join(', ');
  return {
    name: name === '' ? (member?.peerURLs.join(', ') ?? '') : name,
    id: id === undefined ? '' : BigInt(id).toString(16),
    wanted: asked !== undefined,
    learner: asked?.state?.isLearner ?? member?.isLearner ?? false,
    leader: asked?.state !== undefined && asked.state.leader === asked.state.id,
    healthy: problem === '',
    problem,
    ...(asked?.state && {
      state: {
        version: asked.state.version,
        dbSize: asked.state.dbSize,
        dbSizeInUse: asked.state.dbSizeInUse,
        raftIndex: asked.state.raftAppliedIndex,
        raftTerm: asked.state.raftTerm,
        revision: asked.state.revision,
      },
    }),
    alarms,
  };
}
