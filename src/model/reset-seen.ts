/** What a reset finds on a host. */
export interface ResetSeen {
  /** kboot was here, or left half-way. */
  readonly present: boolean;
  readonly clusterId: string;
  readonly owned: number;
  /** Files that stood in the way of kboot's and were kept. */
  readonly kept: number;
  readonly containers: number;
  readonly swap: boolean;
  /** SELinux enforced before. */
  readonly selinux: boolean;
  /** Containers that run in a Docker that works through the containerd of the host; null: there is no such Docker. */
  readonly dockerContainers: number | null;
}
