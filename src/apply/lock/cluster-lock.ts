import { setTimeout as sleep } from 'node:timers/promises';
import { KbootError } from '../../model/error.ts';
import { few } from '../../model/few.ts';
import { processState } from '../../store/process-identity.ts';
import type { Writer } from '../../transport/types.ts';
import { Heart } from './heart.ts';
import { holderText, type Holder } from './holder.ts';
import { HostLock, type HeldAnswer, type TakeAnswer } from './host-lock.ts';
import { LeaseLock, type HeldLease, type LeaseApi } from './lease.ts';
import { clusterLockTimes, type ClusterLockTimes } from './times.ts';
import { remedies } from '../remedies.ts';

export interface LockRequest {
  /** Connected control planes. */
  readonly writers: readonly Writer[];
  /** Names of all control planes, without those that are given up for good. */
  readonly hosts: readonly string[];
  readonly holder: Holder;
  /** The API; undefined before the cluster has one. */
  readonly api: LeaseApi | undefined;
  /** Reports, in words, what happens meanwhile. */
  readonly say: (text: string) => void;
  readonly times?: ClusterLockTimes;
}

export interface ClusterLock {
  readonly token: string;
  /** Aborts if the lock is lost: another run has it, or may take it. */
  readonly lost: AbortSignal;
  /** Milliseconds since another run that changed the cluster had the lock, or since the boot of a host; at the time of taking. */
  readonly changedMs: number;
  /** `changed`: this run may have changed something. Safe to call twice; never rejects. */
  release(changed: boolean): Promise<void>;
}

/**
 * Takes the lock of a cluster: on its control planes in the order of their names, so that of two runs one yields at the first
 * host that both reach; and as a Lease, if the API answers. A majority of the hosts or the Lease is enough; without
 * either, since so much is down, the hosts that are reached.
 *
 * Waits, and says so, while it is not certain that the holder lives: a heartbeat proves it, and a holder without one loses the
 * lock. Throws KbootError E-LOCKED with a live holder.
 */
export async function takeClusterLock(request: LockRequest): Promise<ClusterLock> {
  const { holder, api, times = clusterLockTimes } = request;
  const locks = await openAll(request.writers, times.answerMs);
  const lease = api && new LeaseLock(api, holder, times.staleMs);
  const drop = async (): Promise<void> => {
    await Promise.allSettled(locks.map((lock) => lock.drop(holder.token, false)));
  };
  try {
    const watch = new Watch(request, times);
    const answers = await takeHosts(locks, holder, times, watch, drop);
    const robbed = new Set([...answers.values()].flatMap(({ over }) => over?.token ?? []));
    const hasLease = lease !== undefined && (await takeLease(lease, robbed, watch));
    const majority = Math.floor(request.hosts.length / 2) + 1;
    const taken = [...answers.keys()];
    if (taken.length < majority && !hasLease) request.say(weakly(request.hosts, taken));
    const heart = new Heart({
      ...{ locks: locks.filter(({ host }) => answers.has(host)), lease, hasLease, holder, times },
      ...{ say: request.say, hasMajority: taken.length >= majority },
      isGone: ({ holder: other }) =>
        other !== undefined && (robbed.has(other.token) || processState(other) === 'gone'),
      need: Math.min(majority, taken.length),
    });
    const foreign = [...answers.values()].filter(({ changedBy }) => changedBy !== holder.run);
    let released: Promise<void> | undefined;
    return {
      token: holder.token,
      lost: heart.lost,
      changedMs: Math.min(Infinity, ...foreign.map(({ changedMs }) => changedMs)),
      release: (changed) => (released ??= heart.stop(changed)),
    };
  } catch (error) {
    await drop();
    for (const lock of locks) lock.close();
    throw error;
  }
}

type Taken = Extract<TakeAnswer, { kind: 'taken' }>;

interface HeldOnHost extends HeldAnswer {
  readonly host: string;
  /** When the host was asked, on the clock of this process. */
  readonly askedAt: number;
}

