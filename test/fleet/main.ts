import { groupBy } from '../../src/view/group.ts';
import { fleetOf } from './cluster-of.ts';
import type { FleetHost } from './fleet.ts';

/*
 * `tsx test/fleet/main.ts COUNT FILE`: serves a fleet of hosts in this process, writes its inventory into FILE, and then takes
 * lines from stdin: `dead|slow|fails|well|new|installed [NAME…]` changes these hosts, or all, `forget` sets counts to zero,
 * `counts` prints what hosts were asked. Ends with its stdin.
 */
const [count = '100', file = ''] = process.argv.slice(2);
const fleet = await fleetOf(Number(count), file);
process.stdout.write('ready\n');

const changes: Readonly<Record<string, Partial<FleetHost>>> = {
  dead: { dead: true },
  slow: { delayMs: 2000 },
  fails: { fails: true },
  well: { dead: false, delayMs: 0, fails: false },
  new: { installed: false },
  installed: { installed: true },
};
let text = '';
process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
  text += chunk;
  const lines = text.split('\n');
  text = lines.pop() ?? '';
  for (const line of lines) command(line.split(' '));
});
process.stdin.on('end', () => process.exit());

function command([verb = '', ...names]: readonly string[]): void {
  const change = changes[verb];
  for (const name of change === undefined ? [] : names.length === 0 ? fleet.hosts.keys() : names)
    Object.assign(fleet.hosts.get(name) ?? {}, change);
  if (verb === 'forget') fleet.forget();
  if (verb === 'counts') {
    const hosts = [...fleet.hosts.values()];
    const tally = (value: (host: FleetHost) => number): string =>
      groupBy(hosts, (host) => String(value(host)))
        .map((all) => `${all.length} hosts ${value(all[0])}`)
        .join(', ');
    process.stdout.write(
      `connections: ${tally(({ connections }) => connections)}; execs: ${tally(({ execs }) => execs)}; steps: ${tally(({ steps }) => steps)}\n`,
    );
  } else process.stdout.write('ok\n');
}
