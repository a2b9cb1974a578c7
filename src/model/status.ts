/** What `kboot status` tells. */
export interface ClusterStatus {
  readonly cluster: string;
  readonly kubernetesVersion: string;
  readonly endpoint: string;
  /** Every host answers, every node and control-plane Pod is Ready, no certificate is near its end. */
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
  readonly certificates: readonly {
    readonly name: string;
    readonly expires: string;
    readonly daysLeft: number;
  }[];
}
