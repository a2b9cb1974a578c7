import type { Holder } from './holder.ts';
import type { HostLock } from './host-lock.ts';
import type { HeldLease, LeaseLock } from './lease.ts';
import { Moment, type ClusterLockTimes } from './times.ts';

interface HeartOptions {
  /** Where the lock was taken. */
  readonly locks: readonly HostLock[];
  readonly lease: LeaseLock | undefined;
  readonly hasLease: boolean;
  /** Whether a majority of the control planes has the lock: then a Lease that was found later may be of a run that ended. */
  readonly hasMajority: boolean;
  /** Whether the holder of a Lease is known to be gone. */
  readonly isGone: (held: HeldLease) => boolean;
  readonly holder: Holder;
  readonly times: ClusterLockTimes;
  /** Number of hosts that must confirm heartbeats, unless the Lease is renewed. */
  readonly need: number;
  readonly say: (text: string) => void;
}

/** Renews a lock, and notices its loss. */
export class Heart {
  readonly #options: HeartOptions;
  #locks: readonly HostLock[];
  readonly #lost = new AbortController();
  /** When each host last confirmed a heartbeat. */
  readonly #hosts: Map<string, Moment>;
  readonly #timer: NodeJS.Timeout;
  #lease: Moment | undefined;
  /** The Lease of another run that was there when the API answered first, and since when. */
  #found: { readonly renewed: string; readonly since: Moment } | undefined;
  #beating: Promise<unknown> | undefined;
  #renewing: Promise<unknown> | undefined;
  readonly #left = new Set<string>();

  constructor(options: HeartOptions) {
    this.#options = options;
    this.#locks = options.locks;
    this.#hosts = new Map(options.locks.map(({ host }) => [host, new Moment()]));
    this.#lease = options.hasLease ? new Moment() : undefined;
    this.#timer = setInterval(() => {
      this.#tick();
    }, options.times.heartbeatMs);
    this.#timer.unref();
  }

  /** Aborts once another run has the lock, or may take it. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Stops, and gives the lock up where it can be reached. */
  async stop(changed: boolean): Promise<void> {
    const { lease, holder } = this.#options;
    clearInterval(this.#timer);
    await Promise.allSettled([this.#beating, this.#renewing]);
    const locks = this.#locks;
    await Promise.allSettled([
      ...locks.filter(({ isOpen }) => isOpen).map((lock) => lock.drop(holder.token, changed)),
      this.#lease && lease?.drop(),
    ]);
    for (const lock of locks) lock.close();
  }

  #tick(): void {
    // Answers that are late: how long ago was the last one?
    if (this.#beating !== undefined) this.#check();
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = undefined;
    });
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
  }

  async #beat(): Promise<void> {
    // A shell that ended, or was too slow, is followed by another one, as long as there is a connection.
    this.#locks = await Promise.all(
      this.#locks.map(async (lock) => {
        if (lock.gaveWay) this.#leave(lock.host);
        return lock.isOpen || lock.gaveWay ? lock : await lock.reopened().catch(() => lock);
      }),
    );
    await Promise.allSettled(
      this.#locks.map(async (lock) => {
        if (!lock.isOpen) return;
        if (await this.#isOurs(lock)) this.#hosts.set(lock.host, new Moment());
        else this.#hosts.delete(lock.host);
      }),
    );
    this.#check();
  }

  /** Where somebody removed the lock, it is taken again at the next heartbeat, if a majority still has it then. */
  async #isOurs(lock: HostLock): Promise<boolean> {
    const { holder, times } = this.#options;
    if (this.#hosts.has(lock.host)) return await lock.beat(holder.token);
    return (await lock.take(holder, times.staleMs, undefined)).kind === 'taken';
  }

  async #renew(): Promise<void> {
    const { lease, hasMajority } = this.#options;
    let isAlive = !hasMajority;
    const held = await lease
      ?.take((found) => {
        // This run had it: another run took it over.
        if (this.#lease !== undefined) return false;
        if (this.#found !== undefined && this.#found.renewed !== found.renewed) isAlive = true;
        this.#found ??= { renewed: found.renewed, since: new Moment() };
        return (
          !isAlive && (this.#options.isGone(found) || this.#found.since.ageMs >= this.#options.times.staleMs)
        );
      })
      .then((other) => {
        if (other === undefined) this.#lease = new Moment();
        return other;
      })
      .catch(() => undefined);
    if (held !== undefined && (isAlive || this.#lease !== undefined)) this.#lost.abort();
  }

  /** A host that has no room for the shell that keeps the lock. */
  #leave(host: string): void {
    if (this.#left.has(host)) return;
    this.#left.add(host);
    this.#options.say(
      `warning: ${host} allows only one session at a time (MaxSessions of its sshd): the lock of the cluster is not kept there.`,
    );
  }

  #check(): void {
    const { need, times } = this.#options;
    const isFresh = (moment: Moment): boolean => moment.ageMs < times.doubtMs;
    const fresh = [...this.#hosts].filter(([host, moment]) => isFresh(moment) || this.#left.has(host));
    if (fresh.length >= need || (this.#lease !== undefined && isFresh(this.#lease))) return;
    this.#lost.abort();
  }
}
