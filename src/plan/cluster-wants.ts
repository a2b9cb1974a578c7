import type { KubeObject } from '../kube/types.ts';
import type { Stage } from '../model/stage.ts';

/** What must be so in the API. */
export interface ClusterWants {
  /** Every host of the inventory. */
  readonly inventory: readonly string[];
  readonly objects: readonly { readonly stage: Stage; readonly object: KubeObject }[];
  /** Objects that the API takes only once `workloads` are ready: a webhook of theirs checks them. */
  readonly lateObjects: readonly KubeObject[];
  readonly nodes: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  }[];
  readonly controlPlanePods: readonly {
    readonly host: string;
    readonly namespace: string;
    readonly name: string;
  }[];
  readonly workloads: readonly {
    readonly workload: 'DaemonSet' | 'Deployment';
    readonly namespace: string;
    readonly name: string;
  }[];
}

/** What the API was seen to hold. */
export type ClusterObservation =
  /** No control-plane host holds etcd data: there is no cluster yet. */
  | { readonly state: 'absent' }
  /** There may be a cluster, and its API did not answer. */
  | { readonly state: 'silent'; readonly why: string }
  | {
      readonly state: 'present';
      /** By title (kube/types.ts); what is not in it does not exist. */
      readonly objects: ReadonlyMap<string, KubeObject>;
      readonly nodes: ReadonlyMap<string, KubeObject>;
      readonly pods: ReadonlyMap<string, KubeObject>;
    };
