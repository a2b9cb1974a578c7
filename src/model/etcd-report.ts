import type { SnapshotCause } from './snapshot.ts';

/** One member of etcd, as it and the others describe it. */
export interface EtcdMemberReport {
  /** The host's name; for a member that never started, its peer URL. */
  readonly name: string;
  /** Hexadecimal, as etcdctl prints it; empty: no member knows it. */
  readonly id: string;
  /** Whether the inventory has a host for it. */
  readonly wanted: boolean;
  readonly learner: boolean;
  readonly leader: boolean;
  /** Whether it answers a read through the quorum, and has no alarm. */
  readonly healthy: boolean;
  /** Why it is not healthy, in words; empty otherwise. */
  readonly problem: string;
  /** What it says of itself; absent if it does not answer. */
  readonly state?: {
    readonly version: string;
    /** Bytes. */
    readonly dbSize: number;
    readonly dbSizeInUse: number;
    readonly raftIndex: number;
    readonly raftTerm: number;
    readonly revision: number;
  };
  /** NOSPACE: it accepts no more writes; CORRUPT: its data differs from that of others. */
  readonly alarms: readonly string[];
}

/** A snapshot for people and programs. */
export interface SnapshotReport {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly taken: string;
  readonly ageSeconds: number;
  /** Whether it ends with its own SHA-256 and is a database of etcd. */
  readonly intact: boolean;
  readonly cause: SnapshotCause['kind'] | 'unknown';
  /** The version that an upgrade went to. */
  readonly to?: string;
  readonly revision?: number;
  /** The oldest etcd among the members. */
  readonly etcdVersion?: string;
  readonly kubernetesVersion?: string;
  /** Names of the members at that time. */
  readonly members?: readonly string[];
}

/** A snapshot that a host took by itself, and checked then. */
export interface HostSnapshotReport {
  readonly host: string;
  /** Its path there. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly taken: string;
  readonly ageSeconds: number;
}
