import type { FieldChange } from '../inventory/record.ts';
import type { Kept } from '../kube/desired-cluster.ts';
import type { WantedCopy } from '../kube/published-cas.ts';
import type { KubeObject } from '../kube/types.ts';
import type { JsonObject } from '../model/cluster.ts';
import type { Effect } from '../model/component.ts';
import type { EncryptableResource, StoredAs } from '../model/encryption.ts';
import type { Stage } from '../model/stage.ts';
import type { Payload, ResourceKind, Verb } from '../resource/types.ts';
import type { Spread } from './spread-types.ts';
import type { VersionChange } from './upgrade/versions.ts';

/** Identifies an object of the API. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What a step changes. `target.ts` turns it into words, which nothing parses. */
export type Target =
  | { readonly kind: ResourceKind; readonly name: string }
  | { readonly kind: 'object'; readonly ref: ObjectRef }
  | {
      readonly kind:
        'node' | 'etcd-member' | 'certificates' | 'snapshot' | 'leftover' | 'former' | 'stored' | 'accounts';
      readonly name: string;
    };

interface StepBase {
  /** Unique in its plan, and the same in every plan that makes this step. */
  readonly id: string;
  readonly verb: Verb;
  readonly target: Target;
  /** Why, or the new state. For display only. */
  readonly reason: string;
  /** Effects on running components; empty if there are none. */
  readonly effects: readonly Effect[];
  readonly timeoutSeconds: number;
}

/** POSIX shell as root on one host, on top of resource/prelude.ts; never holds a secret. */
export interface ShellStep extends StepBase {
  readonly type: 'shell';
  readonly script: string;
  readonly payload?: Payload;
  /** Unified diff of a text. For display only. */
  readonly diff?: string;
  /** A hook's own shell. For display only. */
  readonly command?: string;
  /** The shell that tells that a hook is not needed; `script` asks it first. For display only. */
  readonly unless?: string;
  /** Processes whose files this changes: they restart in a later step of their own. */
  readonly disturbs?: readonly string[];
  /** A file whose digest must still be the observed one (`absent`: it must not exist). */
  readonly expects?: { readonly path: string; readonly digest: string };
}

/** One change of etcd's membership, or a snapshot, made by the operator's machine through a healthy member. */
export interface EtcdStep extends StepBase {
  readonly type: 'etcd';
  readonly operation:
    /**
     * `before`: the version that the cluster goes to, for the name of the snapshot. `from`: the member that it is taken
     * from, which need not have a quorum.
     */
    | { readonly kind: 'snapshot'; readonly before?: string; readonly from?: string }
    | { readonly kind: 'remove'; readonly memberId: string }
    | { readonly kind: 'add-learner'; readonly peerURL: string }
    | { readonly kind: 'promote'; readonly peerURL: string }
    /** Removes a learner that never started, so that others can join. */
    | { readonly kind: 'withdraw'; readonly peerURL: string };
}

/** Server-side apply of one object. */
export interface ApplyStep extends StepBase {
  readonly type: 'apply';
  /** Of a Secret of an add-on, without its data. */
  readonly object: KubeObject;
  /** The add-on that it belongs to: how the API serves its kind is asked when it is applied. */
  readonly addon?: string;
  /** The data of a Secret, which only the operator's machine has. */
  readonly data?: { readonly name: string; readonly sha256: string };
  /** Unified diff of the live object. For display only. */
  readonly diff?: string;
  /** The live object is deleted first: the API refuses to change it. */
  readonly replaces?: true;
  /** Kept of a live object that was not read for the plan. */
  readonly keeps?: readonly Kept[];
}

/** Deletes one of kboot's objects that is no longer desired. */
export interface DeleteStep extends StepBase {
  readonly type: 'delete';
  readonly object: ObjectRef;
  /** The add-on that it belonged to. */
  readonly addon?: string;
}

