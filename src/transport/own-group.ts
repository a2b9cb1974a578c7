import { $ } from 'zx/core';

/** zx without its own shell prefix, output and exceptions; its own process group, so that all of it can be ended. */
export const ownGroup = $({
  prefix: '',
  postfix: '',
  quiet: true,
  nothrow: true,
  detached: true,
  stdio: 'pipe',
});

/** Ends a process group. One that sudo started as root cannot be signalled; it sees its stdin end. */
export function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // ended already, or root's
  }
}
