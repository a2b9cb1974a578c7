import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A process that is measured: what follows `node`. */
export type Argv = readonly string[];

/** What one process used, from its own start to its end. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly maxRssMiB: number;
}

/** The environment of every measured process: nothing of the operator's takes part. */
function environment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home, NO_COLOR: '1' };
}

/** Runs `node ARGV` to its end; seconds of wall time. Throws when it fails. */
function seconds(argv: Argv, home: string): number {
  const begun = performance.now();
  const { status, stderr } = spawnSync(process.execPath, argv, {
    env: environment(home),
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const took = (performance.now() - begun) / 1000;
  if (status !== 0) throw new Error(`node ${argv.join(' ')}\nended with ${String(status)}: ${stderr}`);
  return took;
}

/**
 * Wall seconds of each process, `rounds` times. Every round runs each once, so that what else the machine does
 * falls on all alike.
 */
export function sideBySide(
  processes: Readonly<Record<string, Argv>>,
  rounds: number,
  home: string,
): ReadonlyMap<string, readonly number[]> {
  const names = Object.keys(processes);
  const taken = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++)
    for (const [name, argv] of Object.entries(processes)) taken.get(name)?.push(seconds(argv, home));
  return taken;
}

/** CPU time and greatest memory of one run of its own: asking costs a little of what is asked for. */
export function usage(argv: Argv, home: string): Usage {
  const tell = join(home, 'usage.cjs');
  const told = join(home, 'usage.json');
  writeFileSync(
    tell,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(told)}, JSON.stringify(process.resourceUsage())));`,
  );
  seconds(['--require', tell, ...argv], home);
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(
    readFileSync(told, 'utf8'),
  ) as NodeJS.ResourceUsage;
  return { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, maxRssMiB: maxRSS / 1024 };
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
  const high = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  return (low + high) / 2;
}
