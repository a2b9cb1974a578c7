import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UpgradeSnapshot } from '../model/upgrade-snapshot.ts';
import { writeAtomic } from './atomic.ts';
import { fileTime } from './run-log.ts';
import type { State } from './state.ts';

/** Writes a snapshot of etcd: `snapshots/etcd-TIME.db`, or `etcd-before-v1.36.2-TIME.db` before an upgrade. Throws E-STATE. */
export async function keepSnapshot(
  { dir }: State,
  blobs: AsyncIterable<Buffer>,
  before: string | undefined,
  now: Date,
): Promise<void> {
  const why = before === undefined ? '' : `before-${before}-`;
  await writeAtomic(join(dir, 'snapshots', `etcd-${why}${fileTime(now)}.db`), blobs);
}

/** The snapshots that were taken before upgrades. */
export async function listSnapshots({ dir }: State, now: Date): Promise<readonly UpgradeSnapshot[]> {
  const folder = join(dir, 'snapshots');
  const names = await readdir(folder).catch(() => []);
  const seen = await Promise.all(
    names.map(async (name): Promise<UpgradeSnapshot[]> => {
      const to = /^etcd-before-(v[\d.]+)-.*\.db$/.exec(name)?.[1];
      const file = to === undefined ? undefined : await stat(join(folder, name)).catch(() => undefined);
      if (to === undefined || file === undefined) return [];
      return [{ to, ageSeconds: (now.getTime() - file.mtimeMs) / 1000 }];
    }),
  );
  return seen.flat();
}
