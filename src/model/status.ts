/** The output of `kboot status`. */
export interface ClusterStatus {
  readonly cluster: string;
  readonly kubernetesVersion: string;
  readonly endpoint: string;
  /**
   * Every host responds; every node, control-plane Pod, add-on and etcd member is healthy; Pods can start on every
   * node; no certificate expires soon; no backup failed or is overdue.
   */
  readonly healthy: boolean;
  readonly hosts: readonly {
    readonly name: string;
    readonly roles: readonly string[];
    readonly address: string;
    readonly reachable: boolean;
    readonly system: string;
    /** `Ready`, `NotReady`, or `-` if the API has no such Node. */
    readonly node: string;
    readonly kubelet: string;
    /** The version that its API server serves; `-`: none answers, or the host has none. */
    readonly apiServer: string;
    /** The tag in the manifest of its etcd: `3.6.8-0`; `-`: it has none. */
    readonly etcd: string;
    /** Control-plane Pods that are not Ready. */
    readonly notReady: readonly string[];
    /** Why Pods cannot start on its node, or be reached there. */
    readonly problems: readonly string[];
  }[];
  /** Objects and workloads that the cluster lacks. */
  readonly problems: readonly string[];
  /** What an operator may want, such as a cordoned Node. */
  readonly warnings: readonly string[];
  /** The API's response, or why there is none. */
  readonly api: string;
  /** The state of etcd, in words. */
  readonly etcd: string;
  readonly members: readonly EtcdMemberStatus[];
  /** Backups that the hosts take; absent: there are to be none. */
  readonly backup?: BackupStatus;
  /** How etcd holds what is or was encrypted; empty: nothing is, or etcd did not answer. */
  readonly stored: readonly StoredStatus[];
  readonly certificates: readonly {
    readonly name: string;
    readonly expires: string;
    readonly daysLeft: number;
  }[];
}

/** The backups of etcd that the hosts take. */
export interface BackupStatus {
  /** When the last good one was taken; empty: never. */
  readonly taken: string;
  readonly ageSeconds: number;
  /** The host that has it, its path there, and its URL in S3 or ''. */
  readonly host: string;
  readonly file: string;
  readonly stored: string;
  /** Bytes. */
  readonly size: number;
  /** What failed or is overdue. */
  readonly problems: readonly { readonly host: string; readonly message: string }[];
}

/** How the objects of a resource are stored. */
export interface StoredStatus {
  /** `secrets` */
  readonly resource: string;
  /** `identity` (not encrypted), or provider and key: `secretbox:key1`. */
  readonly as: string;
  readonly count: number;
  /** Whether the inventory says so. */
  readonly wanted: boolean;
}

/** One member of etcd, as the others list it. */
export interface EtcdMemberStatus {
  /** The host's name; for a member that never started, its peer URL. */
  readonly name: string;
  readonly role: 'voting' | 'learner';
  /** Whether it responds to a linearizable read. */
  readonly serves: boolean;
  /** Whether the inventory has a host for it. */
  readonly wanted: boolean;
}
