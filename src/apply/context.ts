import type { EtcdCredentials } from '../etcd/client.ts';
import type { HookStep } from '../plan/types.ts';
import type { HostConnection } from '../transport/types.ts';
import type { Emit } from './events.ts';
import type { Materials } from './payload.ts';

/** What carrying out a plan takes from the world. */
export interface ApplyContext {
  /** One per reachable host of the plan. */
  readonly connections: ReadonlyMap<string, HostConnection>;
  /** Hosts through which the API can be reached, with their node address, in order of preference. */
  readonly apiHosts: readonly HostAddress[];
  /** Hosts that hold an etcd member. */
  readonly etcdHosts: readonly HostAddress[];
  /** Issues what the plan says is to be issued, and gives access to it; every call gives the same. */
  materials(): Promise<Materials>;
  /** A client certificate for the member on `host`. */
  etcdCredentials(host: string): Promise<EtcdCredentials>;
  /** Keeps a snapshot in the operator's state. */
  keepSnapshot(blobs: AsyncIterable<Buffer>): Promise<void>;
  /** Runs a hook on the operator's machine. Rejects with KbootError E-STEP, the last lines as its detail. */
  runHook(step: HookStep): Promise<void>;
  readonly emit: Emit;
  /** Aborted: nothing new starts; running steps end. */
  readonly signal: AbortSignal;
}

export interface HostAddress {
  readonly host: string;
  readonly address: string;
}

/** Hosts that failed or were not attempted: nothing more is done on them, and nothing waits for them. Grows. */
export type Excluded = ReadonlySet<string>;
