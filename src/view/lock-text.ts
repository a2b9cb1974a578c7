import type { FoundLock } from '../store/lock.ts';
import { table } from './table.ts';

/** The holder of a cluster's lock, one row each: command, process, since when, last heartbeat. */
export function lockText(
  cluster: string,
  path: string,
  { owner, ageMs }: FoundLock,
  process: 'lives' | 'gone' | 'unknown',
): string {
  const seconds = Math.round(ageMs / 1000);
  const life =
    seconds < 0
      ? `${-seconds} s in the future: the clocks of the two machines differ`
      : `${seconds} s ago (sent every 5 s)`;
  const where = { lives: ', this machine, running', gone: ', this machine, gone', unknown: '' }[process];
  const who =
    owner === undefined
      ? [['  held by', 'unknown: the lock file cannot be parsed']]
      : [
          ['  command', owner.command],
          ['  process', `${owner.pid} on ${owner.host}${where}`],
          ...(owner.user === undefined ? [] : [['  user', owner.user]]),
          ['  since', owner.since],
        ];
  return [`${cluster}: the lock is held`, table([...who, ['  heartbeat', life], ['  file', path]])].join(
    '\n',
  );
}

/** What to do about a lock whose process is not running on this machine. */
export function lockAdvice(seen: {
  readonly process: 'gone' | 'unknown';
  readonly freesItself: boolean;
}): string {
  if (seen.process === 'gone')
    return 'That process is gone. The next run takes over the lock by itself; you do not have to remove it.';
  if (seen.freesItself)
    return 'It has sent no heartbeat for 30 s. The next run takes over the lock by itself; you do not have to remove it.';
  return 'Whether that process is still running cannot be determined from here. Check its machine first: two concurrent runs could undo each other. The next run takes over a lock by itself after 30 s without a heartbeat.';
}
