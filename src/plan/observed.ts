import type { KbootError } from '../model/error.ts';
import type { UpgradeSnapshot } from '../model/snapshot.ts';
import type { ClusterObservation } from '../observe/cluster.ts';
import type { EncryptionObservation } from '../observe/encryption.ts';
import type { EtcdHost, EtcdObservation } from '../observe/etcd.ts';
import type { EtcdAnswer } from '../observe/foreign-etcd.ts';
import type { FormerHost } from '../observe/former-host.ts';
import type { HostObservation } from '../observe/probe.ts';
import type { RotationObservation } from '../observe/rotation.ts';
import type { UpgradeObservation } from '../observe/upgrade/observation.ts';
import type { EndpointServing } from './preflight/endpoint.ts';

/** Everything that was observed for a plan: with the inventory, the whole input of `decide`. */
export interface Observed {
  /** Hosts that were read, in the inventory's order. */
  readonly hosts: ReadonlyMap<string, HostObservation>;
  /** Why the others could not be read. */
  readonly failed: ReadonlyMap<string, KbootError>;
  /** kboot's own etcd: its hosts, and the answers of its members. */
  readonly etcd: { readonly hosts: readonly EtcdHost[]; readonly members: EtcdObservation };
  /** Answers of an etcd that kboot does not run; undefined if there is none, or it is not in scope. */
  readonly externalEtcd: readonly EtcdAnswer[] | undefined;
  /** undefined: the plan ends before the API is read. Never `absent`: decide concludes that. */
  readonly api: ClusterObservation | undefined;
  /** What would stop an upgrade; undefined if the cluster already has the inventory's version, or the API did not answer. */
  readonly upgrade?: UpgradeObservation | undefined;
  /** What API servers encrypt with; undefined if nothing is or was encrypted, or it is not in scope. */
  readonly encryption?: EncryptionObservation | undefined;
  /** What an exchange of CAs still has to do in the API; undefined if none has begun, or the API did not answer. */
  readonly rotation?: RotationObservation | undefined;
  /** What the API servers serve, by host: `v1.36.2`; without those that do not answer. */
  readonly served: ReadonlyMap<string, string>;
  /** Snapshots of etcd in the state folder that were taken before an upgrade. */
  readonly snapshots: readonly UpgradeSnapshot[];
  /** Hosts that left the inventory and whose Nodes are in the API. */
  readonly former: ReadonlyMap<string, FormerHost>;
  /** The control-plane endpoint through one host; undefined if kboot runs it, or no host reached it. */
  readonly endpoint: EndpointServing | undefined;
  /** Hooks of the operator's machine whose `unless` succeeded. */
  readonly metHooks: ReadonlySet<string>;
}
