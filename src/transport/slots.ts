import pLimit from 'p-limit';

/** How many exec channels one connection has open at a time. */
export class Slots {
  readonly #limit;

  constructor(count: number) {
    this.#limit = pLimit(count);
  }

  /** Waits for a free slot; the returned function gives it back and may be called more than once. */
  take(): Promise<() => void> {
    return new Promise((taken) => {
      void this.#limit(
        () =>
          new Promise<void>((release) => {
            taken(release);
          }),
      );
    });
  }

  /** Learns that the server allows fewer than are in use now; false if only the caller's own is. */
  shrink(): boolean {
    const others = this.#limit.activeCount - 1;
    if (others < 1) return false;
    this.#limit.concurrency = Math.min(this.#limit.concurrency, others);
    return true;
  }
}
