import { readInventory } from '../app/read-inventory.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { isStale, lockOwner, ownerState, removeLock, type FoundLock, type LockOwner } from '../store/lock.ts';
import { defaultStateDir, peekState } from '../store/state.ts';
import { lockAdvice, lockText } from '../view/lock-text.ts';
import { paragraph } from '../view/paragraph.ts';
import type { UnlockArgs } from './args.ts';
import { confirm, event, note, print, terminalWidth } from './terminal.ts';

/**
 * Shows who holds the lock, and removes it after confirmation. Throws KbootError E-LOCKED while its owner's process
 * is running on this machine.
 */
export async function runUnlock(args: UnlockArgs): Promise<ExitStatus> {
  const { name } = readInventory(args.inventory, { withoutFiles: true }).cluster;
  const state = await peekState(args.state ?? defaultStateDir(args.inventory, name));
  const found = await lockOwner(state);
  const json = args.output === 'json';
  if (found === undefined) {
    if (json) event({ type: 'lock', cluster: name, held: false });
    else print(`${name}: the lock is not held`);
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
  if (!json) print(paragraph(lockAdvice({ process, freesItself }), terminalWidth()));
  if (!(await confirm('Remove the lock?', args.yes))) {
    note('The lock was not removed.');
    return exitStatus.interrupted;
  }
  const removed = await removeLock(state, found);
  if (json) event({ type: 'unlocked', removed });
  else
    print(
      removed
        ? `${name}: the lock was removed`
        : `${name}: another run took the lock in the meantime; it was not removed`,
    );
  return removed ? exitStatus.done : exitStatus.locked;
}

/** The owner without its token, which is internal. */
function ownerOf({ owner }: FoundLock): Partial<Omit<LockOwner, 'token'>> {
  if (owner === undefined) return {};
  const { pid, host, user, since, command } = owner;
  return { pid, host, user, since, command };
}

function alive(pid: number): KbootError {
  return new KbootError('E-LOCKED', `Process ${pid} is running on this machine: its lock was not removed.`, {
    remedy:
      `Wait until it ends, or end it: Ctrl-C in its terminal, or \`kill -INT ${pid}\`; running steps are finished first. ` +
      `If \`ps -p ${pid}\` shows another program, the PID was reused: the next run then takes over the lock by itself, after 30 s without a heartbeat.`,
  });
}
