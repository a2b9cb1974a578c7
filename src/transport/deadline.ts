/** A time limit whose clock can be paused while the operator types. */
export class Deadline {
  readonly #expire: () => void;
  #leftMs: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Calls `expire` once after `ms` of running time, unless cleared first. */
  constructor(ms: number, expire: () => void) {
    this.#expire = expire;
    this.#leftMs = ms;
    this.#run();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leftMs = 0;
  }

  /** Runs `task` with the clock paused. */
  async stoppedWhile<T>(task: () => Promise<T>): Promise<T> {
    if (this.#timer === undefined) return task();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leftMs -= performance.now() - this.#since;
    try {
      return await task();
    } finally {
      if (this.#leftMs > 0) this.#run();
    }
  }

  #run(): void {
    this.#since = performance.now();
    this.#timer = setTimeout(this.#expire, Math.max(1, this.#leftMs));
  }
}
