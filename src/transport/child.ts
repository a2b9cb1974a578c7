import { $, type Options, type Shell } from 'zx/core';

/**
 * The only place where kboot starts a program on this machine (test/architecture.test.ts). `environment` is set in
 * addition to this process's own, of which the program gets no variable of kboot: passwords and passphrases are in some.
 */
export function child(options: ChildOptions, environment: Readonly<Record<string, string>> = {}): Shell {
  return $({
    prefix: '',
    postfix: '',
    quiet: true,
    nothrow: true,
    ...options,
    env: { ...ownEnvironment(), ...environment },
  });
}

/** In its own process group, so that the whole group can be ended. */
export function ownGroup(options: ChildOptions, environment?: Readonly<Record<string, string>>): Shell {
  return child({ ...options, detached: true }, environment);
}

type ChildOptions = Partial<Pick<Options, 'cwd' | 'stdio' | 'timeout' | 'detached' | 'input'>>;

function ownEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^KBOOT_/i.test(name)));
}

/** Ends a process group. A group that sudo started as root cannot be signalled; it gets EOF on its stdin. */
export function endGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // already ended, or owned by root
  }
}
