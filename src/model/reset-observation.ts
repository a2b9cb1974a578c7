/** What a reset found on a host. */
export interface ResetObservation {
  /** Whether kboot has installed anything here, even partially. */
  readonly present: boolean;
  readonly clusterId: string;
  /** `--data-dir` that etcd is started with here; empty or absent without one. */
  readonly etcdDataDir?: string;
  readonly owned: number;
  /** Number of files that existed before kboot replaced them, and that were backed up. */
  readonly kept: number;
  readonly containers: number;
  /** Data folders that are mount points or links, which the reset empties and keeps. */
  readonly keptFolders: readonly string[];
  /** Backups of etcd that a timer takes here: their folder, and how many it has; absent: no timer. */
  readonly backup?: { readonly directory: string; readonly snapshots: number };
  readonly swap: boolean;
  /** Whether SELinux was enforcing before. */
  readonly selinux: boolean;
  /** Number of running containers of a Docker that uses the host's containerd; null: no such Docker. */
  readonly dockerContainers: number | null;
}
