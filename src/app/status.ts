import { desireCluster } from '../desire/cluster.ts';
import { clusterServer } from '../desire/text/address.ts';
import { conditionOf } from '../kube/readiness.ts';
import { plain, wantedFor } from '../model/encryption.ts';
import type { Inspection } from '../model/inspection.ts';
import type { KubeObject } from '../kube/types.ts';
import { etcdHosts, hostsWith, type Cluster } from '../model/cluster.ts';
import { few } from '../model/few.ts';
import type { KbootError } from '../model/error.ts';
import type { BackupStatus, ClusterStatus, EtcdMemberStatus } from '../model/status.ts';
import { observeAddonProblems } from '../observe/addon-health.ts';
import { observeCluster } from '../observe/cluster.ts';
import { observeStuckPods, type StuckPod } from '../observe/stuck-pods.ts';
import { probeHost } from '../observe/probe.ts';
import { backupState } from '../plan/backup/state.ts';
import { kubeletVersion, versionChange, versionsOf } from '../plan/upgrade/versions.ts';
import { clusterProblems, cordonText, nodeProblems } from '../plan/diff/health.ts';
import { certificateStatus } from '../pki/inspect.ts';
import { parseCertificates } from '../pki/parse.ts';
import type { ClusterObservation } from '../observe/cluster.ts';
import type { EtcdObservation } from '../observe/etcd.ts';
import type { EtcdAnswer } from '../observe/foreign-etcd.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { certificatesInState, kubeletCertificates } from './certificates.ts';
import { connectAll, type Connections } from './observe/connect.ts';
import { readStored } from './observe/encryption.ts';
import { apiCredentials } from './credentials.ts';
import { observeServed } from './observe/cluster.ts';
import { askMembers } from './observe/etcd.ts';
import { askExternalEtcd } from './observe/external-etcd.ts';
import type { Workspace } from './workspace.ts';

const nearEndDays = 30;

/** Reads hosts, API and the operator's certificates. */
export async function observeStatus(
  workspace: Workspace,
  connect: ConnectOptions,
  concurrency: number,
): Promise<{ readonly status: ClusterStatus; readonly failed: ReadonlyMap<string, KbootError> }> {
  const { cluster, pki, desire } = workspace;
  const connections = await connectAll(workspace, cluster.hosts, connect, concurrency, (_host, { reader }) =>
    probeHost(reader, []),
  );
  try {
    const wants = desireCluster(desire);
    let stuck: readonly StuckPod[] = [];
    let ofAddons: readonly string[] = [];
    let seen: ClusterObservation = { state: 'unavailable', why: 'no control-plane host is reachable' };
    for (const host of hostsWith(cluster, 'control-plane')) {
      const reader = connections.open.get(host.name)?.reader;
      if (reader === undefined || !pki.isIssued('ca')) continue;
      seen = await observeCluster(reader, host.address, apiCredentials(pki), wants);
      if (seen.state !== 'present') continue;
      [stuck, ofAddons] = await Promise.all([
        observeStuckPods(reader, host.address, apiCredentials(pki)),
        observeAddonProblems(reader, host.address, apiCredentials(pki)),
      ]);
      break;
    }
    const present = seen.state === 'present' ? seen : undefined;
    const inspections = new Map([...connections.results].map(([name, { inspection }]) => [name, inspection]));
    const served = await observeServed(workspace, inspections, connections);
    const hosts = cluster.hosts.map((host) => {
      const inspection = connections.results.get(host.name)?.inspection;
      const node = present?.nodes.get(host.name);
      return {
        name: host.name,
        roles: host.roles,
        address: host.address,
        reachable: inspection !== undefined,
        system:
          inspection === undefined
            ? '-'
            : `${inspection.facts.os.id} ${inspection.facts.os.versionId}, ${inspection.facts.architecture}`,
        node: node === undefined ? '-' : isReady(node) ? 'Ready' : 'NotReady',
        kubelet: kubeletVersion(present, host.name) ?? '-',
        apiServer: served.get(host.name) ?? '-',
        etcd: inspection?.podVersions.etcd ?? '-',
        notReady: wants.controlPlanePods
          .filter(
            (pod) => pod.host === host.name && present !== undefined && !isReady(present.pods.get(pod.name)),
          )
          .map((pod) => pod.name),
        problems:
          present === undefined || !wants.nodes.some(({ name }) => name === host.name)
            ? []
            : nodeProblems(
                inspection,
                node,
                stuck.filter((pod) => pod.node === host.name),
                wants.foreignCni,
              ),
      };
    });
    const certificates = await certificateList(workspace, connections.open);
    const foreign = workspace.foreignEtcd && (await askExternalEtcd(workspace, connections));
    const etcd = await askMembers(workspace, inspections, connections);
    const members = etcd.state === 'present' ? memberList(workspace, etcd) : [];
    const stored = await storedList(workspace, inspections, connections);
    const problems = present === undefined ? [] : [...clusterProblems(wants, present), ...ofAddons];
    const backup = backupStatus(cluster, inspections);
    const healthy =
      connections.failed.size === 0 &&
      present !== undefined &&
      problems.length === 0 &&
      (backup?.problems ?? []).length === 0 &&
      hosts.every(
        (host) =>
          host.notReady.length + host.problems.length === 0 &&
          (host.node === 'Ready' || !wants.nodes.some(({ name }) => name === host.name)),
      ) &&
      etcdHosts(cluster).length === members.length &&
      (cluster.etcd.external === undefined ||
        foreign?.every(({ answer }) => answer.kind === 'answers') === true) &&
      members.every(({ role, serves, wanted }) => role === 'voting' && serves && wanted) &&
      certificates.every(({ daysLeft }) => daysLeft >= nearEndDays);
    const status: ClusterStatus = {
      cluster: cluster.name,
      kubernetesVersion: cluster.kubernetesVersion,
      endpoint: clusterServer(cluster),
      healthy,
      hosts,
      problems,
      warnings: [
        ...behind(cluster, { hosts: connections.results, served, api: seen }),
        ...[...(present?.nodes.values() ?? [])].flatMap((node) => cordonText(node) ?? []),
        ...workspace.notices,
      ],
      api:
        seen.state === 'present'
          ? 'answers'
          : seen.state === 'unavailable'
            ? `does not answer: ${seen.why}`
            : 'no cluster yet',
      etcd:
        cluster.etcd.external === undefined
          ? etcdWords[etcd.state]
          : foreignEtcdWords(cluster.etcd.external.endpoints, foreign),
      members,
      ...(backup && { backup }),
      stored,
      certificates,
    };
    return { status, failed: connections.failed };
  } finally {
    await connections.close();
  }
}

