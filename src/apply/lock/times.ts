export interface ClusterLockTimes {
  readonly heartbeatMs: number;
  /** Without a heartbeat for so long, a lock may be taken over. */
  readonly staleMs: number;
  /** Without a confirmed heartbeat for so long, a run no longer counts on its lock. Less than staleMs. */
  readonly doubtMs: number;
  /** How often a run that waits looks. */
  readonly pollMs: number;
  /** How long a host may take for an answer: more than the 10 s that it may wait for others that ask. */
  readonly answerMs: number;
}

export const clusterLockTimes: ClusterLockTimes = {
  ...{ heartbeatMs: 5_000, staleMs: 30_000, doubtMs: 20_000, pollMs: 1_000, answerMs: 12_000 },
};

/** A point in time. Its age counts the time for which the machine was suspended, and no step back of its clock. */
export class Moment {
  readonly #wall = Date.now();
  readonly #steady = performance.now();

  get ageMs(): number {
    return Math.max(Date.now() - this.#wall, performance.now() - this.#steady);
  }
}
