import type { DesiredAddon } from './addons.ts';
import type { Stage } from '../model/stage.ts';
import type { KubeObject } from './types.ts';

/** What of a live object an administrator may set, and kboot leaves as it is. */
export type Kept =
  /** The number of replicas, which `kubectl scale` sets. */
  | { readonly field: 'replicas' }
  /** How often readiness probes run: another period would roll the Pods. */
  | { readonly field: 'readinessPeriod' }
  /** The Corefile, once someone else has written it; `plain` is the one without any setting. */
  | { readonly field: 'Corefile'; readonly plain: string };

/** The desired state of the cluster's API: what `desire/cluster.ts` makes, and plans compare with the live state. */
export interface DesiredCluster {
  /** Every host of the inventory. */
  readonly inventory: readonly string[];
  readonly objects: readonly {
    readonly stage: Stage;
    readonly object: KubeObject;
    readonly keeps?: readonly Kept[];
  }[];
  /** Objects that the API accepts only once `workloads` are ready, because a webhook of theirs validates them. */
  readonly lateObjects: readonly KubeObject[];
  /** Kinds whose objects are deleted once undesired, as long as they carry kboot's label. */
  readonly prunedKinds: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    /** Absent: objects of this kind are in no namespace. */
    readonly namespace?: string;
  }[];
  /** The operator's add-ons, each after those that it needs; absent: they are not in scope. */
  readonly addons?: readonly DesiredAddon[];
  /** What is kept of the inventory, once all of it is applied. */
  readonly record?: KubeObject;
  readonly nodes: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  }[];
  /** The Pod network is not kboot's: Nodes become Ready, and Pods start, only once somebody installs one. */
  readonly foreignCni?: true;
  /** kboot installs nothing that implements Services: Pods that use them are ready only once somebody else does. */
  readonly foreignServices?: true;
  /** Objects of kboot's or kubeadm's that are deleted if they exist, in this order, once the add-ons are applied. */
  readonly retired?: readonly KubeObject[];
  /** The control-plane endpoint, where it is not kboot's. */
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
    /** Its Pods use the network of their host, so they start without a Pod network. */
    readonly hostNetwork?: true;
    /** Its Pods are what connects the Pods of a host to those of the others. */
    readonly podNetwork?: true;
  }[];
}

/** All its objects, in the order in which they are applied. */
export function allObjects({
  objects,
  lateObjects,
}: Pick<DesiredCluster, 'objects' | 'lateObjects'>): readonly KubeObject[] {
  return [...objects.map(({ object }) => object), ...lateObjects];
}

/** No object, Node or workload: for reading the API without comparing it. */
export const nothingDesired: DesiredCluster = {
  inventory: [],
  objects: [],
  lateObjects: [],
  prunedKinds: [],
  nodes: [],
  controlPlanePods: [],
  workloads: [],
};

/** The label of objects that only kboot writes: an undesired object with it may be deleted. */
export const ownLabel = { key: 'app.kubernetes.io/managed-by', value: 'kboot' } as const;
