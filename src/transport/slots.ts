import pLimit from 'p-limit';

/** Limits the exec channels that one connection has open at a time. */
export class Slots {
  readonly #limit;

  constructor(count: number) {
    this.#limit = pLimit(count);
  }

  /** Waits for a free slot; the returned function releases it and may be called more than once. */
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

  /** Lowers the limit: the server refused one more. False if the caller's slot is the only one in use. */
  shrink(): boolean {
    const others = this.#limit.activeCount - 1;
    if (others < 1) return false;
    this.#limit.concurrency = Math.min(this.#limit.concurrency, others);
    return true;
  }
}
