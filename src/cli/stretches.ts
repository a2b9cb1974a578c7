import type { Stretch } from '../view/timeline/timeline.ts';

/** Milliseconds since this process started, and CPU time until then, where the timeline of the current run begins. */
let origin = 0;
let spent: NodeJS.CpuUsage = { user: 0, system: 0 };

/** What a run does one after another before it applies its plan. */
export class Stretches {
  readonly #marks: { readonly what: string; readonly at: number }[] = [];

  /** Something has ended that began when the one before it ended; the first one, when this process started. */
  ended(what: string): void {
    this.#marks.push({ what, at: performance.now() });
  }

  /** In milliseconds since `zero`, itself in milliseconds since this process started. */
  until(zero: number): readonly Stretch[] {
    let from = origin;
    return this.#marks.map(({ what, at }) => {
      const stretch = { what, from: from - zero, to: at - zero };
      from = at;
      return stretch;
    });
  }

  /** CPU seconds of this run. */
  get cpuSeconds(): number {
    const { user, system } = process.cpuUsage(spent);
    return (user + system) / 1e6;
  }

  /** The next run of this process begins here. */
  close(): void {
    origin = performance.now();
    spent = process.cpuUsage();
  }
}
