/** How far a restore of etcd has come on one host, as the host itself keeps it. */
export interface RestoreRecord {
  /** Of the restore, the same on every host. */
  readonly id: string;
  /** SHA-256 of the snapshot, or `survivor`. */
  readonly source: string;
  /** By how much the revision is raised: the same on every host. */
  readonly bump: number;
  /**
   * prepared: the new data is beside the present data; restored: it is in its place; done: the cluster runs with it.
   */
  readonly state: 'prepared' | 'restored' | 'done';
}

/** What a restore of etcd needs to know of a host. */
export interface RestoreObservation {
  /** Cluster ID that kboot left on the host; empty: none. */
  readonly clusterId: string;
  readonly architecture: 'amd64' | 'arm64';
  /** Whether etcd can be started here: as a static Pod or a service. */
  readonly installed: boolean;
  /** Whether it runs an API server as a static Pod. */
  readonly apiServer: boolean;
  /** Image in the manifest of its etcd; empty: none. */
  readonly etcdImage: string;
  /** Images of etcd in containerd. */
  readonly images: readonly string[];
  /** Whether /usr/local/bin/etcdutl is there. */
  readonly etcdutl: boolean;
  readonly data: 'absent' | 'present' | 'unknown';
  /** MiB of its present database, and free where the data is. */
  readonly databaseMiB: number;
  readonly freeMiB: number;
  /** undefined: no restore has begun on this host. */
  readonly record: RestoreRecord | undefined;
}
