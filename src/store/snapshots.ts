import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { KeptSnapshot, SnapshotCause, UpgradeSnapshot } from '../model/snapshot.ts';
import { writeAtomic } from './atomic.ts';
import { fileTime } from './run-log.ts';
import { intact, isIntact, readContent } from './snapshot-file.ts';
import type { State } from './state.ts';

/** The folder of snapshots. */
export const snapshotFolder = ({ dir }: State): string => join(dir, 'snapshots');

/**
 * Writes a snapshot of etcd, and returns its path: `snapshots/etcd-before-v1.36.2-TIME.db` before an upgrade,
 * `etcd-manual-TIME.db` on request, `etcd-survivor-TIME.db` after a lost quorum, `etcd-TIME.db` before members change. Throws E-ETCD if it is damaged, E-STATE.
 */
export async function keepSnapshot(
  state: State,
  blobs: AsyncIterable<Buffer>,
  cause: SnapshotCause,
  now: Date,
): Promise<string> {
  const names = { manual: 'manual-', survivor: 'survivor-', backup: 'backup-', members: '' };
  const why = cause.kind === 'upgrade' ? `before-${cause.to}-` : names[cause.kind];
  const path = join(snapshotFolder(state), `etcd-${why}${fileTime(now)}.db`);
  await writeAtomic(path, intact(blobs));
  return path;
}

/** The snapshots that were taken before upgrades. */
export async function listSnapshots(state: State, now: Date): Promise<readonly UpgradeSnapshot[]> {
  return (await filesOf(state)).flatMap(({ cause, taken }) =>
    cause?.kind === 'upgrade' ? [{ to: cause.to, ageSeconds: (now.getTime() - taken.getTime()) / 1000 }] : [],
  );
}

/** All snapshots, the newest first; every file is read completely. */
export async function readSnapshots(state: State): Promise<readonly KeptSnapshot[]> {
  const read: KeptSnapshot[] = [];
  for (const file of await filesOf(state)) read.push({ ...file, ...(await examine(file.file)) });
  return read.sort((a, b) => b.taken.getTime() - a.taken.getTime());
}

/** One snapshot. Throws what the file system throws. */
export async function readSnapshot(file: string): Promise<KeptSnapshot> {
  return { ...(await fileOf(file)), ...(await examine(file)) };
}

/** Whether a snapshot is intact, and what it says. Throws what the file system throws. */
export async function examine(path: string): Promise<Pick<KeptSnapshot, 'intact' | 'content'>> {
  return { intact: await isIntact(path), content: readContent(path) };
}

type UnreadSnapshot = Omit<KeptSnapshot, 'intact' | 'content'>;

/** The files in the folder, without reading them. */
async function filesOf(state: State): Promise<readonly UnreadSnapshot[]> {
  const folder = snapshotFolder(state);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.db'));
  const seen = await Promise.all(names.map((name) => fileOf(join(folder, name)).catch(() => [])));
  return seen.flat();
}

async function fileOf(file: string): Promise<UnreadSnapshot> {
  const { size, mtime } = await stat(file);
  return { file, size, taken: mtime, cause: causeOf(basename(file)) };
}

function causeOf(name: string): SnapshotCause | undefined {
  const why = /^etcd-(.*-|)\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.db$/.exec(name)?.[1];
  if (why === '') return { kind: 'members' };
  if (why === 'manual-') return { kind: 'manual' };
  if (why === 'survivor-') return { kind: 'survivor' };
  if (why?.startsWith('backup-') === true) return { kind: 'backup' };
  const to = /^before-(v[\d.]+)-$/.exec(why ?? '')?.[1];
  return to === undefined ? undefined : { kind: 'upgrade', to };
}
