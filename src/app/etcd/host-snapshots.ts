import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { etcdHosts, type Host } from '../../model/cluster.ts';
import type { HostSnapshotReport } from '../../model/etcd-report.ts';
import { KbootError } from '../../model/error.ts';
import { listHostSnapshots, readHostFile } from '../../observe/host-snapshots.ts';
import { writeAtomic } from '../../store/atomic.ts';
import { isCms } from '../../store/cms.ts';
import { decrypted, plainName } from '../../store/encrypted-snapshot.ts';
import { intact } from '../../store/snapshot-file.ts';
import { snapshotFolder } from '../../store/snapshots.ts';
import type { ConnectOptions } from '../../transport/types.ts';
import { connectAll } from '../observe/connect.ts';
import type { Workspace } from '../workspace.ts';
import { pathOf } from './restore.ts';
import { remedies } from '../remedies.ts';

/** The snapshots that hosts took by themselves; none, and no contact, without spec.etcd.backup. */
export async function hostSnapshots(
  workspace: Workspace,
  now: Date,
  connect: ConnectOptions,
  concurrency: number,
): Promise<{
  readonly snapshots: readonly HostSnapshotReport[];
  readonly failed: ReadonlyMap<string, KbootError>;
}> {
  const { cluster } = workspace;
  const { backup } = cluster.etcd;
  if (backup === undefined) return { snapshots: [], failed: new Map() };
  const connections = await connectAll(
    workspace,
    etcdHosts(cluster),
    connect,
    concurrency,
    (_host, { reader }) => listHostSnapshots(reader, backup.directory),
  );
  await connections.close();
  const snapshots = [...connections.results].flatMap(([host, found]) =>
    found.map(({ file, size, taken }) => ({
      ...{ host, file, size },
      taken: new Date(taken * 1000).toISOString(),
      ageSeconds: Math.round(now.getTime() / 1000 - taken),
    })),
  );
  return { snapshots, failed: connections.failed };
}

/**
 * What an operator means by a snapshot on a host: `HOST:/path`, or `HOST:NAME` for one in the folder of spec.etcd.backup;
 * undefined: it is not on a host.
 */
export function placeOnHost(
  { cluster }: Pick<Workspace, 'cluster'>,
  snapshot: string,
): { readonly host: Host; readonly file: string } | undefined {
  const at = snapshot.indexOf(':');
  const host = cluster.hosts.find(({ name }) => name === snapshot.slice(0, at));
  if (host === undefined || at < 0 || existsSync(snapshot)) return undefined;
  const file = snapshot.slice(at + 1);
  const folder = cluster.etcd.backup?.directory;
  return { host, file: file.startsWith('/') || folder === undefined ? file : `${folder}/${file}` };
}

/**
 * Copies a snapshot from a host into the state folder, decrypted, and returns its path. Throws KbootError E-ETCD if it is
 * damaged, E-SNAPSHOT if it cannot be decrypted.
 */
export async function fetchSnapshot(
  workspace: Workspace,
  { host, file }: { readonly host: Host; readonly file: string },
  connect: ConnectOptions,
  key: () => KeyObject,
): Promise<string> {
  const path = join(snapshotFolder(workspace.state), plainName(basename(file)));
  const connections = await connectAll(workspace, [host], connect, 1, (_host, { reader }) =>
    writeAtomic(path, intact(decrypted(readHostFile(reader, file), key, `${host.name}:${file}`))),
  );
  await connections.close();
  const error = connections.failed.get(host.name);
  if (error !== undefined) throw error;
  return path;
}

/**
 * A snapshot on this disk, as a path or by its name in the state folder: one that is encrypted is first decrypted into the state
 * folder. Returns its path. Throws like fetchSnapshot, E-SNAPSHOT if it is not there.
 */
export async function localSnapshot(
  workspace: Workspace,
  snapshot: string,
  key: () => KeyObject,
): Promise<string> {
  const file = pathOf(workspace, snapshot);
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(32), 0, 32, 0);
    if (!isCms(buffer)) return file;
    const path = join(snapshotFolder(workspace.state), plainName(basename(file)));
    if (path === file)
      throw new KbootError('E-SNAPSHOT', `${file} is encrypted, and its name does not end in .cms`, {
        remedy: remedies.renameIt,
      });
    await writeAtomic(
      path,
      intact(decrypted(handle.createReadStream({ start: 0, autoClose: false }), key, file)),
    );
    return path;
  } finally {
    await handle.close();
  }
}
