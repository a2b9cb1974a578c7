import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, networkInterfaces, platform } from 'node:os';
import { systemCode } from './file-error.ts';

/** Tells one process from all others, on any machine. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The machine until its next boot, and the container on it, as far as they can be told apart. */
  readonly machine: string;
  /** When the process started, by the machine's own count: a PID is used again. Empty where it is not known. */
  readonly started: string;
}

/** The process that runs this. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, machine: thisMachine(), started: startOf(process.pid) ?? '' };
}

/** Whether a process runs; `unknown` for those of other machines, and of other containers on this one. */
export function processState({ pid, machine, started }: ProcessIdentity): 'lives' | 'gone' | 'unknown' {
  if (machine !== thisMachine()) return 'unknown';
  if (!isRunning(pid)) return 'gone';
  const now = startOf(pid);
  return started !== '' && now !== undefined && now !== started ? 'gone' : 'lives';
}

/** Whether a process of this machine has that PID, whoever runs it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return systemCode(cause) !== 'ESRCH';
  }
}

function thisMachine(): string {
  const linux = [
    tryTo(() => readFileSync('/etc/machine-id', 'utf8')),
    tryTo(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    tryTo(() => readlinkSync('/proc/self/ns/pid')),
  ];
  const cards = Object.values(networkInterfaces()).flatMap((each) => each?.map(({ mac }) => mac) ?? []);
  const known = platform() === 'linux' ? linux : [...new Set(cards)].sort();
  return createHash('sha256')
    .update(JSON.stringify([hostname(), ...known]))
    .digest('hex')
    .slice(0, 32);
}

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); the name before it is in parentheses, and may contain some. */
function startOf(pid: number): string | undefined {
  const text = tryTo(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

function tryTo<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
