import type { BackupSeen } from '../../model/backup.ts';
import { etcdHosts, type Cluster } from '../../model/cluster.ts';

/** The backups of a cluster as its hosts know them. */
export interface BackupState {
  /** The newest good snapshot that the hosts took themselves; undefined: none yet. */
  readonly last:
    | {
        readonly host: string;
        readonly file: string;
        readonly size: number;
        /** URL in S3; empty: only on the host. */
        readonly stored: string;
        readonly taken: Date;
        readonly ageSeconds: number;
      }
    | undefined;
  readonly problems: readonly { readonly host: string; readonly message: string }[];
}

/** A run starts up to a minute after its time, and takes some time itself. */
const graceSeconds = 900;

/**
 * What became of the backups, from what the hosts that answered say; undefined: there are to be none, or none is set up
 * yet. A failure counts until a later run is good, on whichever host.
 */
export function backupState(
  cluster: Cluster,
  seen: ReadonlyMap<string, { readonly backup?: BackupSeen }>,
): BackupState | undefined {
  if (cluster.etcd.backup === undefined) return undefined;
  const hosts = etcdHosts(cluster).flatMap(({ name }) => {
    const backup = seen.get(name)?.backup;
    return backup === undefined ? [] : [{ name, ...backup }];
  });
  const [newest] = [...hosts].sort((a, b) => b.good - a.good || b.due - a.due);
  if (newest === undefined) return undefined;
  const last =
    newest.good === 0
      ? undefined
      : {
          host: newest.name,
          file: newest.file,
          size: newest.size,
          stored: newest.stored,
          taken: new Date(newest.good * 1000),
          ageSeconds: newest.now - newest.good,
        };
  const failed = hosts.flatMap(({ name, result, at, why }) => {
    if (result === 'failed' && at >= newest.good)
      return [{ host: name, message: `the backup of etcd at ${time(at)} failed: ${why}` }];
    if (result === 'cut')
      return [
        {
          host: name,
          message:
            'the last backup of etcd ended without a result: journalctl -u kboot-etcd-backup shows why',
        },
      ];
    return [];
  });
  const idle = hosts
    .filter(({ waits }) => !waits)
    .map(({ name }) => ({ host: name, message: 'the timer of the backups of etcd does not run' }));
  const late =
    newest.due > 0 &&
    newest.now > newest.due + graceSeconds &&
    !hosts.some(({ running }) => running) &&
    failed.length === 0;
  const overdue = late
    ? [
        {
          host: newest.name,
          message: `a backup of etcd was due at ${time(newest.due)}; ${last === undefined ? 'none was ever taken' : `the last good one is of ${time(newest.good)}`}`,
        },
      ]
    : [];
  return { last, problems: [...failed, ...idle, ...overdue] };
}

/** `2026-11-28T03:00:12Z` */
const time = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
