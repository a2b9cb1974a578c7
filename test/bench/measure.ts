import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A measured process: the arguments of `node`. */
export type Argv = readonly string[];

/** The total costs of one run of a process, from fork to exit. */
export interface Cost {
  readonly wall: number;
  /** User and system time, which a busy machine affects least. */
  readonly cpu: number;
}

/** The environment of every measured process, without the operator's settings. */
function environment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home, NO_COLOR: '1', LC_ALL: 'C' };
}

/** Runs `node ARGV` under bash's `time`, in seconds. Throws if it fails. */
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
 * Costs of each process, `rounds` times. Every round runs each once, so that other load affects all of them
 * equally.
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

/** The peak memory of `node ARGV`; in a separate run, because measuring costs a little. */
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

/** The middle value, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
  const high = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  return (low + high) / 2;
}
