import type { Site } from '../lab/kboot.ts';
import { debianSite } from '../lab/three-hosts.ts';
import { onePlane, statsOf } from './hundred.ts';
import { keepFigures, lastFigures, ratioToLast } from './record.ts';
import { aligned } from './table.ts';

/** What each host can send, and what it can receive. */
const bitsPerSecond = 10e6;
const few = 5;

interface Run {
  readonly hosts: number;
  readonly seconds: number;
  /** All bytes that left this machine, scripts included. */
  readonly sent: number;
  /** Bytes of files, from host to host. */
  readonly between: number;
}

/**
 * `npm run bench -- spread [HOSTS]`: fresh hosts through stage runtime with spec.artifacts.spread: hosts, five of them and that
 * many, each behind a wire of 10 Mbit/s. Needs what the lab needs.
 */
export async function benchSpread(count: number): Promise<void> {
  const [first, second] = [await measured(few), await measured(count)];
  const last = lastFigures('spread');
  const rows = [first, second].map(({ hosts, seconds, sent, between }) => [
    `${hosts} hosts`,
    seconds.toFixed(1),
    `${(seconds / first.seconds).toFixed(2)} ×`,
    ratioToLast(last, String(hosts), seconds),
    (sent / 1e6).toFixed(1),
    `${(sent / first.sent).toFixed(2)} ×`,
    (between / 1e6).toFixed(1),
    hosts === few ? '' : '≤ 2 × the seconds of five hosts',
  ]);
  keepFigures('spread', Object.fromEntries([first, second].map(({ hosts, seconds }) => [hosts, seconds])));
  const head = ['', 's', 'of five', 'of last run', 'MB sent', 'of five', 'MB between hosts', 'target'];
  say(`\n${aligned([head, ...rows], 7)}\n\nEach host sends and receives ${bitsPerSecond / 1e6} Mbit/s.`);
}

async function measured(count: number): Promise<Run> {
  const hosts = onePlane(count);
  const site = await debianSite('spread-bench', hosts, { hosts });
  try {
    await site.write('site', { spec: { artifacts: { spread: 'hosts' } } });
    await site.lab.limit(bitsPerSecond);
    return await run(site, count);
  } finally {
    await site.close();
  }
}

async function run(site: Site, count: number): Promise<Run> {
  const begun = performance.now();
  const result = await site.kboot('up', ['--until', 'runtime', '--yes', '-o', 'json', '--stats']);
  const seconds = (performance.now() - begun) / 1000;
  const what = `up of ${count} hosts`;
  if (result.exitCode !== 0)
    throw new Error(`${what}: exit ${String(result.exitCode)}\n${result.stderr.slice(-3000)}`);
  say(`${what}: ${seconds.toFixed(1)} s`);
  const files = result.events.find(({ type }) => type === 'files');
  const passed = (files?.['hosts'] ?? []) as readonly { readonly hosts: number }[];
  return {
    hosts: count,
    seconds,
    sent: statsOf(result, what).hosts.reduce((sum, { bytesUp }) => sum + bytesUp, 0),
    between: passed.reduce((sum, each) => sum + each.hosts, 0),
  };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