/** Which Pods a drain evicts, how long it may take, and what becomes of a Node whose drain does not end. */
export interface DrainPolicy {
  readonly timeoutSeconds: number;
  /** Evicts Pods with an emptyDir, whose content is lost; false: such a Pod fails the drain before the first eviction. */
  readonly deleteEmptyDirData: boolean;
  /** Evicts Pods without a controller, which nothing creates again; false: as above. */
  readonly force: boolean;
  /** Overrides the Pods' own grace periods. */
  readonly gracePeriodSeconds?: number;
  /** If it does not end: stays cordoned, or is uncordoned if it was kboot that cordoned it. */
  readonly leaves: 'cordoned' | 'serving';
}

/** One operation on a Node. */
export interface NodeStep extends StepBase {
  readonly type: 'node';
  readonly node: string;
  readonly operation:
    /** Labels and taints, merged with those of other owners. */
    | {
        readonly kind: 'mark';
        readonly annotations: Readonly<Record<string, string>>;
        /** null: removed. */
        readonly labels: Readonly<Record<string, string | null>>;
        readonly taints: readonly Taint[];
      }
    | { readonly kind: 'cordon' | 'uncordon' }
    /** Deletes flannel's Pod on the Node, and waits for the new one: flannel reads the podCIDR when it starts. */
    | { readonly kind: 'restart-flannel' }
    /** Cordons, then evicts Pods as `kubectl drain --ignore-daemonsets` does. */
    | { readonly kind: 'drain'; readonly policy: DrainPolicy }
    | { readonly kind: 'delete' };
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** Issues certificates and keys into the state folder. */
export interface IssueStep extends StepBase {
  readonly type: 'issue';
  /** Their paths in the state folder. */
  readonly certificates: readonly string[];
}

/** A hook on the operator's machine, as the user who runs kboot. */
export interface HookStep extends StepBase {
  readonly type: 'hook';
  /** POSIX shell, as the operator wrote it. */
  readonly command: string;
  /** Asked first: if it succeeds, the command does not run. */
  readonly unless?: string;
}

/** Writes every object of a resource once more, unchanged, so that etcd holds it as the API servers write now. */
export interface RewriteStep extends StepBase {
  readonly type: 'rewrite';
  readonly resource: EncryptableResource;
}

/**
 * Creates the ServiceAccounts of the controllers of kube-controller-manager, before it creates them itself as it starts: three
 * requests for each, 20 in a second (--kube-api-qps).
 */
export interface AccountsStep extends StepBase {
  readonly type: 'accounts';
}

/** Changes stated fields of one object that others own, by a JSON merge patch (RFC 7386); never holds a secret. */
export interface PatchStep extends StepBase {
  readonly type: 'patch';
  readonly object: ObjectRef;
  readonly patch: JsonObject;
}

export type Step =
  | ShellStep
  | EtcdStep
  | ApplyStep
  | DeleteStep
  | NodeStep
  | IssueStep
  | HookStep
  | RewriteStep
  | AccountsStep
  | PatchStep;

/** What a gate observes, through the connection to a host. */
export type Condition =
  | { readonly kind: 'etcd-member'; readonly host: string }
  /** The API server of that host; without a host, any. With a version, it must serve that one. */
  | { readonly kind: 'api'; readonly host?: string; readonly version?: string }
  /** An API server answers through that host's own haproxy. */
  | {
      readonly kind: 'load-balancer';
      readonly host: string;
      readonly address: string;
      readonly port: number;
    }
  /** The kubelet's healthz, on 127.0.0.1 of its host. */
  | { readonly kind: 'kubelet'; readonly host: string; readonly port: number }
  /** The healthz of a controller-manager or scheduler, at the address that it listens on. */
  | {
      readonly kind: 'controller';
      readonly host: string;
      readonly component: 'kube-controller-manager' | 'kube-scheduler';
      readonly address: string;
      readonly port: number;
    }
  /** Some controller-manager or scheduler acts as the leader: its Lease is renewed. */
  | { readonly kind: 'leader'; readonly lease: 'kube-controller-manager' | 'kube-scheduler' }
  /** etcd holds every object of a resource in one way. */
  | { readonly kind: 'stored-as'; readonly resource: EncryptableResource; readonly as: StoredAs }
  /** Every copy of a kind that Kubernetes publishes holds certain CAs, and none of some others. */
  | ({ readonly kind: 'published-cas' } & WantedCopy)
  /** An API server, through a control-plane endpoint that kboot does not run. */
  | { readonly kind: 'endpoint'; readonly address: string; readonly port: number }
  | {
      readonly kind: 'pod-ready';
      readonly host: string;
      readonly namespace: string;
      readonly name: string;
      /** ID of the container that this plan replaces: the API reports it for a while longer. */
      readonly replaces?: string;
    }
  | { readonly kind: 'node-registered'; readonly node: string }
  /** With a version, its kubelet must have reported that one. */
  | { readonly kind: 'node-ready'; readonly node: string; readonly version?: string }
  | {
      readonly kind: 'workload-ready';
      readonly workload: 'DaemonSet' | 'Deployment' | 'StatefulSet';
      readonly namespace: string;
      readonly name: string;
      /** Nodes that must run a Ready Pod of a DaemonSet: its status lags for Nodes that just registered. */
      readonly nodes?: readonly string[];
    }
  /**
   * Objects of an add-on: its CRDs are served, hooks of its chart have run, the Services of its webhooks have endpoints,
   * its workloads or all of it is healthy.
   */
  | {
      readonly kind: 'addon-ready';
      readonly addon: string;
      readonly part: 'definitions' | 'hooks-before' | 'webhooks' | 'workloads' | 'hooks-after' | 'all';
      readonly objects: readonly ObjectRef[];
    }
  /** Objects that were deleted no longer exist. */
  | { readonly kind: 'addon-gone'; readonly addon: string; readonly objects: readonly ObjectRef[] };

/** A wait with a timeout; nothing else retries. */
export interface Gate {
  readonly type: 'wait';
  readonly id: string;
  readonly condition: Condition;
  readonly timeoutSeconds: number;
}

/** Where a task runs: on one host, through the cluster's APIs, or on the machine that runs kboot. */
export type Location = { readonly host: string } | 'cluster' | 'operator';

/**
 * Steps in order at one location. A failure of a step, or of a gate of its batch that observes its host, runs
 * `rollback`, and the rest of the task is skipped.
 */
export interface Task {
  readonly on: Location;
  readonly steps: readonly Step[];
  readonly rollback?: readonly Step[];
}

/** Parallel tasks; the batch has passed when its tasks are done and every gate holds. */
export interface Batch {
  readonly tasks: readonly Task[];
  readonly gates: readonly Gate[];
}

/**
 * How another phase must have ended before a phase may start. `ended`: with any result; `any`: at least one of its hosts
 * succeeded; `all`: every one of its batches passed.
 */
export interface Dependency {
  readonly phase: string;
  readonly need: 'ended' | 'any' | 'all';
}

/** Batches in order; after a failed batch, the rest of the phase does not start. */
export interface Phase {
  readonly id: string;
  readonly stage: Stage;
  readonly title: string;
  /** Earlier phases of the plan. */
  readonly after: readonly Dependency[];
  readonly batches: readonly Batch[];
}

export interface PlanHost {
  readonly name: string;
  readonly roles: readonly string[];
  readonly state: 'probed' | 'assumed' | 'unreachable';
  readonly resources: number;
}

/**
 * Everything that will happen, as plain JSON without a secret. A task starts when the earlier tasks of its host have
 * ended, the batch before its own has passed, and its phase's `after` holds; apply/run.ts is that rule.
 */
export interface Plan {
  readonly apiVersion: 'kboot.dev/v1';
  readonly kind: 'Plan';
  readonly cluster: string;
  readonly kubernetesVersion: string;
  readonly endpoint: string;
  /** `offline`: made without contacting a host, for reading only. */
  readonly mode: 'live' | 'offline';
  /** The file that lists the hosts; absent: the inventory does. */
  readonly hostsFrom?: string;
  readonly hosts: readonly PlanHost[];
  /** The Kubernetes version changes. */
  readonly upgrade?: VersionChange;
  /** Fields of the inventory that differ from the one that was last applied; absent: nothing is recorded, or none. */
  readonly inventoryChanges?: readonly FieldChange[];
  readonly phases: readonly Phase[];
  /** How release files get to hosts; absent: each host gets its own from this machine, or downloads them. */
  readonly spread?: Spread;
  /** Number of resources and objects that were compared. */
  readonly checked: number;
  readonly warnings: readonly string[];
}
