/** One transfer of a file to a host; `from` null: from this machine. */
export interface Transfer {
  readonly sha256: string;
  readonly to: string;
  readonly from: string | null;
}

/** How a transfer failed. `unreachable`: there was no connection; `broken`: it broke off; `wrong`: the bytes were others. */
export type Trouble = 'unreachable' | 'broken' | 'wrong';

interface Peer {
  /** Whether others can take files from it. */
  serves: boolean;
  /** Whether it has served anybody. */
  hasServed: boolean;
  /** It cannot take files from other hosts. */
  direct: boolean;
  readonly holds: Set<string>;
  /** What it still needs, in the order in which it needs it. */
  readonly needs: Set<string>;
  receiving: Transfer | undefined;
  serving: number;
  /** Hosts that it cannot take anything from. */
  readonly blocked: Set<string>;
  /** Failures by file. */
  readonly failures: Map<string, number>;
}

interface Joining {
  readonly serves: boolean;
  readonly takes: boolean;
  readonly holds: readonly string[];
}

/** Transfers that one host serves at a time. */
export const servedAtOnce = 2;
/** Transfers from this machine at a time. */
export const sentAtOnce = 4;
/** Failures of one file on one host after which it is left to the step that needs it. */
const mostFailures = 6;

/**
 * Who gets which file from whom: a file goes from this machine to one host, and from hosts that have it to all others.
 * No clock and no I/O: the caller reports what happens, and `next` says what may start.
 */
export class Ledger {
  readonly #peers = new Map<string, Peer>();
  readonly #needs: ReadonlyMap<string, readonly string[]>;
  #sending = 0;

  /** `needs`: digests of the files of each host, in the order in which it needs them. */
  constructor(needs: ReadonlyMap<string, readonly string[]>) {
    this.#needs = needs;
  }

  /** A host takes part. `takes`: from other hosts; `holds`: files that it has already and has checked. */
  ready(host: string, { serves, takes, holds }: Joining): void {
    const held = new Set(holds);
    this.#peers.set(host, {
      ...{ serves, hasServed: false, direct: !takes, holds: held, receiving: undefined, serving: 0 },
      needs: new Set((this.#needs.get(host) ?? []).filter((sha256) => !held.has(sha256))),
      blocked: new Set(),
      failures: new Map(),
    });
  }

  /** A host takes part no longer. What it received, and what it served, has failed: the caller reports the latter. */
  gone(host: string): void {
    const peer = this.#peers.get(host);
    if (peer?.receiving !== undefined) this.#release(peer.receiving);
    this.#peers.delete(host);
  }

  /** The transfers that may start now; each counts as running until `done` or `failed`. */
  next(): Transfer[] {
    const started: Transfer[] = [];
    const idle = [...this.#peers].filter(
      ([, { receiving, needs }]) => receiving === undefined && needs.size > 0,
    );
    // Those that have least are first.
    idle.sort(([, one], [, other]) => one.holds.size - other.holds.size);
    for (const [to, peer] of idle) {
      const transfer = this.#choose(to, peer);
      if (transfer === undefined) continue;
      peer.receiving = transfer;
      const source = transfer.from === null ? undefined : this.#peers.get(transfer.from);
      if (source === undefined) this.#sending++;
      else source.serving++;
      started.push(transfer);
    }
    return started;
  }

  /** The host has the whole file, and has checked it. */
  done(transfer: Transfer): void {
    const peer = this.#peers.get(transfer.to);
    if (peer?.receiving !== transfer) return;
    this.#release(transfer);
    peer.receiving = undefined;
    peer.needs.delete(transfer.sha256);
    peer.holds.add(transfer.sha256);
    const source = transfer.from === null ? undefined : this.#peers.get(transfer.from);
    if (source !== undefined) source.hasServed = true;
  }

  /** Returns what this changes for good: a host that takes its files from this machine from now on, or a file that is given up. */
  failed(transfer: Transfer, trouble: Trouble): { readonly direct?: true; readonly givenUp?: true } {
    const { to, from, sha256 } = transfer;
    const peer = this.#peers.get(to);
    if (peer?.receiving !== transfer) return {};
    this.#release(transfer);
    peer.receiving = undefined;
    const count = (peer.failures.get(sha256) ?? 0) + 1;
    peer.failures.set(sha256, count);
    const wasDirect = peer.direct;
    if (from !== null) this.#blame(peer, from, trouble, count);
    if (count >= mostFailures || (from === null && trouble === 'wrong')) {
      peer.needs.delete(sha256);
      return { givenUp: true };
    }
    return peer.direct && !wasDirect ? { direct: true } : {};
  }

  /** Whether a host still needs a file, and takes part. */
  expects(host: string, sha256: string): boolean {
    return this.#peers.get(host)?.needs.has(sha256) === true;
  }

  /** Whether every host that takes part has what it needs. */
  isComplete(): boolean {
    return [...this.#peers.values()].every(({ needs }) => needs.size === 0);
  }

  #blame(peer: Peer, from: string, trouble: Trouble, count: number): void {
    const source = this.#peers.get(from);
    if (trouble === 'unreachable' || trouble === 'wrong' || count > 2) peer.blocked.add(from);
    if (trouble !== 'unreachable') return;
    const inVain = [...this.#peers.values()].filter(({ blocked }) => blocked.has(from)).length;
    if (source !== undefined && !source.hasServed && inVain > 1) source.serves = false;
    const others = [...this.#peers].filter(([name, { serves }]) => serves && !peer.blocked.has(name));
    if (peer.blocked.size > 1 || others.every(([, each]) => each === peer)) peer.direct = true;
  }

  #choose(to: string, peer: Peer): Transfer | undefined {
    let best: { readonly transfer: Transfer; readonly copies: number } | undefined;
    for (const sha256 of peer.needs) {
      const source = this.#source(to, peer, sha256);
      if (source === undefined) continue;
      if (best === undefined || source.copies < best.copies)
        best = { transfer: { sha256, to, from: source.from }, copies: source.copies };
    }
    return best?.transfer;
  }

  /** Where a host can take a file from now, and how many have it or are getting it; undefined: it has to wait. */
  #source(
    to: string,
    peer: Peer,
    sha256: string,
  ): { readonly from: string | null; readonly copies: number } | undefined {
    let copies = 0;
    let from: string | undefined;
    let least = servedAtOnce;
    let hasSource = false;
    for (const [name, other] of this.#peers) {
      if (name === to) continue;
      const holds = other.holds.has(sha256);
      if (!holds && other.receiving?.sha256 !== sha256) continue;
      copies++;
      if (!other.serves || peer.direct || peer.blocked.has(name)) continue;
      hasSource = true;
      if (!holds || other.serving >= least) continue;
      least = other.serving;
      from = name;
    }
    if (from !== undefined) return { from, copies };
    if (hasSource || this.#sending >= sentAtOnce) return undefined;
    // The first copy goes to a host that can pass it on, if there is one.
    if (!peer.serves && !peer.direct && this.#passesOn(to, peer, sha256)) return undefined;
    return { from: null, copies };
  }

  /** Whether another host needs a file that can pass it on to this one. */
  #passesOn(to: string, peer: Peer, sha256: string): boolean {
    return [...this.#peers].some(
      ([name, { serves, needs }]) => name !== to && serves && needs.has(sha256) && !peer.blocked.has(name),
    );
  }

  #release({ from }: Transfer): void {
    if (from === null) this.#sending--;
    else {
      const source = this.#peers.get(from);
      if (source !== undefined) source.serving--;
    }
  }
}
