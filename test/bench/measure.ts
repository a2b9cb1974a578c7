import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A process that is measured: what follows `node`. */
export type Argv = readonly string[];

/** What one run of a process cost, all of it: from fork to exit. */
export interface Cost {
  readonly wall: number;
  /** User and system time: what a busy machine changes least. */
  readonly cpu: number;
}

/** The environment of every measured process: nothing of the operator's takes part. */
function environment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home, NO_COLOR: '1', LC_ALL: 'C' };
}

/** Runs `node ARGV` under bash's `time`, in seconds. Throws when it fails. */
function cost(argv: Argv, home: string): Cost {
  const timed = 'TIMEFORMAT="@%3U %3S %3R"; time "$0" "$@"';
  const { status, stderr } = spawnSync('bash', ['-c', timed, process.execPath, ...argv], {
    env: environment(home),
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const [, user, system, wall] = /@([\d.]+) ([\d.]+) ([\d.]+)\n$/.exec(stderr) ?? [];
  if (status !== 0 || wall === undefined)
    throw new Error(`node ${argv.join(' ')}\nended with ${String(status)}: ${stderr}`);
  return { wall: Number(wall), cpu: Number(user) + Number(system) };
}

/**
 * Costs of each process, `rounds` times. Every round runs each once, so that what else the machine does falls on
 * all alike.
 */
export function sideBySide(
  processes: Readonly<Record<string, Argv>>,
  rounds: number,
  home: string,
): ReadonlyMap<string, readonly Cost[]> {
  const taken = new Map(Object.keys(processes).map((name) => [name, [] as Cost[]]));
  for (let round = 0; round < rounds; round++)
    for (const [name, argv] of Object.entries(processes)) taken.get(name)?.push(cost(argv, home));
  return taken;
}

/** The most memory that `node ARGV` held at a time; a run of its own, since asking costs a little. */
export function maxRssMiB(argv: Argv, home: string): number {
  const tell = join(home, 'usage.cjs');
  const told = join(home, 'usage');
  writeFileSync(
    tell,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(told)}, String(process.resourceUsage().maxRSS)));`,
  );
  cost(['--require', tell, ...argv], home);
  return Number(readFileSync(told, 'utf8')) / 1024;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
  const high = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  return (low + high) / 2;
}
