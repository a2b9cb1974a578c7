import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { etcdArchive } from '../../desire/stages/etcd.ts';
import { releaseOf, textContext } from '../../desire/context.ts';
import { controlHosts, etcdDataDir, etcdHosts, hasExternalEtcd, isNode } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { minorOf } from '../../model/minor.ts';
import type { SnapshotContent } from '../../model/snapshot.ts';
import type { RestoreObservation } from '../../model/restore-observation.ts';
import { ownerOf } from '../../observe/foreign-etcd.ts';
import { observeForRestore, restoreRecordFile } from '../../observe/restore.ts';
import { planHeader } from '../../plan/header.ts';
import { restorePhases } from '../../plan/phases/restore.ts';
import { decideRestore, type RestoreSource, type Survivor } from '../../plan/restore/decide.ts';
import type { Plan, ShellStep } from '../../plan/types.ts';
import { archive } from '../../resource/archive.ts';
import { fileSha256 } from '../../store/bundle.ts';
import { examine, readSnapshots, snapshotFolder } from '../../store/snapshots.ts';
import type { ConnectOptions } from '../../transport/types.ts';
import { connectAll, type Connections } from '../observe/connect.ts';
import type { Workspace } from '../workspace.ts';
import { askMembersOf, refuseForeignEtcd } from './members.ts';
import { mostAdvanced } from './snapshot.ts';
import { remedies } from '../remedies.ts';

/** What the operator chose. */
export interface RestoreChoice {
  /** A path, or the name of a file in the state folder; undefined: from the most advanced survivor. */
  readonly snapshot: string | undefined;
  /** Hosts that are gone for good. */
  readonly lost: readonly string[];
}

/** What etcd is restored from, checked as far as that needs no host. */
export interface CheckedSource {
  readonly source: RestoreSource;
  readonly former: SnapshotContent['members'];
  readonly warnings: readonly string[];
}

/**
 * Checks the snapshot before any host is contacted. Throws KbootError E-SNAPSHOT if it is missing, damaged, of another
 * cluster, or of a newer etcd or minor version of Kubernetes.
 */
export async function checkSource(workspace: Workspace, { snapshot }: RestoreChoice): Promise<CheckedSource> {
  refuseForeignEtcd(workspace);
  if (snapshot === undefined) {
    const kept = (await readSnapshots(workspace.state)).filter(
      ({ intact, content }) => intact && content !== undefined,
    );
    const [newest] = kept.sort((a, b) => (b.content?.revision ?? 0) - (a.content?.revision ?? 0));
    return {
      source: {
        kind: 'survivor',
        newest: newest && { file: newest.file, revision: newest.content?.revision ?? 0 },
      },
      former: [],
      warnings: [],
    };
  }
  const file = pathOf(workspace, snapshot);
  const { intact, content } = await examine(file);
  if (!intact || content === undefined)
    throw refusal(
      content === undefined
        ? `${file} is not a snapshot of etcd`
        : `${file} is damaged: its SHA-256 is not the one at its end`,
    );
  const warnings = refuseMisfit(workspace, file, content);
  return {
    source: {
      kind: 'snapshot',
      ...{ file, digest: await fileSha256(file), size: statSync(file).size, revision: content.revision },
    },
    former: content.members,
    warnings,
  };
}

/** The file that an operator means by a snapshot on this disk. Throws KbootError E-SNAPSHOT. */
export function pathOf({ state }: Pick<Workspace, 'state'>, snapshot: string): string {
  const path = [resolve(snapshot), join(snapshotFolder(state), snapshot)].find((each) => existsSync(each));
  if (path !== undefined && statSync(path).isFile()) return path;
  throw refusal(`there is no snapshot ${snapshot}, neither as a path nor in ${snapshotFolder(state)}`);
}

const refusal = (message: string): KbootError =>
  new KbootError('E-SNAPSHOT', message, {
    remedy: remedies.listSnapshots,
  });

