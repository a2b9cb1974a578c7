import type { Budget } from '../../kube/budgets.ts';
import type { Selector } from '../../kube/selector.ts';
import type { KubeObject } from '../../kube/types.ts';

/** What would stop an upgrade half-way, as the API tells it. */
export interface UpgradeObservation {
  /** Live Nodes by name. */
  readonly nodes: ReadonlyMap<string, KubeObject>;
  /** Of the whole cluster. */
  readonly pods: readonly PodSeen[];
  readonly budgets: readonly Budget[];
  /** PersistentVolumes of one node, by the claim that they are bound to. */
  readonly localVolumes: readonly LocalVolume[];
  /** Webhooks whose failure refuses a request. */
  readonly webhooks: readonly WebhookSeen[];
  /** Requests for deprecated APIs since each API server started. */
  readonly deprecated: readonly DeprecatedUse[];
  /** Objects in API versions that a later minor neither serves nor can read. */
  readonly stored: readonly StoredObjects[];
  /** The folder of this machine that gets the snapshot of etcd; absent: unknown. */
  readonly stateFolder?: { readonly path: string; readonly freeMiB: number };
  /** What could not be read, and why. */
  readonly unread: readonly string[];
}

/** The parts of a Pod that an upgrade depends on. */
export interface PodSeen extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly terminationGracePeriodSeconds?: number;
    readonly volumes?: readonly {
      readonly name: string;
      readonly emptyDir?: object;
      readonly persistentVolumeClaim?: { readonly claimName: string };
    }[];
    readonly containers: readonly ContainerSeen[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export interface ContainerSeen {
  readonly name: string;
  readonly image: string;
  readonly startupProbe?: ProbeSeen;
  readonly readinessProbe?: ProbeSeen;
}

interface ProbeSeen {
  readonly initialDelaySeconds?: number;
}

export interface LocalVolume {
  readonly volume: string;
  readonly namespace: string;
  readonly claim: string;
  /** Nodes that have the volume. */
  readonly nodes: readonly string[];
}

/** One webhook with failurePolicy Fail and a Service. */
export interface WebhookSeen {
  /** `ValidatingWebhookConfiguration policy` */
  readonly configuration: string;
  readonly name: string;
  readonly service: { readonly namespace: string; readonly name: string };
  readonly rules: readonly {
    readonly operations?: readonly string[];
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly scope?: string;
  }[];
  readonly namespaceSelector?: Selector;
  readonly objectSelector?: Selector;
  /** It also has conditions in CEL, which kboot does not evaluate. */
  readonly isConditional: boolean;
  /** Ready endpoints of the Service. */
  readonly ready: readonly { readonly node?: string; readonly pod?: string }[];
  /** Labels of the Service's namespace. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
}

export interface DeprecatedUse {
  /** Host of the API server. */
  readonly host: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** `1.37` */
  readonly removedRelease: string;
}

export interface StoredObjects {
  /** `scheduling.k8s.io/v1alpha1` */
  readonly groupVersion: string;
  readonly resource: string;
  /** The first minor whose API server has lost the version. */
  readonly lostIn: number;
  /** `shop/batch`, the first ones. */
  readonly names: readonly string[];
  readonly count: number;
}
