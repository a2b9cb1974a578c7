import { $ } from 'zx/core';

/** zx without its shell prefix, output and exceptions; in its own process group, so that the whole group can be ended. */
export const ownGroup = $({
  prefix: '',
  postfix: '',
  quiet: true,
  nothrow: true,
  detached: true,
  stdio: 'pipe',
});

/** Ends a process group. A group that sudo started as root cannot be signalled; it gets EOF on its stdin. */
export function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // already ended, or owned by root
  }
}
