/** What `kboot status` tells. */
export interface ClusterStatus {
  readonly cluster: string;
  readonly kubernetesVersion: string;
  readonly endpoint: string;
  /** Every host answers, every node, control-plane Pod and etcd member does its part, no certificate is near its end. */
  readonly healthy: boolean;
  readonly hosts: readonly {
    readonly name: string;
    readonly roles: readonly string[];
    readonly address: string;
    readonly reachable: boolean;
    readonly system: string;
    /** `Ready`, `NotReady`, or `-` where the API knows no such Node. */
    readonly node: string;
    readonly kubelet: string;
    /** Control-plane Pods that are not Ready. */
    readonly notReady: readonly string[];
  }[];
  /** The API's answer, or why there is none. */
  readonly api: string;
  /** How etcd answers, in words. */
  readonly etcd: string;
  readonly members: readonly EtcdMemberStatus[];
  readonly certificates: readonly {
    readonly name: string;
    readonly expires: string;
    readonly daysLeft: number;
  }[];
}

/** One member of etcd, as the others list it. */
export interface EtcdMemberStatus {
  /** The host's name; a member that never started is told by its peer URL. */
  readonly name: string;
  readonly role: 'voting' | 'learner';
  /** Whether it answers a linearizable read. */
  readonly serves: boolean;
  /** Whether the inventory has a host for it. */
  readonly wanted: boolean;
}
