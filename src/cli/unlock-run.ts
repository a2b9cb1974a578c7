import { holderText, type Holder } from '../apply/lock/holder.ts';
import { clusterLockTimes } from '../apply/lock/times.ts';
import { viewClusterLock } from '../app/cluster-unlock.ts';
import type { ClusterPlace } from '../app/observe/connect.ts';
import { readInventory } from '../app/read-inventory.ts';
import { openWorkspace } from '../app/workspace.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import type { Pki } from '../pki/types.ts';
import { isStale, lockOwner, ownerState, removeLock, type FoundLock, type LockOwner } from '../store/lock.ts';
import { defaultStateDir, peekState, type State } from '../store/state.ts';
import { clusterLockText, lockAdvice, lockText } from '../view/lock-text.ts';
import type { UnlockArgs } from './args.ts';
import { confirm, connectOptions, event, note, print, tellErrors, terminalWidth } from './terminal.ts';
import { line } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/**
 * Shows who holds the locks of the state folder and of the cluster, and removes each after confirmation. Throws KbootError
 * E-LOCKED while the holder's process runs. Control planes that cannot be reached are reported, and do not keep it from the
 * rest.
 */
export async function runUnlock(args: UnlockArgs): Promise<ExitStatus> {
  const inventory = await readInventory(args.inventory, { withoutFiles: true, state: args.state });
  const { name } = inventory.cluster;
  const state = await peekState(args.state ?? defaultStateDir(args.inventory, name));
  const local = await unlockFolder(args, state, name);
  if (args.local || local !== exitStatus.done) return local;
  const pki = await openWorkspace({
    inventory: args.inventory,
    state: args.state,
    withoutEtcdFiles: true,
    read: inventory,
  }).then(
    (workspace) => workspace.pki,
    // Without the keys, the Lease is left to the next run.
    () => undefined,
  );
  return await unlockCluster(args, { cluster: inventory.cluster, inventoryFile: args.inventory, state }, pki);
}

async function unlockFolder(args: UnlockArgs, state: State, name: string): Promise<ExitStatus> {
  const found = await lockOwner(state);
  const json = args.output === 'json';
  if (found === undefined) {
    if (json) event({ type: 'lock', cluster: name, held: false });
    else print(line`${name}: the lock is not held`);
    return exitStatus.done;
  }
  const process = ownerState(found);
  const freesItself = isStale(found);
  const silentSeconds = Math.round(found.ageMs / 1000);
  if (json)
    event({
      type: 'lock',
      cluster: name,
      held: true,
      ...ownerOf(found),
      process,
      silentSeconds,
      freesItself,
    });
  else print(lockText(name, state.lock, found, process));
  if (process === 'lives') throw alive(found.owner?.pid ?? 0);
  return await removeAfterQuestion(args, name, { process, freesItself }, () => removeLock(state, found));
}

async function unlockCluster(
  args: UnlockArgs,
  place: ClusterPlace,
  pki: Pki | undefined,
): Promise<ExitStatus> {
  const { name } = place.cluster;
  const view = await viewClusterLock(place, pki, connectOptions(), args.concurrency);
  try {
    tellErrors(view.connections.failed.values());
    if (view.locks.length === 0 && view.connections.open.size > 0) {
      if (args.output === 'json') event({ type: 'cluster-lock', cluster: name, held: false });
      else print(line`${name}: the lock of the cluster is not held`);
    }
    for (const lock of view.locks) {
      const { life: process, holder, hosts, lease, ageMs } = lock;
      const freesItself = process === 'gone' || (ageMs ?? 0) >= clusterLockTimes.staleMs;
      const silentSeconds = ageMs === undefined ? undefined : Math.round(ageMs / 1000);
      if (args.output === 'json')
        event({
          ...{ type: 'cluster-lock', cluster: name, held: true, ...seenHolder(holder), hosts, lease },
          ...{ process, silentSeconds, freesItself },
        });
      else print(clusterLockText(name, lock, process));
      if (process === 'lives') throw running(holder);
      const status = await removeAfterQuestion(args, name, { process, freesItself }, () => view.remove(lock));
      if (status !== exitStatus.done) return status;
    }
    return exitStatus.done;
  } finally {
    await view.close();
  }
}

async function removeAfterQuestion(
  args: UnlockArgs,
  name: string,
  seen: Parameters<typeof lockAdvice>[0],
  remove: () => Promise<boolean>,
): Promise<ExitStatus> {
  const json = args.output === 'json';
  if (!json) print(lockAdvice(seen, terminalWidth()));
  if (!(await confirm('Remove the lock?', args.yes))) {
    note(line`The lock was not removed.`);
    return exitStatus.interrupted;
  }
  const removed = await remove();
  if (json) event({ type: 'unlocked', removed });
  else
    print(
      removed
        ? line`${name}: the lock was removed`
        : line`${name}: another run took the lock in the meantime; it was not removed`,
    );
  return removed ? exitStatus.done : exitStatus.locked;
}

/** The holder without what is internal. */
function seenHolder(
  holder: Holder | undefined,
): Partial<Pick<Holder, 'pid' | 'host' | 'user' | 'since' | 'command'>> {
  if (holder === undefined) return {};
  const { pid, host, user, since, command } = holder;
  return { pid, host, user, since, command };
}

function running(holder: Holder | undefined): KbootError {
  return new KbootError('E-LOCKED', `${holderText(holder)} is running: its lock was not removed.`, {
    remedy: remedies.endThere,
  });
}

/** The owner without its token, which is internal. */
function ownerOf({ owner }: FoundLock): Partial<Omit<LockOwner, 'token'>> {
  if (owner === undefined) return {};
  const { pid, host, user, since, command } = owner;
  return { pid, host, user, since, command };
}

function alive(pid: number): KbootError {
  return new KbootError('E-LOCKED', `Process ${pid} is running on this machine: its lock was not removed.`, {
    remedy: remedies.endProcess({ pid }),
  });
}
