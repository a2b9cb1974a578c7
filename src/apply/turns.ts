import type { Turn } from '../plan/types.ts';

/** Thrown to a host whose turn does not come. */
export class Held extends Error {
  /** The host at which the roll stopped. */
  readonly by: string;
  constructor(by: string) {
    super(`hosts go one after another, and ${by} did not end well`);
    this.by = by;
  }
}

interface Place {
  readonly turn: Turn;
  readonly before: Promise<string | undefined>;
  readonly end: (stoppedBy: string | undefined) => void;
}

/** Lets the hosts of a roll begin one after another. Each that runs must call `end`, however it ends. */
export class Turns {
  #places = new Map<string, Place>();

  constructor(roll: readonly Turn[]) {
    let before: Promise<string | undefined> = Promise.resolve(undefined);
    for (const turn of roll) {
      let end: Place['end'] = () => undefined;
      const ended = new Promise<string | undefined>((resolve) => {
        end = resolve;
      });
      this.#places.set(turn.host, { turn, before, end });
      before = ended;
    }
  }

  /** The host's turn, if it needs one. */
  of(host: string): Turn | undefined {
    return this.#places.get(host)?.turn;
  }

  /** Resolves once every host before this one ended well; throws Held when one did not. */
  async begin(host: string): Promise<void> {
    const by = await this.#places.get(host)?.before;
    if (by !== undefined) throw new Held(by);
  }

  /** Hands the turn on. `stoppedBy`: the host that failed; the rest of the roll does not begin. */
  end(host: string, stoppedBy?: string): void {
    this.#places.get(host)?.end(stoppedBy);
  }
}
