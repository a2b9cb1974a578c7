import type { Family } from '../inventory/address.ts';
import type { Flannel } from '../model/cluster.ts';
import type { Addresses } from './family.ts';

/** The checks of `kboot verify`, in the order in which they are reported. */
export const checkKinds = [
  'start',
  'serving-certificate',
  'pod-udp',
  'pod-tcp',
  'dns',
  'cluster-ip',
  'node-port',
  'load-balancer',
  'api',
  'cleanup',
] as const;

export type CheckKind = (typeof checkKinds)[number];

/** The result of one check. */
export interface CheckResult {
  readonly kind: CheckKind;
  /** Name of a node, or `this machine`. */
  readonly from: string;
  /** Target of the check: a node, a name, an address. */
  readonly to: string;
  readonly asked: string;
  /** Family of the addresses, if each family is checked separately. */
  readonly family?: Family;
  readonly ok: boolean;
  /** Duration of the last attempt. */
  readonly milliseconds: number;
  readonly attempts: number;
  /** Why it failed; for a check that passed on retry, why the first attempt failed. */
  readonly why?: string;
}

export interface VerifyReport {
  readonly cluster: string;
  readonly kubernetesVersion: string;
  readonly namespace: string;
  readonly nodes: number;
  /** The backend of flannel, whose port a firewall may block; `none`: the Pod network is not kboot's. */
  readonly backend: Flannel['backend'] | 'none';
  readonly results: readonly CheckResult[];
  /** Remarks on how the run was done: sampled pairs, namespaces left by earlier runs. */
  readonly notes: readonly string[];
  readonly interrupted: boolean;
  readonly seconds: number;
}

/** A node, as needed by the checks. */
export interface VerifyNode {
  readonly name: string;
  /** Its InternalIPs. */
  readonly addresses: Addresses;
  /** Addresses of its server Pod; a node whose Pod did not start is not in the list. */
  readonly servers: Addresses;
  /** Address of its client Pod; undefined: the Pod did not start. */
  readonly client?: string;
}

/** The port of every Pod and Service of verify. */
export const verifyPort = 5300;

export const thisMachine = 'this machine';
