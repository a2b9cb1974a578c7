/** Why a snapshot of etcd was taken. */
export type SnapshotCause =
  /** `to`: the version that the cluster was going to. */
  | { readonly kind: 'upgrade'; readonly to: string }
  /** Before members were changed. */
  | { readonly kind: 'members' }
  /** `kboot etcd snapshot` */
  | { readonly kind: 'manual' }
  /** `spec.etcd.backup`: by a host; copied from there. */
  | { readonly kind: 'backup' }
  /** Of the most advanced member, after the quorum was lost. */
  | { readonly kind: 'survivor' };

/** A snapshot of etcd that was taken before an upgrade. */
export interface UpgradeSnapshot {
  readonly to: string;
  readonly ageSeconds: number;
}

/** What a snapshot says of itself. */
export interface SnapshotContent {
  /** The last revision of its data. */
  readonly revision: number;
  /** `3.6.0`: the oldest etcd that was among the members; empty if it does not say. */
  readonly etcdVersion: string;
  /** The members at that time, by name. */
  readonly members: readonly { readonly name: string; readonly peerURLs: readonly string[] }[];
  /** Of the cluster in it, as its kubeadm-config says. */
  readonly kubernetesVersion?: string;
  /** The ConfigMap kube-public/cluster-info, as it is stored. */
  readonly clusterInfo?: Buffer;
}

/** A snapshot in the state folder. */
export interface KeptSnapshot {
  readonly file: string;
  readonly size: number;
  readonly taken: Date;
  /** undefined: not by kboot. */
  readonly cause: SnapshotCause | undefined;
  /** Whether it ends with its own SHA-256. */
  readonly intact: boolean;
  /** undefined: it cannot be read. */
  readonly content: SnapshotContent | undefined;
}
