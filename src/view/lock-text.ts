import type { FoundLock } from '../store/lock.ts';
import { table } from './table.ts';

/** Who holds the lock of a cluster, as one row each: command, process, since when, when it last showed that it lives. */
export function lockText(
  cluster: string,
  path: string,
  { owner, ageMs }: FoundLock,
  process: 'lives' | 'gone' | 'unknown',
): string {
  const seconds = Math.round(ageMs / 1000);
  const life =
    seconds < 0
      ? `${-seconds} s in the future: the clocks here and there differ`
      : `${seconds} s ago (every 5 s)`;
  const where = { lives: ', this machine, running', gone: ', this machine, gone', unknown: '' }[process];
  const who =
    owner === undefined
      ? [['  held by', 'unknown: the file cannot be understood']]
      : [
          ['  command', owner.command],
          ['  process', `${owner.pid} on ${owner.host}${where}`],
          ...(owner.user === undefined ? [] : [['  user', owner.user]]),
          ['  since', owner.since],
        ];
  return [`${cluster}: the lock is held`, table([...who, ['  sign of life', life], ['  file', path]])].join(
    '\n',
  );
}

/** What follows for a lock whose process does not live on this machine. */
export function lockAdvice(seen: {
  readonly process: 'gone' | 'unknown';
  readonly freesItself: boolean;
}): string {
  if (seen.process === 'gone')
    return 'That process is gone. The next run takes the lock over by itself: it need not be removed.';
  if (seen.freesItself)
    return 'It gave no sign of life for 30 s. The next run takes the lock over by itself: it need not be removed.';
  return 'Whether that process still works cannot be seen from here. Look on its machine first: two runs at once could undo each other. A lock without a sign of life for 30 s is taken over by the next run by itself.';
}
