import type { KubeObject } from '../../kube/types.ts';
import type { Inspection } from '../../model/inspection.ts';

/** What was read of a cluster that another tool made. */
export interface SeenCluster {
  readonly nodes: readonly KubeObject[];
  /** ConfigMaps of kube-system and kube-flannel that kubeadm and flannel write, by name; those that exist. */
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** DaemonSets of the whole cluster. */
  readonly daemonSets: readonly KubeObject[];
  /** Hosts that were read, by the name of their Node. */
  readonly hosts: ReadonlyMap<string, SeenHost>;
}

export interface SeenHost {
  readonly inspection: Inspection;
  /** Texts by path. */
  readonly files: ReadonlyMap<string, string>;
  readonly running?: RunningConfig;
  /** Where SSH reaches it, if that is not its Node's address. */
  readonly sshAddress?: string;
}

/** What containerd and the kubelet of a host run with. */
export interface RunningConfig {
  /** The file that containerd was started with, and its text. */
  readonly containerdPath: string;
  readonly containerd: string;
  /** What this containerd has without a file: `containerd config default`. */
  readonly containerdDefaults: string;
  /** Arguments of the kubelet, from wherever they are. */
  readonly kubeletFlags: readonly string[];
  /** containerd's unit with its drop-ins: `systemctl cat`. */
  readonly containerdUnit: string;
}
