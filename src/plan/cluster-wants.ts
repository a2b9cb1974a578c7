import type { KubeObject } from '../kube/types.ts';
import type { Stage } from '../model/stage.ts';

/** What must be so in the API. */
export interface ClusterWants {
  /** Every host of the inventory. */
  readonly inventory: readonly string[];
  readonly objects: readonly { readonly stage: Stage; readonly object: KubeObject }[];
  /** Objects that the API takes only once `workloads` are ready: a webhook of theirs checks them. */
  readonly lateObjects: readonly KubeObject[];
  /** Kinds of `lateObjects` whose objects go when nobody wants them any more, as long as they carry kboot's label. */
  readonly sweptKinds: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
  }[];
  readonly nodes: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  }[];
  /** The control-plane endpoint, where somebody else sees to it. */
  readonly outsideEndpoint?: { readonly host: string; readonly port: number };
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

/** On objects that are kboot's alone: one that is not wanted any more may go. */
export const ownLabel = { key: 'app.kubernetes.io/managed-by', value: 'kboot' } as const;

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
