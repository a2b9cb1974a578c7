/** The turn of a host to be sent a file from this machine. */
export interface Turn {
  /** So many more bytes have left. */
  sent(bytes: number): void;
  /** May be called more than once. */
  end(): void;
}

/** How long a greater number of turns is tried, in milliseconds. */
const trialMs = 4_000;
/** Intervals without a trial after one that gained nothing. */
const rest = 8;

export interface TurnsOptions {
  /** Hosts that have their turn at a time, at first. */
  readonly few: number;
  /** And at most. */
  readonly most: number;
  /** Hosts, the first ones first. */
  readonly order: readonly string[];
}

/**
 * Turns to be sent files: a few hosts at a time, the first ones first, so that hosts are complete one after another, where all at
 * once would share this machine's line and be late together. While hosts wait, it tries one more at a time, and keeps to that
 * if more bytes leave for it: then it is not this machine's line that is full, but those of the hosts.
 */
export class Turns {
  #limit: number;
  #taken = 0;
  readonly #most: number;
  readonly #order: ReadonlyMap<string, number>;
  readonly #waiting: { readonly host: string; readonly start: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Since the last trial began or ended. */
  #bytes = 0;
  /** Bytes in the time before the trial that is running. */
  #before: number | undefined;
  #rest = 0;

  constructor({ few, most, order }: TurnsOptions) {
    this.#limit = few;
    this.#most = Math.max(few, most);
    this.#order = new Map(order.map((host, index) => [host, index]));
  }

  /** Resolves when it is the turn of a host. */
  async take(host: string): Promise<Turn> {
    if (this.#taken < this.#limit) this.#taken++;
    else
      await new Promise<void>((start) => {
        this.#waiting.push({ host, start });
        this.#watch();
      });
    let ended = false;
    return {
      sent: (bytes) => {
        this.#bytes += bytes;
      },
      end: () => {
        if (ended) return;
        ended = true;
        this.#taken--;
        // The same host may have another file to be sent.
        setImmediate(() => {
          this.#startNext();
        });
      },
    };
  }

  #startNext(): void {
    while (this.#taken < this.#limit && this.#waiting.length > 0) {
      const place = ({ host }: { readonly host: string }): number => this.#order.get(host) ?? Infinity;
      const first = this.#waiting.reduce((one, other) => (place(other) < place(one) ? other : one));
      this.#waiting.splice(this.#waiting.indexOf(first), 1);
      this.#taken++;
      first.start();
    }
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    this.#bytes = 0;
    this.#before = undefined;
    this.#timer = setInterval(() => {
      this.#try();
    }, trialMs).unref();
  }

  /** Ends a trial, and begins the next one. */
  #try(): void {
    const bytes = this.#bytes;
    this.#bytes = 0;
    if (this.#before !== undefined) {
      // Half of what each of the others gets.
      const isWorthIt = bytes - this.#before >= this.#before / (this.#limit - 1) / 2;
      if (!isWorthIt) {
        this.#limit--;
        this.#rest = rest;
      }
      this.#before = undefined;
    }
    if (this.#waiting.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if (this.#rest > 0) this.#rest--;
    else if (this.#limit < this.#most) {
      this.#before = bytes;
      this.#limit++;
      this.#startNext();
    }
  }
}