/** Returns what the operator should know about a snapshot that may be restored. */
function refuseMisfit(
  { cluster, desire }: Workspace,
  file: string,
  { etcdVersion, kubernetesVersion, clusterInfo }: SnapshotContent,
): string[] {
  const owner = clusterInfo && ownerOf(clusterInfo);
  if (owner !== undefined && owner !== desire.clusterId)
    throw refusal(`${file} is a snapshot of another cluster (${owner.slice(0, 20)}…)`);
  const etcd = hasExternalEtcd(cluster)
    ? textContext(desire, { architecture: 'amd64' }).versions.etcd
    : releaseOf(desire).etcd;
  if (isNewerMinor(etcdVersion, etcd))
    throw refusal(
      `${file} is of etcd ${etcdVersion}, which etcd ${etcd} of ${cluster.kubernetesVersion} cannot read`,
    );
  if (kubernetesVersion !== undefined && isNewerMinor(kubernetesVersion, cluster.kubernetesVersion))
    throw refusal(
      `${file} is of Kubernetes ${kubernetesVersion}; API servers of ${cluster.kubernetesVersion} may not be able to read its objects`,
    );
  return [
    ...(owner === undefined
      ? [
          `${file} does not say of which cluster it is (no cluster-info that can be read): make sure that it is of this one`,
        ]
      : []),
    ...(kubernetesVersion !== undefined && minorOf(kubernetesVersion) !== minorOf(cluster.kubernetesVersion)
      ? [`the snapshot is of Kubernetes ${kubernetesVersion}, the cluster has ${cluster.kubernetesVersion}`]
      : []),
  ];
}

/** Whether the first version has a greater minor than the second. */
function isNewerMinor(one: string, other: string): boolean {
  const numbers = (version: string): readonly [number, number] => {
    const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
    return [major, minor];
  };
  const [a, b] = [numbers(one), numbers(other)];
  return one !== '' && (a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]));
}

/** Reads the hosts and plans the restore. Throws what decideRestore throws. */
export async function makeRestorePlan(
  workspace: Workspace,
  { source, former, warnings }: CheckedSource,
  { lost }: RestoreChoice,
  connect: ConnectOptions,
  concurrency: number,
): Promise<{ readonly plan: Plan; readonly connections: Connections; readonly next: string }> {
  const { cluster, desire } = workspace;
  refuseUnknown(cluster, lost);
  const concerned = controlHosts(cluster);
  const asked = concerned.filter(({ name }) => !lost.includes(name));
  const connections = await connectAll(workspace, asked, connect, concurrency, (_host, { reader }) =>
    observeForRestore(reader, etcdDataDir(cluster)),
  );
  try {
    const members = await askMembersOf(workspace, connections);
    const decision = decideRestore({
      ...{ cluster, clusterId: desire.clusterId, source, lost, now: Date.now() },
      ...{ seen: connections.results, failed: connections.failed },
      survivors: mostAdvanced(members).map(({ host, state }): Survivor => ({
        name: host.name,
        raftTerm: state?.raftTerm ?? 0,
        raftIndex: state?.raftAppliedIndex ?? 0,
        revision: state?.revision ?? 0,
      })),
      quorum: members.hosts.some(({ healthy }) => healthy),
      image: textContext(desire, { architecture: 'amd64' }).images.etcd,
      former: former.length > 0 ? former : members.members,
    });
    await members.close();
    const tools = new Map(
      decision.hosts.flatMap(({ host, tool, state }) => {
        const seen = connections.results.get(host.name);
        return tool !== undefined || state !== 'new' || isNode(host) || seen === undefined
          ? []
          : [[host.name, toolStep(workspace, host.name, seen)] as const];
      }),
    );
    const plan: Plan = {
      ...planHeader(cluster, 'live'),
      hosts: concerned.map(({ name, roles }) => ({
        name,
        roles,
        state: connections.open.has(name) ? 'probed' : 'unreachable',
        resources: 0,
      })),
      phases: restorePhases({ ...decision, recordFile: restoreRecordFile, tools }),
      checked: 0,
      warnings: [...warnings, ...decision.warnings],
    };
    const later = etcdHosts(cluster).filter(
      ({ name }) => !decision.hosts.some(({ host, installed }) => installed && host.name === name),
    );
    const next =
      later.length === 0 ? '' : `\`kboot up\` for ${later.map(({ name }) => name).join(', ')}, then `;
    return { plan, connections, next: `${next}\`kboot verify\`` };
  } catch (error) {
    await connections.close();
    throw error;
  }
}

function refuseUnknown({ hosts }: Workspace['cluster'], lost: readonly string[]): void {
  const names = hosts.map(({ name }) => name);
  const unknown = lost.filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  throw new KbootError('E-USAGE', `--lost names ${unknown.join(', ')}, not in the inventory`, {
    remedy: remedies.lostHosts({ names: names.join(', ') }),
  });
}

/** Installs etcdutl, with etcd's other programs. */
function toolStep({ desire }: Workspace, host: string, { architecture }: RestoreObservation): ShellStep {
  const want = etcdArchive(desire, { architecture });
  const action = archive.action(want, { state: 'absent' }, { disturbed: new Set() });
  if (action === undefined) throw new Error('an absent archive needs an action');
  return { type: 'shell', id: `${host}: archive etcd`, target: { kind: 'archive', name: 'etcd' }, ...action };
}