/** Before the first `kboot up` with spec.etcd.backup, no host knows of one. */
function backupStatus(
  cluster: Cluster,
  inspections: ReadonlyMap<string, Inspection>,
): BackupStatus | undefined {
  if (cluster.etcd.backup === undefined) return undefined;
  const { last, problems } = backupState(cluster, inspections) ?? { last: undefined, problems: [] };
  return {
    taken: last?.taken.toISOString() ?? '',
    ageSeconds: last?.ageSeconds ?? 0,
    host: last?.host ?? '',
    file: last?.file ?? '',
    stored: last?.stored ?? '',
    size: last?.size ?? 0,
    problems,
  };
}

const etcdWords = {
  present: 'answers',
  unavailable: 'unavailable, or without a quorum',
  absent: 'no data yet',
} as const;

/** `external: https://10.0.0.31:2379 answers (etcd 3.6.8), https://10.0.0.32:2379 cannot be used from cp-1: connection refused` */
function foreignEtcdWords(endpoints: readonly string[], answers: readonly EtcdAnswer[] | undefined): string {
  const list = endpoints.map((endpoint) => {
    const own = (answers ?? []).filter((each) => each.endpoint === endpoint);
    const [worst] = [...own].sort((a, b) => (a.answer.kind > b.answer.kind ? -1 : 1));
    if (worst === undefined) return `${endpoint} was not checked`;
    const { host, answer } = worst;
    return answer.kind === 'answers'
      ? `${endpoint} answers (etcd ${answer.version})`
      : `${endpoint} cannot be used from ${host}: ${answer.why}`;
  });
  return `external: ${list.join(', ')}`;
}

function memberList(
  { cluster }: Workspace,
  { members, healthy }: EtcdObservation & { readonly state: 'present' },
): readonly EtcdMemberStatus[] {
  const names = new Set(etcdHosts(cluster).map(({ name }) => name));
  return members
    .map(({ id, name, peerURLs, isLearner }) => ({
      name: name === '' ? peerURLs.join(', ') : name,
      role: isLearner ? ('learner' as const) : ('voting' as const),
      serves: healthy.has(id),
      wanted: names.has(name),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Asked only if something is encrypted, was, or is to be. */
async function storedList(
  workspace: Workspace,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
): Promise<ClusterStatus['stored']> {
  const { cluster } = workspace;
  const isUsed = [...inspections.values()].some(({ encrypts }) => encrypts === true);
  if (cluster.encryption === undefined && !isUsed) return [];
  const stored = (await readStored(workspace, connections)) ?? new Map<never, never>();
  return [...stored]
    .flatMap(([resource, counts]) =>
      [...counts].map(([as, count]) => ({
        resource,
        as,
        count,
        wanted: as === wantedFor(cluster, resource),
      })),
    )
    .filter(({ as, wanted }) => as !== plain || !wanted);
}

/** Those in the state folder, valid or not, those of kubelets, which are on hosts only, and that for an etcd of others. */
async function certificateList(
  { cluster, state, foreignEtcd }: Workspace,
  open: Connections['open'],
): Promise<ClusterStatus['certificates']> {
  const limits = { now: new Date(), warnDays: nearEndDays };
  const own = await certificatesInState(cluster, state, limits);
  const kubelets = await kubeletCertificates(open, limits);
  const [foreign] = foreignEtcd === undefined ? [] : (parseCertificates(foreignEtcd.certificatePem) ?? []);
  const place = 'spec.etcd.external';
  return [
    ...own.certificates,
    ...kubelets,
    ...(foreign === undefined ? [] : [certificateStatus(foreign, { where: 'state', place }, limits)]),
  ].map(({ place: at, expires, daysLeft }) => ({ name: at.replace(/\.crt$/, ''), expires, daysLeft }));
}

function isReady(object: KubeObject | undefined): boolean {
  return object !== undefined && conditionOf(object, 'Ready')?.status === 'True';
}

/** What does not have the version of the inventory, in words. */
function behind(cluster: Cluster, seen: Parameters<typeof versionsOf>[1]): string[] {
  const versions = versionsOf(cluster, seen);
  const change = versionChange(versions, cluster.kubernetesVersion);
  if (change === undefined) return [];
  const others = (all: ReadonlyMap<string, string>): string[] =>
    [...all].flatMap(([host, version]) => (version === change.to ? [] : [`${host} (${version})`]));
  const lists = [
    ['API servers', others(versions.apiServers)],
    ['kubelets', others(versions.kubelets)],
  ] as const;
  return lists.flatMap(([what, hosts]) =>
    hosts.length === 0
      ? []
      : [`${what} not at ${change.to}: ${few(hosts, 6)}. \`kboot plan\` shows the upgrade`],
  );
}
