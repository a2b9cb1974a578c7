import { debianSite } from '../lab/three-hosts.ts';
import { measured, onePlane, say, type Run } from './hundred.ts';
import { keepFigures, lastFigures, ratioToLast } from './record.ts';
import { aligned } from './table.ts';

/** What each host can send, and what it can receive. */
const bitsPerSecond = 10e6;
const few = 5;

/**
 * `npm run bench -- spread [HOSTS]`: fresh hosts through stage runtime with spec.artifacts.spread: hosts, five of them and that
 * many, each behind a wire of 10 Mbit/s. Needs what the lab needs.
 */
export async function benchSpread(count: number): Promise<void> {
  const [first, second] = [await spreadTo(few), await spreadTo(count)];
  const last = lastFigures('spread');
  const rows = [first, second].map(({ what, seconds, sent, between }) => [
    what,
    seconds.toFixed(1),
    `${(seconds / first.seconds).toFixed(2)} ×`,
    ratioToLast(last, what, seconds),
    (sent / 1e6).toFixed(1),
    `${(sent / first.sent).toFixed(2)} ×`,
    (between / 1e6).toFixed(1),
    what === first.what ? '' : '≤ 2 × the seconds of five hosts',
  ]);
  keepFigures('spread', Object.fromEntries([first, second].map(({ what, seconds }) => [what, seconds])));
  const head = ['', 's', 'of five', 'of last run', 'MB sent', 'of five', 'MB between hosts', 'target'];
  say(`\n${aligned([head, ...rows], 7)}\n\nEach host sends and receives ${bitsPerSecond / 1e6} Mbit/s.`);
}

async function spreadTo(count: number): Promise<Run> {
  const hosts = onePlane(count);
  const site = await debianSite('spread-bench', hosts, { hosts });
  try {
    await site.write('site', { spec: { artifacts: { spread: 'hosts' } } });
    await site.lab.limit(bitsPerSecond);
    return await measured(site, `${count} hosts`, 'up', true);
  } finally {
    await site.close();
  }
}
