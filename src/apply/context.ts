import type { EtcdCredentials } from '../etcd/client.ts';
import type { EncryptableResource } from '../model/encryption.ts';
import type { SnapshotCause } from '../model/snapshot.ts';
import type { Stored } from '../observe/encryption.ts';
import type { HookStep } from '../plan/types.ts';
import type { HostConnection } from '../transport/types.ts';
import type { Emit, Moot } from './events.ts';
import type { Materials } from './payload.ts';

/** Connections and services that applying a plan needs. */
export interface ApplyContext {
  /** One per reachable host of the plan. */
  readonly connections: ReadonlyMap<string, HostConnection>;
  /** Hosts through which the API can be reached, with their node address, in order of preference. */
  readonly apiHosts: readonly HostAddress[];
  /** Hosts with an etcd member. */
  readonly etcdHosts: readonly HostAddress[];
  /** Issues the certificates of the plan, and gives access to them; every call returns the same object. */
  materials(): Promise<Materials>;
  /** A client certificate for the member on `host`. */
  etcdCredentials(host: string): Promise<EtcdCredentials>;
  /** How etcd holds the objects of resources; undefined if no member answers. */
  stored(resources: readonly EncryptableResource[]): Promise<Stored | undefined>;
  /** Stores a snapshot in the operator's state folder. */
  keepSnapshot(blobs: AsyncIterable<Buffer>, cause: SnapshotCause): Promise<void>;
  /** Runs a hook on the operator's machine, unless there is nothing to do. Rejects with KbootError E-STEP, with the last lines as its detail. */
  runHook(step: HookStep): Promise<Moot | undefined>;
  /** That of the cluster's lock: control planes run no step once another run holds it. */
  readonly lockToken?: string;
  readonly emit: Emit;
  /** Hosts that work at the same time, besides control planes; default: all. */
  readonly concurrency?: number;
  /** No new task starts once this many hosts have failed, with those that could not be read. */
  readonly maxFailures?: number;
  /** Aborted: nothing new starts; running steps finish. */
  readonly signal: AbortSignal;
}

export interface HostAddress {
  readonly host: string;
  readonly address: string;
}

/** Hosts that failed or were not attempted: no more steps run on them, and nothing waits for them. Grows. */
export type Excluded = ReadonlySet<string>;
