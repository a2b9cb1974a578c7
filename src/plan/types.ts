import type { KubeObject } from '../kube/types.ts';
import type { Effect } from '../model/component.ts';
import type { Stage } from '../model/stage.ts';
import type { Payload, ResourceKind, Verb } from '../resource/types.ts';

/** Identifies an object of the API. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What a step changes. `target.ts` turns it into words, and nothing reads those words again. */
export type Target =
  | { readonly kind: ResourceKind; readonly name: string }
  | { readonly kind: 'object'; readonly ref: ObjectRef }
  | {
      readonly kind: 'node' | 'etcd-member' | 'certificates' | 'snapshot' | 'leftover';
      readonly name: string;
    };

interface StepBase {
  /** Unique in its plan, and the same in every plan that makes this step. */
  readonly id: string;
  readonly verb: Verb;
  readonly target: Target;
  /** Why, or what it becomes. For display only. */
  readonly reason: string;
  /** What it does to running components; empty where it only prepares. */
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
  /** Processes whose files this changes: they restart in a later step of their own. */
  readonly disturbs?: readonly string[];
  /** The file whose digest must still be the one that was observed (`absent`: that must still be missing). */
  readonly expects?: { readonly path: string; readonly digest: string };
}

/** One change of etcd's membership, or a snapshot, made by the operator's machine through a healthy member. */
export interface EtcdStep extends StepBase {
  readonly type: 'etcd';
  readonly operation:
    | { readonly kind: 'snapshot' }
    | { readonly kind: 'remove'; readonly memberId: string }
    | { readonly kind: 'add-learner'; readonly peerURL: string }
    | { readonly kind: 'promote'; readonly peerURL: string }
    /** Removes a learner that never started, so that others may join. */
    | { readonly kind: 'withdraw'; readonly peerURL: string };
}

/** Server-side apply of one object. */
export interface ApplyStep extends StepBase {
  readonly type: 'apply';
  readonly object: KubeObject;
}

/** Deletes one object of kboot's that is no longer desired. */
export interface DeleteStep extends StepBase {
  readonly type: 'delete';
  readonly object: ObjectRef;
}

/** One operation on a Node. */
export interface NodeStep extends StepBase {
  readonly type: 'node';
  readonly node: string;
  readonly operation:
    /** Labels and taints, merged with those that others set. */
    | {
        readonly kind: 'mark';
        readonly annotations: Readonly<Record<string, string>>;
        /** null: removed. */
        readonly labels: Readonly<Record<string, string | null>>;
        readonly taints: readonly Taint[];
      }
    | { readonly kind: 'cordon' | 'uncordon' }
    /** Cordons, then evicts every Pod as `kubectl drain` does, within `timeoutSeconds`. */
    | { readonly kind: 'drain' }
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
}

export type Step = ShellStep | EtcdStep | ApplyStep | DeleteStep | NodeStep | IssueStep | HookStep;

/** What a gate observes, through the connection to a host. */
export type Condition =
  | { readonly kind: 'etcd-member'; readonly host: string }
  /** That host's API server; without a host, any. */
  | { readonly kind: 'api'; readonly host?: string }
  /** An API server answers through that host's own haproxy. */
  | {
      readonly kind: 'load-balancer';
      readonly host: string;
      readonly address: string;
      readonly port: number;
    }
  /** The kubelet's healthz, on 127.0.0.1 of its host. */
  | { readonly kind: 'kubelet'; readonly host: string; readonly port: number }
  /** An API server, through a control-plane endpoint that is not kboot's. */
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
  | { readonly kind: 'node-ready'; readonly node: string }
  | {
      readonly kind: 'workload-ready';
      readonly workload: 'DaemonSet' | 'Deployment';
      readonly namespace: string;
      readonly name: string;
      /** Nodes that must run a Ready Pod of a DaemonSet: its own count is late for Nodes that just registered. */
      readonly nodes?: readonly string[];
    };

/** A bounded wait; nothing else retries. */
export interface Gate {
  readonly type: 'wait';
  readonly id: string;
  readonly condition: Condition;
  readonly timeoutSeconds: number;
}

/** Where a task is carried out: on one host, through the cluster's APIs, or on the machine that runs kboot. */
export type Location = { readonly host: string } | 'cluster' | 'operator';

/** Steps in order in one place. A failure runs `rollback`, then skips the rest of this task. */
export interface Task {
  readonly on: Location;
  readonly steps: readonly Step[];
  readonly rollback?: readonly Step[];
}

/** Tasks side by side; the batch has passed when its tasks are done and every gate holds. */
export interface Batch {
  readonly tasks: readonly Task[];
  readonly gates: readonly Gate[];
}

/**
 * How another phase must have ended before a phase may start. `ended`: however it went; `any`: some of its hosts went
 * through it; `all`: every batch of it passed.
 */
export interface Dependency {
  readonly phase: string;
  readonly need: 'ended' | 'any' | 'all';
}

/** Batches in order; one that fails holds back the rest of its phase. */
export interface Phase {
  readonly id: string;
  readonly stage: Stage;
  readonly title: string;
  /** Phases that come earlier in the plan. */
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
  /** `offline`: made without asking a host, for reading. */
  readonly mode: 'live' | 'offline';
  readonly hosts: readonly PlanHost[];
  readonly phases: readonly Phase[];
  /** Number of resources and objects that were compared. */
  readonly checked: number;
  readonly warnings: readonly string[];
}
