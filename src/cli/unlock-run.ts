import { readInventory } from '../app/read-inventory.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { isStale, lockOwner, ownerState, removeLock, type FoundLock, type LockOwner } from '../store/lock.ts';
import { defaultStateDir, peekState } from '../store/state.ts';
import { lockAdvice, lockText } from '../view/lock-text.ts';
import { paragraph } from '../view/paragraph.ts';
import type { UnlockArgs } from './args.ts';
import { confirm, event, note, print, terminalWidth } from './terminal.ts';

/**
 * Shows who holds the lock, and removes it after a question. Throws KbootError E-LOCKED while its owner's process
 * lives on this machine.
 */
export async function runUnlock(args: UnlockArgs): Promise<ExitStatus> {
  const { name } = readInventory(args.inventory, true).cluster;
  const state = await peekState(args.state ?? defaultStateDir(args.inventory, name));
  const found = await lockOwner(state);
  const json = args.output === 'json';
  if (found === undefined) {
    if (json) event({ type: 'lock', cluster: name, held: false });
    else print(`${name}: nobody holds the lock`);
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
    note('The lock was left alone.');
    return exitStatus.interrupted;
  }
  const removed = await removeLock(state, found);
  if (json) event({ type: 'unlocked', removed });
  else
    print(
      removed
        ? `${name}: the lock was removed`
        : `${name}: the lock changed hands meanwhile and was left alone`,
    );
  return removed ? exitStatus.done : exitStatus.locked;
}

/** Without the token, which is nobody's business. */
function ownerOf({ owner }: FoundLock): Partial<Omit<LockOwner, 'token'>> {
  if (owner === undefined) return {};
  const { pid, host, user, since, command } = owner;
  return { pid, host, user, since, command };
}

function alive(pid: number): KbootError {
  return new KbootError('E-LOCKED', `Process ${pid} lives on this machine: its lock was left alone.`, {
    remedy:
      `Wait until it ends, or end it: Ctrl-C in its terminal, or \`kill -INT ${pid}\`; running steps come to their end. ` +
      `If \`ps -p ${pid}\` shows another program, the number was given anew: then the next run takes the lock over by itself, after 30 s of silence.`,
  });
}
