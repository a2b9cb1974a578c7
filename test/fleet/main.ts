import { groupBy } from '../../src/view/group.ts';
import { fleetOf } from './cluster-of.ts';
import type { FleetHost } from './fleet.ts';

/*
 * `tsx test/fleet/main.ts COUNT FILE`: serves a fleet of hosts with its etcd and API in this process, writes its inventory into
 * FILE, and then takes lines from stdin, and answers each with one: `dead|slow|fails|well [NAME…]` changes these hosts, or all;
 * `installed [NAME…]` makes them what they are to be, with their Nodes, and `new [NAME…]` fresh; `forget` sets counts to zero;
 * `counts` prints what hosts and the API were asked; `usage` the CPU seconds of this process. Ends with its stdin.
 */
const [count = '100', file = ''] = process.argv.slice(2);
const fleet = await fleetOf(Number(count), file);
process.stdout.write('ready\n');

const changes: Readonly<Record<string, Partial<FleetHost>>> = {
  slow: { delayMs: 2000 },
  fails: { fails: true },
  well: { delayMs: 0, fails: false },
};
let text = '';
process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
  text += chunk;
  const lines = text.split('\n');
  text = lines.pop() ?? '';
  for (const line of lines) process.stdout.write(`${command(line.split(' '))}\n`);
});
process.stdin.on('end', () => process.exit());

function command([verb = '', ...names]: readonly string[]): string {
  const all = names.length === 0 ? [...fleet.hosts.keys()] : names;
  if (verb === 'installed' || verb === 'new') {
    if (names.length > 0) fleet.setInstalled(names, verb === 'installed');
    else if (verb === 'new') fleet.empty();
    else fleet.fill();
  }
  if (verb === 'dead' || verb === 'well') fleet.setDead(all, verb === 'dead');
  for (const name of verb in changes ? all : []) Object.assign(fleet.hosts.get(name) ?? {}, changes[verb]);
  if (verb === 'forget') fleet.forget();
  if (verb === 'counts') return counts();
  if (verb === 'usage') {
    const { user, system } = process.cpuUsage();
    return String((user + system) / 1e6);
  }
  return 'ok';
}

function counts(): string {
  const hosts = [...fleet.hosts.values()];
  const tally = (of: 'connections' | 'execs' | 'sessions' | 'locks' | 'steps'): string =>
    `${of}: ${groupBy(hosts, (host) => String(host[of]))
      .map((same) => `${same.length} hosts ${same[0][of]}`)
      .join(', ')}`;
  const asked = (['connections', 'execs', 'sessions', 'locks', 'steps'] as const).map(tally);
  return `${asked.join('; ')}; API: ${fleet.api.requests.length} requests`;
}
