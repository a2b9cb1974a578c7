import type { ApplyEvent } from '../../apply/events.ts';
import type { Failure } from '../../apply/run.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Finding } from '../../plan/preflight/finding.ts';
import type { Plan } from '../../plan/types.ts';
import type { Stretch } from '../timeline/timeline.ts';

/** The result of a run of the plan. */
export interface PageRun {
  readonly events: readonly ApplyEvent[];
  readonly failures: readonly Failure[];
  /** Hosts that were not attempted, because an earlier host of the rollout failed. */
  readonly held: readonly string[];
  readonly interrupted: boolean;
  readonly seconds: number;
  /** What the command did before it applied the plan. */
  readonly before?: readonly Stretch[];
}

/** The input of a page. */
export interface PageInput {
  readonly plan: Plan;
  /** If it is known, the drawing has addresses and networks. */
  readonly cluster?: Cluster;
  /** The command to continue with: `kboot up inventory.yaml`. */
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
