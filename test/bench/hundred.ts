import { availableParallelism, loadavg } from 'node:os';
import type { KbootEvent, KbootResult, Site, SiteHost } from '../lab/kboot.ts';
import { debianSite } from '../lab/three-hosts.ts';
import { keepFigures, lastFigures, ratioToLast } from './record.ts';
import { aligned } from './table.ts';

/** What one run cost. */
export interface Run {
  readonly what: string;
  readonly seconds: number;
  /** CPU seconds of kboot, and of all hosts together. */
  readonly cpu: number;
  readonly hosts: number;
  /** Bytes that left this machine. */
  readonly sent: number;
  /** Bytes of files that hosts sent to each other. */
  readonly between: number;
  readonly target?: string;
}

/**
 * `npm run bench -- hundred [HOSTS]`: that many lab hosts with systemd and sshd each, from fresh through stage runtime, and then
 * runs that have nothing to do. Needs what the lab needs, and about 80 MB of memory and 250 MB of disk for each host.
 */
export async function benchHundred(count: number): Promise<void> {
  const begun = performance.now();
  const hosts = onePlane(count);
  const site = await debianSite('hundred', hosts, { hosts });
  try {
    say(`${count} hosts booted in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    const runs = [
      await measured(site, 'up --until runtime, fresh hosts', 'up', true),
      await measured(site, 'up, nothing to do', 'up', false, '≤ 6 s of CPU'),
      await measured(site, 'the same again', 'up', false, '≤ 6 s of CPU'),
      await measured(site, 'up --deep, nothing to do', 'up', false, '', ['--deep']),
    ];
    show(runs, count);
  } finally {
    await site.close();
  }
}

/** A control plane and workers. */
export function onePlane(count: number): readonly SiteHost[] {
  return Array.from({ length: count }, (_, index) => {
    const isPlane = index === 0;
    return {
      name: isPlane ? 'cp-1' : `w-${index}`,
      roles: [isPlane ? 'control-plane' : 'worker'],
      address: `10.79.60.${index + 2}`,
    };
  });
}

/** Runs `kboot VERB` up to stage runtime. Throws if it fails, or changes something against `changes`. */
export async function measured(
  site: Site,
  what: string,
  verb: string,
  changes: boolean,
  target = '',
  args: readonly string[] = [],
): Promise<Run> {
  const begun = performance.now();
  const result = await site.kboot(verb, ['--until', 'runtime', '--yes', '-o', 'json', '--stats', ...args]);
  const seconds = (performance.now() - begun) / 1000;
  const { cpuSeconds, hosts } = statsOf(result, what);
  const steps = result.events.filter(({ type }) => type === 'done').length;
  if (result.exitCode !== 0 || steps > 0 !== changes)
    throw new Error(
      `${what}: exit ${String(result.exitCode)}, ${steps} steps\n${result.stderr.slice(-3000)}`,
    );
  const sum = (of: 'cpuSeconds' | 'bytesUp'): number => hosts.reduce((total, each) => total + each[of], 0);
  say(`${what}: ${seconds.toFixed(1)} s`);
  const files = result.events.find(({ type }) => type === 'files');
  const passed = (files?.['hosts'] ?? []) as readonly { readonly hosts: number }[];
  const between = passed.reduce((total, each) => total + each.hosts, 0);
  return { what, seconds, cpu: cpuSeconds, hosts: sum('cpuSeconds'), sent: sum('bytesUp'), between, target };
}

interface Stats {
  readonly cpuSeconds: number;
  readonly hosts: readonly { readonly cpuSeconds: number; readonly bytesUp: number }[];
}

function statsOf({ events, stdout, stderr }: KbootResult, what: string): Stats {
  const found = events.find(({ type }: KbootEvent) => type === 'stats');
  if (found === undefined) throw new Error(`${what}: no stats\n${stdout.slice(-3000)}${stderr.slice(-3000)}`);
  return found as unknown as Stats;
}

function show(runs: readonly Run[], count: number): void {
  const benchmark = `hundred ${count}`;
  const last = lastFigures(benchmark);
  const rows = runs.map(({ what, seconds, cpu, hosts, sent, target = '' }) => [
    what,
    seconds.toFixed(1),
    cpu.toFixed(1),
    ratioToLast(last, what, cpu),
    hosts.toFixed(1),
    (hosts / count).toFixed(2),
    (sent / 1e6).toFixed(1),
    target,
  ]);
  keepFigures(benchmark, Object.fromEntries(runs.map(({ what, cpu }) => [what, cpu])));
  const head = ['', 's', 'CPU s', 'of last run', 'CPU s of hosts', 'of each', 'MB sent', 'target'];
  say(
    `\n${aligned([head, ...rows], 7)}\n\n${availableParallelism()} cores, which the hosts share, load ${loadavg()[0]?.toFixed(1) ?? '?'}`,
  );
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
