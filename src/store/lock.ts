import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { KbootError } from '../model/error.ts';
import { fileError, systemCode } from './file-error.ts';
import { isRunning } from './process-identity.ts';
import type { State } from './state.ts';
import { remedies } from './remedies.ts';

export interface Lock {
  /** Aborts if the lock is lost, which only happens to a process that slept for longer than the stale time. */
  readonly lost: AbortSignal;
  /** Safe to call twice. Never removes a lock that another run has taken over. */
  release(): Promise<void>;
}

export interface LockTimes {
  readonly heartbeatMs: number;
  readonly staleMs: number;
}

export const lockTimes: LockTimes = { heartbeatMs: 5_000, staleMs: 30_000 };

const ownerSchema = z.object({
  pid: z.number(),
  host: z.string(),
  /** Absent in locks of older versions of kboot. */
  user: z.string().optional(),
  since: z.string(),
  command: z.string(),
  /** Identifies one acquisition; part of the claim file's name, hence strictly validated. */
  token: z.string().regex(/^[0-9a-f]{32}$/),
});
export type LockOwner = z.infer<typeof ownerSchema>;

/** A lock as found on disk. */
export interface FoundLock {
  /** undefined: the file cannot be parsed (yet). */
  readonly owner: LockOwner | undefined;
  /** Time since the last heartbeat; negative if the disk's clock is ahead. */
  readonly ageMs: number;
}

/**
 * Locks the state folder for `command`. The owner's heartbeat is the lock file's mtime; if there is none for
 * `staleMs`, or as soon as the owner on this machine has ended, the lock may be taken over. Throws E-LOCKED with a
 * live owner, E-STATE if the folder is not writable.
 *
 * To replace or remove a lock, a process first creates the claim file of that acquisition (O_EXCL), checks the lock
 * again, acts, and removes the claim: if two processes take over the same stale lock, only one can win.
 */
export async function acquireLock(
  state: Pick<State, 'lock'>,
  command: string,
  times: LockTimes = lockTimes,
): Promise<Lock> {
  const owner: LockOwner = {
    pid: process.pid,
    host: hostname(),
    user: loginName(),
    since: new Date().toISOString(),
    command,
    token: randomBytes(16).toString('hex'),
  };
  try {
    for (;;) {
      const file = (await create(state.lock, owner)) ?? (await takeOver(state.lock, owner, times));
      if (file !== undefined) return hold(state.lock, file, owner, times);
      await sleep(20);
    }
  } catch (cause) {
    throw cause instanceof KbootError ? cause : fileError('The lock cannot be taken', state.lock, cause);
  }
}

/** Who holds the lock, and the time since its last heartbeat; undefined if it is free. */
export async function lockOwner(state: State): Promise<FoundLock | undefined> {
  return inspect(state.lock);
}

async function create(path: string, owner: LockOwner): Promise<FileHandle | undefined> {
  const file = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    if (systemCode(cause) === 'EEXIST') return undefined;
    throw cause;
  });
  try {
    await file?.writeFile(`${JSON.stringify(owner)}\n`);
    return file;
  } catch (cause) {
    await file?.close();
    await rm(path, { force: true });
    throw cause;
  }
}

/** undefined: the lock or its claim just changed; try again. */
async function takeOver(path: string, owner: LockOwner, times: LockTimes): Promise<FileHandle | undefined> {
  const found = await inspect(path);
  if (found === undefined) return undefined;
  if (!isStale(found, times)) throw locked(path, found, times);
  return withClaim(path, found.owner?.token, times, async () => {
    const again = await inspect(path);
    if (again === undefined || again.owner?.token !== found.owner?.token || !isStale(again, times))
      return undefined;
    const fresh = `${path}.${owner.token}.new`;
    const file = await create(fresh, owner);
    await rename(fresh, path);
    return file;
  });
}

/** Whether the lock may be taken over: no heartbeat for too long, or its owner on this machine has ended. */
export function isStale(found: FoundLock, times: LockTimes = lockTimes): boolean {
  return found.ageMs >= times.staleMs || ownerState(found) === 'gone';
}

/** Whether an owner's process is running; `unknown` for those on other machines. */
export function ownerState({ owner }: FoundLock): 'lives' | 'gone' | 'unknown' {
  if (owner === undefined || owner.host !== hostname()) return 'unknown';
  return isRunning(owner.pid) ? 'lives' : 'gone';
}

/** Removes the lock that was found; false if it changed in the meantime. Throws E-STATE if it cannot be removed. */
export async function removeLock(state: State, found: FoundLock): Promise<boolean> {
  const token = found.owner?.token;
  try {
    const removed = await withClaim(state.lock, token, lockTimes, async () => {
      const again = await inspect(state.lock);
      if (again === undefined || again.owner?.token !== token) return false;
      await rm(state.lock);
      return true;
    });
    return removed === true;
  } catch (cause) {
    throw fileError('The lock cannot be removed', state.lock, cause);
  }
}

/** Who runs kboot; undefined for a user whom the system does not know. */
export function loginName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** Runs `act` as the only process that may change the lock of `token`; undefined if another process is doing so. */
async function withClaim<T>(
  path: string,
  token: string | undefined,
  times: LockTimes,
  act: () => Promise<T>,
): Promise<T | undefined> {
  const claim = `${path}.${token ?? 'unreadable'}.claim`;
  try {
    await (await open(claim, 'wx', 0o600)).close();
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST') throw cause;
    // A claim exists only briefly; an old one was left behind by a process that was killed just then.
    const left = await stat(claim).catch(() => undefined);
    if (left !== undefined && Date.now() - left.mtimeMs > times.staleMs) await rm(claim, { force: true });
    return undefined;
  }
  try {
    return await act();
  } finally {
    await rm(claim, { force: true });
  }
}

async function inspect(path: string): Promise<FoundLock | undefined> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw cause;
  });
  if (file === undefined) return undefined;
  try {
    const { mtimeMs } = await file.stat();
    return { owner: parseOwner(await file.readFile('utf8')), ageMs: Date.now() - mtimeMs };
  } finally {
    await file.close();
  }
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function hold(path: string, file: FileHandle, owner: LockOwner, times: LockTimes): Lock {
  const lost = new AbortController();
  let beating = Promise.resolve();
  let released: Promise<void> | undefined;
  const beat = async (): Promise<void> => {
    const now = new Date();
    await file.utimes(now, now);
    if ((await inspect(path))?.owner?.token === owner.token) return;
    clearInterval(timer);
    lost.abort();
  };
  const timer = setInterval(() => {
    // If one heartbeat fails, the next one may succeed.
    beating = beating.then(beat).catch(() => undefined);
  }, times.heartbeatMs);
  timer.unref();

  const release = async (): Promise<void> => {
    clearInterval(timer);
    await beating;
    try {
      await withClaim(path, owner.token, times, async () => {
        if ((await inspect(path))?.owner?.token === owner.token) await rm(path, { force: true });
      });
    } finally {
      await file.close();
    }
  };
  return { lost: lost.signal, release: () => (released ??= release()) };
}

function locked(path: string, { owner, ageMs }: FoundLock, times: LockTimes): KbootError {
  const who =
    owner === undefined
      ? 'an unidentified process'
      : `\`${owner.command}\`, process ${owner.pid} on ${owner.host}, since ${owner.since}`;
  const left = Math.max(1, Math.ceil((times.staleMs - ageMs) / 1000));
  return new KbootError('E-LOCKED', `Another run holds the lock: ${who}.`, {
    detail: path,
    remedy: remedies.folderIsLocked({ left }),
  });
}