/** One shell on each host; without those where it cannot be started. In the order of names. */
async function openAll(writers: readonly Writer[], answerMs: number): Promise<readonly HostLock[]> {
  const sorted = [...writers].sort((a, b) => (a.host < b.host ? -1 : 1));
  const opened = await Promise.allSettled(sorted.map((writer) => HostLock.open(writer, answerMs)));
  return opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

async function takeHosts(
  locks: readonly HostLock[],
  holder: Holder,
  { staleMs, pollMs }: ClusterLockTimes,
  watch: Watch,
  drop: () => Promise<void>,
): Promise<ReadonlyMap<string, Taken>> {
  let dead: string | undefined;
  for (;;) {
    const answers = new Map<string, Taken>();
    let held: HeldOnHost | undefined;
    const take = async (lock: HostLock): Promise<void> => {
      const askedAt = performance.now();
      const answer = await lock.take(holder, staleMs, dead).catch(() => undefined);
      if (answer?.kind === 'held') held ??= { ...answer, host: lock.host, askedAt };
      else if (answer !== undefined) answers.set(lock.host, answer);
    };
    for (const [index, lock] of locks.entries()) {
      await take(lock);
      if (held !== undefined) break;
      if (answers.size === 0) continue;
      // Of two runs that start at once, only the one that has the first host asks the others.
      await Promise.all(locks.slice(index + 1).map(take));
      break;
    }
    if (held === undefined) {
      for (const { over } of answers.values()) if (over !== undefined) watch.robbed(over);
      return new Map([...answers].sort(([one], [other]) => (one < other ? -1 : 1)));
    }
    await drop();
    if (watch.isGone(held.holder, held.token)) {
      dead = held.token;
      continue;
    }
    watch.host(held);
    await sleep(pollMs);
  }
}

/** false: the API does not answer. */
async function takeLease(lease: LeaseLock, robbed: ReadonlySet<string>, watch: Watch): Promise<boolean> {
  const isDead = (held: HeldLease): boolean =>
    (held.holder !== undefined && robbed.has(held.holder.token)) ||
    watch.isGone(held.holder, held.holder?.token) ||
    watch.isStale(held);
  for (;;) {
    // Unless it is ended, the clock would keep a process that has nothing left to do.
    const answered = new AbortController();
    const late = sleep(leaseMs, 'late' as const, { signal: answered.signal });
    const held = await Promise.race([lease.take(isDead), late])
      .catch((error: unknown) => {
        if (error instanceof KbootError && error.code === 'E-LOCKED') throw error;
        return 'late' as const;
      })
      .finally(() => {
        answered.abort();
      });
    if (held === 'late') return false;
    if (held === undefined) return true;
    watch.lease(held);
    await sleep(watch.pollMs);
  }
}

/** How long an API that hangs is waited for; heartbeats try again. */
const leaseMs = 8_000;

/** Hosts count in hundredths of a second, and two clocks differ a little. */
const resolutionMs = 50;

/** Finds out whether the holder of a lock lives. Throws E-LOCKED as soon as it does. */
class Watch {
  readonly pollMs: number;
  #request: LockRequest;
  #times: ClusterLockTimes;
  /** By host and token: the age of the last heartbeat, and when it was known. */
  #ages = new Map<string, { readonly ageMs: number; readonly knownAt: number }>();
  #leases = new Map<string, number>();
  #reported = new Set<string>();
  #until = Infinity;

  constructor(request: LockRequest, times: ClusterLockTimes) {
    this.#request = request;
    this.#times = times;
    this.pollMs = times.pollMs;
  }

  /**
   * Whether its process, on this machine, is gone; or whether it is this one, which could not give up an earlier lock. Throws
   * E-LOCKED if another one runs here.
   */
  isGone(holder: Holder | undefined, token: string | undefined): boolean {
    if (holder === undefined || holder.token !== token) return false;
    if (holder.run === this.#request.holder.run) return true;
    const state = processState(holder);
    if (state === 'lives') throw locked(holder, 'It is running on this machine.');
    return state === 'gone';
  }

  robbed({ token, holder }: NonNullable<Taken['over']>): void {
    this.#report(
      `${token} robbed`,
      `The lock of the cluster was taken over from ${holderText(holder)}, which is gone.`,
    );
  }

  host({ host, token, holder, ageMs, askedAt }: HeldOnHost): void {
    const key = `${host} ${token}`;
    const before = this.#ages.get(key);
    // Without a heartbeat it would be older by at least the time from that answer to this question.
    if (before !== undefined && ageMs < before.ageMs + askedAt - before.knownAt - resolutionMs)
      throw locked(holder, `It sends heartbeats to ${host}.`);
    this.#ages.set(key, { ageMs, knownAt: performance.now() });
    this.#wait(token, holder, this.#times.staleMs - ageMs);
  }

  lease(held: HeldLease): void {
    const token = held.holder?.token ?? '';
    if (!this.#leases.has(held.renewed)) {
      if (this.#reported.has(token) && this.#leases.size > 0)
        throw locked(held.holder, 'It renews the Lease kube-system/kboot.');
      this.#leases.set(held.renewed, performance.now());
    }
    this.#wait(token, held.holder, this.#times.staleMs);
  }

  /** Whether the Lease has not been renewed while this looked at it for as long as that takes. */
  isStale({ renewed }: HeldLease): boolean {
    const since = this.#leases.get(renewed);
    return since !== undefined && performance.now() - since >= this.#times.staleMs;
  }

  #wait(token: string, holder: Holder | undefined, leftMs: number): void {
    const { heartbeatMs, staleMs } = this.#times;
    if (this.#until === Infinity) this.#until = performance.now() + 2 * staleMs + heartbeatMs;
    if (performance.now() > this.#until) throw locked(holder, 'Runs take turns with it.');
    const left = Math.max(1, Math.ceil(leftMs / 1000));
    this.#report(
      token,
      `The lock of the cluster is held by ${holderText(holder)}. Waiting for a sign of life: a run renews its lock every ${heartbeatMs / 1000} s; without that, the lock is taken over in ${left} s.`,
    );
  }

  #report(token: string, text: string): void {
    if (this.#reported.has(token)) return;
    this.#reported.add(token);
    this.#request.say(text);
  }
}

function locked(holder: Holder | undefined, why: string): KbootError {
  return new KbootError(
    'E-LOCKED',
    `Another run holds the lock of the cluster: ${holderText(holder)}. ${why}`,
    {
      remedy: remedies.clusterIsLocked,
    },
  );
}

function weakly(hosts: readonly string[], taken: readonly string[]): string {
  const others = few(
    hosts.filter((host) => !taken.includes(host)),
    3,
  );
  return `warning: the lock of the cluster is held ${taken.length === 0 ? 'nowhere' : `only on ${few(taken, 3)}`}: neither ${others} nor the API can be reached. Make sure that nobody else changes this cluster now.`;
}
