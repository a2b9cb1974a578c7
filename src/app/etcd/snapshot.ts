import { KbootError } from '../../model/error.ts';
import type { SnapshotReport } from '../../model/etcd-report.ts';
import type { KeptSnapshot } from '../../model/snapshot.ts';
import { keepSnapshot, readSnapshot, readSnapshots } from '../../store/snapshots.ts';
import { openState } from '../../store/state.ts';
import type { Workspace } from '../workspace.ts';
import type { AskedEtcd, AskedMember } from './members.ts';
import { remedies } from '../remedies.ts';

/** The members that answer, the most advanced first. Their order needs no quorum. */
export function mostAdvanced({ hosts }: Pick<AskedEtcd, 'hosts'>): readonly AskedMember[] {
  const index = ({ state }: AskedMember): readonly [number, number, number] => [
    state?.isLearner === true ? 0 : 1,
    state?.raftTerm ?? 0,
    state?.raftAppliedIndex ?? 0,
  ];
  return hosts
    .filter(({ state }) => state !== undefined)
    .sort((a, b) => {
      const [one, other] = [index(a), index(b)];
      return other[0] - one[0] || other[1] - one[1] || other[2] - one[2];
    });
}

/** Takes a snapshot from the most advanced member that answers. Throws KbootError E-ETCD if none does. */
export async function takeSnapshot(
  { state: { dir } }: Workspace,
  etcd: AskedEtcd,
): Promise<SnapshotReport & { readonly member: string }> {
  const state = await openState(dir);
  let last: unknown;
  for (const { host, client } of mostAdvanced(etcd)) {
    if (client === undefined) continue;
    try {
      const now = new Date();
      const file = await keepSnapshot(state, client.snapshot(), { kind: 'manual' }, now);
      return { ...snapshotReport(await readSnapshot(file), now), member: host.name };
    } catch (error) {
      if (!(error instanceof KbootError) || error.code !== 'E-ETCD') throw error;
      last = error;
    }
  }
  throw last instanceof KbootError
    ? last
    : new KbootError('E-ETCD', 'no member of etcd answers', {
        detail: etcd.hosts.map(({ host, why }) => `${host.name}: ${why}`).join('\n'),
        remedy: remedies.noSnapshot,
      });
}

/** All snapshots in the state folder, the newest first. */
export async function snapshotReports({ state }: Workspace, now: Date): Promise<readonly SnapshotReport[]> {
  return (await readSnapshots(state)).map((kept) => snapshotReport(kept, now));
}

function snapshotReport(
  { file, size, taken, cause, intact, content }: KeptSnapshot,
  now: Date,
): SnapshotReport {
  return {
    ...{ file, size, taken: taken.toISOString() },
    ageSeconds: Math.round((now.getTime() - taken.getTime()) / 1000),
    intact: intact && content !== undefined,
    cause: cause?.kind ?? 'unknown',
    ...(cause?.kind === 'upgrade' && { to: cause.to }),
    ...(content && {
      revision: content.revision,
      etcdVersion: content.etcdVersion,
      ...(content.kubernetesVersion !== undefined && { kubernetesVersion: content.kubernetesVersion }),
      members: content.members.map(({ name }) => name),
    }),
  };
}
