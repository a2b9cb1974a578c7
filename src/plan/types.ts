import type { Stage } from '../model/stage.ts';
import type { Action } from '../resource/types.ts';
import type { KubeObject } from '../kube/types.ts';

/** Shell on one host. */
export interface HostStep extends Action {
  readonly type: 'host';
  readonly id: string;
  readonly stage: Stage;
  readonly host: string;
  /** `file /etc/crictl.yaml` */
  readonly resource: string;
}

/**
 * One change of etcd's membership, made by the operator's machine through a healthy member. Stands among its
 * host's steps: what comes after it waits for it.
 */
export interface EtcdStep {
  readonly type: 'etcd';
  readonly id: string;
  readonly stage: Stage;
  /** The member's host; it may have left the inventory. */
  readonly host: string;
  readonly verb: 'create' | 'update' | 'delete';
  readonly resource: string;
  readonly reason: string;
  readonly operation:
    | { readonly kind: 'snapshot' }
    | { readonly kind: 'remove'; readonly memberId: string }
    | { readonly kind: 'add-learner'; readonly peerURL: string }
    | { readonly kind: 'promote'; readonly peerURL: string };
  readonly timeoutSeconds: number;
}

/** Server-side apply of one object. */
export interface ObjectStep {
  readonly type: 'object';
  readonly id: string;
  readonly stage: Stage;
  readonly verb: 'create' | 'update';
  readonly resource: string;
  readonly reason: string;
  readonly object: KubeObject;
}

/** Labels and taints of one Node, merged into what others put there. */
export interface NodeStep {
  readonly type: 'node';
  readonly id: string;
  readonly stage: Stage;
  readonly verb: 'update';
  readonly resource: string;
  readonly reason: string;
  readonly node: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** null: taken away. */
  readonly labels: Readonly<Record<string, string | null>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
}

/** What a wait looks at, through the connection to a host. */
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
  /** An API server, reached at the control-plane endpoint that somebody else sees to. */
  | { readonly kind: 'endpoint'; readonly address: string; readonly port: number }
  | {
      readonly kind: 'pod-ready';
      readonly host: string;
      readonly namespace: string;
      readonly name: string;
      /** Its container before this plan replaces it: the API tells of that one for a while. */
      readonly former?: string;
    }
  | { readonly kind: 'node-registered'; readonly node: string }
  | { readonly kind: 'node-ready'; readonly node: string }
  | {
      readonly kind: 'workload-ready';
      readonly workload: 'DaemonSet' | 'Deployment';
      readonly namespace: string;
      readonly name: string;
      /** A DaemonSet's Pods on these must be there and Ready: its own count is late for nodes that just came. */
      readonly nodes?: readonly string[];
    };

/** An explicit, bounded wait; the only thing that retries. */
export interface WaitStep {
  readonly type: 'wait';
  readonly id: string;
  readonly stage: Stage;
  readonly verb: 'wait';
  readonly resource: string;
  readonly reason: string;
  readonly condition: Condition;
  readonly timeoutSeconds: number;
}

/** Takes a Node out of the API whose host leaves the cluster. */
export interface NodeRemovalStep {
  readonly type: 'remove-node';
  readonly id: string;
  readonly stage: Stage;
  readonly verb: 'delete';
  readonly resource: string;
  readonly reason: string;
  readonly node: string;
  /** First cordons it and evicts its Pods, as `kubectl drain` does; absent: nobody would end them there. */
  readonly drain?: { readonly timeoutSeconds: number };
}

/**
 * One host of those that may not be disturbed at once. It begins `from` when `waits` of the host before it hold;
 * its stages before that disturb nothing.
 */
export interface Turn {
  readonly host: string;
  readonly from: Stage;
  readonly waits: readonly WaitStep[];
}

/** Deletes an object of kboot's that the inventory wants no more. */
export interface ObjectRemovalStep {
  readonly type: 'remove-object';
  readonly id: string;
  readonly stage: Stage;
  readonly verb: 'delete';
  readonly resource: string;
  readonly reason: string;
  readonly object: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;
}

/** A hook on the machine that runs kboot: once, as the user who runs it. */
export interface OperatorStep {
  readonly type: 'operator';
  readonly id: string;
  readonly stage: Stage;
  readonly when: 'before' | 'after';
  readonly verb: 'run';
  readonly resource: string;
  readonly reason: string;
  /** POSIX shell, as the operator wrote it. */
  readonly command: string;
  readonly timeoutSeconds: number;
}

export type OnHostStep = HostStep | EtcdStep;
export type ClusterStep = ObjectStep | ObjectRemovalStep | NodeStep | NodeRemovalStep | WaitStep;
export type Step = OnHostStep | ClusterStep | OperatorStep;

export interface PlanHost {
  readonly name: string;
  readonly roles: readonly string[];
  readonly state: 'probed' | 'assumed' | 'unreachable';
  readonly resources: number;
}

/**
 * What will happen, whole: plain JSON, without a secret. Host steps run in order on their host; cluster steps
 * run in order, those of a stage after the control plane went through that stage.
 */
export interface Plan {
  readonly apiVersion: 'kboot.dev/v1';
  readonly kind: 'Plan';
  readonly cluster: string;
  readonly kubernetesVersion: string;
  readonly endpoint: string;
  readonly basis: 'live' | 'offline';
  /** Certificates and keys to issue into the operator's state first. */
  readonly issue: readonly string[];
  readonly hosts: readonly PlanHost[];
  /**
   * Before anything else, one after another: load balancers hear of one that joins them, a snapshot, and members and
   * Nodes go that must be gone before their host is.
   */
  readonly membership: readonly (HostStep | EtcdStep | NodeRemovalStep)[];
  /** Hosts that go one after another, in order; a failure leaves those after it alone. The others go side by side. */
  readonly roll: readonly Turn[];
  readonly hostSteps: readonly OnHostStep[];
  readonly clusterSteps: readonly ClusterStep[];
  /**
   * Hooks on the operator's machine: those before a stage run first of all, the others once the cluster's steps of
   * their stage are done; after the last stage, when all went well.
   */
  readonly operatorSteps: readonly OperatorStep[];
  /** Resources and objects that were compared. */
  readonly checked: number;
  readonly warnings: readonly string[];
}

/** Every step, host by host and then the cluster's, in the order of the stages. */
export function stepsOf(plan: Plan): readonly Step[] {
  const waits = plan.roll.flatMap((turn) => turn.waits);
  const isFirst = (step: OperatorStep): boolean => step.when === 'before';
  return [
    ...plan.operatorSteps.filter(isFirst),
    ...plan.membership,
    ...plan.hostSteps,
    ...waits,
    ...plan.clusterSteps,
    ...plan.operatorSteps.filter((step) => !isFirst(step)),
  ];
}

/** Whether a step changes something; a wait only looks. */
export function isChange(step: Step): boolean {
  return step.type !== 'wait';
}
