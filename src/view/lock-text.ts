import type { Holder } from '../apply/lock/holder.ts';
import type { FoundLock } from '../store/lock.ts';
import { table } from './table.ts';
import { paragraph } from './paragraph.ts';
import { view } from './printable.ts';

/** The holder of a cluster's lock, one row each: command, process, since when, last heartbeat. */
export const lockText = view(composeLockText);

function composeLockText(
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
export const lockAdvice = view((seen: Parameters<typeof adviceFor>[0], width: number) =>
  paragraph(adviceFor(seen), width),
);

function adviceFor(seen: { readonly process: 'gone' | 'unknown'; readonly freesItself: boolean }): string {
  if (seen.process === 'gone')
    return 'That process is gone. The next run takes over the lock by itself; you do not have to remove it.';
  if (seen.freesItself)
    return 'It has sent no heartbeat for 30 s. The next run takes over the lock by itself; you do not have to remove it.';
  return 'Whether that process is still running cannot be determined from here. Check its machine first: two concurrent runs could undo each other. The next run takes over a lock by itself after 30 s without a heartbeat.';
}

/** The holder of the lock that is on the cluster's hosts and in its API, one row each. */
export const clusterLockText = view(composeClusterLockText);

function composeClusterLockText(
  cluster: string,
  { holder, hosts, lease, ageMs }: ClusterLockSeen,
  process: 'lives' | 'gone' | 'unknown',
): string {
  const life = ageMs === undefined ? 'unknown' : `${Math.round(ageMs / 1000)} s ago (sent every 5 s)`;
  const where = { lives: ', running', gone: ', this machine, gone', unknown: '' }[process];
  const who =
    holder === undefined
      ? [['  held by', 'unknown: it does not say who it is']]
      : [
          ['  command', holder.command],
          ['  process', `${holder.pid} on ${holder.host}${where}`],
          ['  user', holder.user],
          ['  since', holder.since],
        ];
  const on = [...hosts, ...(lease ? ['Lease kube-system/kboot'] : [])].join(', ');
  return [
    `${cluster}: the lock of the cluster is held`,
    table([...who, ['  heartbeat', life], ['  on', on]]),
  ].join('\n');
}

interface ClusterLockSeen {
  readonly holder: Holder | undefined;
  readonly hosts: readonly string[];
  readonly lease: boolean;
  readonly ageMs: number | undefined;
}
