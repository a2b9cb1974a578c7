/** A snapshot of etcd that was taken before an upgrade. */
export interface UpgradeSnapshot {
  /** The version that the cluster was going to. */
  readonly to: string;
  readonly ageSeconds: number;
}
