import type { Family } from '../inventory/address.ts';
import type { Addresses } from './family.ts';

/** What `kboot verify` looks at, in the order in which it is told. */
export const checkKinds = [
  'start',
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

/** One question that was asked, and how it ended. */
export interface CheckResult {
  readonly kind: CheckKind;
  /** Name of a node, or `this machine`. */
  readonly from: string;
  /** What was to be reached: a node, a name, an address. */
  readonly to: string;
  readonly asked: string;
  /** Of the addresses that it was about, where each family is asked for itself. */
  readonly family?: Family;
  readonly ok: boolean;
  /** Of the last attempt. */
  readonly milliseconds: number;
  readonly attempts: number;
  /** What came instead; for one that passed late, what the first attempt saw. */
  readonly why?: string;
}

export interface VerifyReport {
  readonly cluster: string;
  readonly kubernetesVersion: string;
  readonly namespace: string;
  readonly nodes: number;
  /** The backend of flannel, whose port a firewall may close. */
  readonly backend: 'vxlan' | 'host-gw' | 'wireguard';
  readonly results: readonly CheckResult[];
  /** What a reader must know of how it was done: pairs sampled, hosts that could not be reached. */
  readonly notes: readonly string[];
  readonly interrupted: boolean;
  readonly seconds: number;
}

/** A node as the checks need it. */
export interface VerifyNode {
  readonly name: string;
  /** Its InternalIPs. */
  readonly addresses: Addresses;
  /** Addresses of its server Pod; a node whose Pod did not start is not among the nodes. */
  readonly servers: Addresses;
  /** Address of its client Pod; undefined: that one did not start. */
  readonly client?: string;
}

/** The port of every Pod and Service of verify. */
export const verifyPort = 5300;

export const thisMachine = 'this machine';
