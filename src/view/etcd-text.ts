import { basename } from 'node:path';
import pc from 'picocolors';
import type { EtcdMemberReport, HostSnapshotReport, SnapshotReport } from '../model/etcd-report.ts';
import { plural } from '../model/plural.ts';
import { age, size } from './amounts.ts';
import { table } from './table.ts';
import { view } from './printable.ts';

/** The members of etcd, one row each; below, why some are not healthy. */
export const membersText = view(composeMembersText);

function composeMembersText(cluster: string, members: readonly EtcdMemberReport[]): string {
  const right = new Set([4, 5, 6, 7]);
  const rows = members.map(({ name, id, state, leader, learner, healthy }) => [
    name,
    id === '' ? '-' : id,
    state?.version ?? '-',
    leader ? 'leader' : learner ? 'learner' : state === undefined ? '-' : 'follower',
    size(state?.dbSize),
    size(state?.dbSizeInUse),
    String(state?.raftIndex ?? '-'),
    String(state?.revision ?? '-'),
    healthy ? 'healthy' : 'not healthy',
  ]);
  const head = ['member', 'id', 'version', 'role', 'database', 'in use', 'raft index', 'revision', ''];
  const sick = members.filter(({ healthy }) => !healthy);
  return [
    table([head, ...rows], right),
    '',
    ...sick.map(({ name, problem }) => pc.red(`${name}: ${problem}`)),
    sick.length === 0
      ? pc.green(`${cluster}: etcd is healthy: ${plural(members.length, 'member')}`)
      : pc.red(`${cluster}: ${sick.length} of ${plural(members.length, 'member')} not healthy`),
  ].join('\n');
}

const causes: Readonly<Record<SnapshotReport['cause'], string>> = {
  manual: 'kboot etcd snapshot',
  members: 'before members changed',
  upgrade: 'before the upgrade to',
  survivor: 'of the survivor',
  backup: 'spec.etcd.backup',
  unknown: 'not kboot',
};

/** The snapshots in a folder, one row each. */
export const snapshotsText = view(composeSnapshotsText);

function composeSnapshotsText(folder: string, snapshots: readonly SnapshotReport[]): string {
  if (snapshots.length === 0) return `${folder}: no snapshots; \`kboot etcd snapshot INVENTORY\` takes one`;
  const rows = snapshots.map((each) => [
    basename(each.file),
    age(each.ageSeconds),
    size(each.size),
    String(each.revision ?? '-'),
    each.etcdVersion ?? '-',
    each.kubernetesVersion ?? '-',
    [causes[each.cause], each.to ?? ''].join(' ').trimEnd(),
    each.intact ? 'intact' : pc.red('DAMAGED'),
  ]);
  const head = ['snapshot', 'age', 'size', 'revision', 'etcd', 'Kubernetes', 'taken', ''];
  return `${table([head, ...rows], new Set([1, 2, 3]))}\n\nin ${folder}`;
}

/** The snapshots that hosts took by themselves, one row each. */
export const hostSnapshotsText = view(composeHostSnapshotsText);

function composeHostSnapshotsText(snapshots: readonly HostSnapshotReport[]): string {
  if (snapshots.length === 0) return 'on hosts: none yet';
  const rows = snapshots.map((each) => [`${each.host}:${each.file}`, age(each.ageSeconds), size(each.size)]);
  return table([['on hosts', 'age', 'size'], ...rows], new Set([1, 2]));
}

/** One line about a snapshot that was taken. */
export const snapshotText = view(composeSnapshotText);

function composeSnapshotText(taken: SnapshotReport & { readonly member: string }): string {
  return `${taken.file}: ${size(taken.size)}, revision ${taken.revision ?? '-'}, from ${taken.member}, intact`;
}

/** One line about a member that was defragmented, or not. */
export const defragText = view(composeDefragText);

function composeDefragText(result: {
  readonly member: string;
  readonly done: boolean;
  readonly before: number;
  readonly after: number;
  readonly seconds: number;
}): string {
  const { member, done, before, after, seconds } = result;
  return done
    ? `${member}: ${size(before)} became ${size(after)} in ${seconds.toFixed(1)} s`
    : `${member}: ${size(before)}, would gain less than a tenth: left as it is`;
}
