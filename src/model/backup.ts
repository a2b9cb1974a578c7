import type { PasswordSource } from './password-source.ts';

/** Unit and program of the backups of etcd on hosts. */
export const backupUnit = 'kboot-etcd-backup';
/** The result of the last run on a host; in kboot's own folder. */
export const backupRecord = '/var/lib/kboot/etcd-backup';

/** Snapshots of etcd that the hosts take themselves. */
export interface Backup {
  /** Calendar event of systemd.time(7). */
  readonly schedule: string;
  /** How many snapshots stay in the folder of a host. */
  readonly keep: number;
  /** Absolute path on hosts. */
  readonly directory: string;
  /** Files with the certificates of those who can decrypt, absolute paths on the operator's disk; absent: not encrypted. */
  readonly encryptFor?: readonly string[];
  readonly s3?: BackupS3;
}

/** Where snapshots are copied to. */
export interface BackupS3 {
  /** `https://s3.example.com`, without a path. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Empty, or `folder/`. */
  readonly prefix: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: PasswordSource;
  /** Absolute path on the operator's disk. */
  readonly caFile?: string;
}

/** What a host says of its backups; times are seconds since 1970. */
export interface BackupSeen {
  /** Whether the timer is enabled and waits. */
  readonly waits: boolean;
  /** How its last run ended; `left`: another member took the snapshot; `cut`: without saying how; empty: it never ran. */
  readonly result: 'good' | 'failed' | 'left' | 'cut' | '';
  /** When it last ran. */
  readonly at: number;
  /** Why it failed. */
  readonly why: string;
  /** When it last took a good snapshot, or 0; its path, its bytes, and its URL in S3 or ''. */
  readonly good: number;
  readonly file: string;
  readonly size: number;
  readonly stored: string;
  /** When the schedule comes after the last good snapshot, or after the timer was set up; 0: unknown. */
  readonly due: number;
  /** Whether a run is under way. */
  readonly running: boolean;
  /** Its clock. */
  readonly now: number;
}
