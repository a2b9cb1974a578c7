import type { ApplyEvent } from '../../apply/events.ts';
import type { Failure } from '../../apply/run.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Finding } from '../../plan/preflight/finding.ts';
import type { Plan } from '../../plan/types.ts';

/** How a run of the plan went. */
export interface PageRun {
  readonly events: readonly ApplyEvent[];
  readonly failures: readonly Failure[];
  /** Hosts that were left alone, since one before them in the roll failed. */
  readonly held: readonly string[];
  readonly interrupted: boolean;
  readonly seconds: number;
}

/** What a page is made from. */
export interface PageInput {
  readonly plan: Plan;
  /** Where it is known, the drawing has addresses and networks. */
  readonly cluster?: Cluster;
  /** How to go on, `kboot up inventory.yaml`. */
  readonly command?: string;
  readonly findings?: readonly Finding[];
  /** Hosts that could not be read, and why. */
  readonly unread?: ReadonlyMap<string, Error>;
  /** Absent: nothing has been changed. */
  readonly run?: PageRun;
  /** kboot's own version. */
  readonly kboot: string;
  readonly at: Date;
}
