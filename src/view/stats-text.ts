import type { ApplyEvent } from '../apply/events.ts';
import type { FileBytes } from '../apply/spread/file-bytes.ts';
import type { HostConnection } from '../transport/types.ts';
import { view } from './printable.ts';
import { table } from './table.ts';
import { chainText } from './timeline/chain-text.ts';
import type { Timeline } from './timeline/timeline.ts';

/** What a run cost. */
export interface RunStats {
  readonly connections: ReadonlyMap<string, HostConnection>;
  readonly events: readonly ApplyEvent[];
  readonly timeline: Timeline;
  /** CPU time of kboot itself, user and system. */
  readonly cpuSeconds: number;
}

/** A table of the costs of a run: connections, execs, bytes, CPU time and seconds per phase of each host; then its longest chain. */
export const statsText = view(composeStatsText);

function composeStatsText({ connections, events, timeline, cpuSeconds }: RunStats): string {
  const used = [...new Set(events.flatMap((event) => (event.type === 'task-done' ? [event.phase] : [])))];
  const rows = [['host', 'connections', 'execs', 'forwards', 'KiB up', 'KiB down', 'CPU s']];
  const times = [['seconds', ...used]];
  const hosts = cpuOfHosts(connections, events);
  for (const [name, { reader }] of connections) {
    const { connections: count, execs, forwards, bytesUp, bytesDown } = reader.stats;
    const seconds = used.map((phase) => {
      const done = events.find(
        (event) => event.type === 'task-done' && event.host === name && event.phase === phase,
      );
      return done?.type === 'task-done' ? done.seconds.toFixed(1) : '-';
    });
    times.push([name, ...seconds]);
    rows.push([
      ...[name, String(count), String(execs), String(forwards), kib(bytesUp), kib(bytesDown)],
      (hosts.get(name) ?? 0).toFixed(1),
    ]);
  }
  const scripts = [...hosts.values()].reduce((sum, each) => sum + each, 0);
  return [
    numbers(rows),
    // Apart, so that both fit into 80 columns.
    ...(used.length === 0 ? [] : [numbers(times)]),
    ...filesTable(events),
    `CPU time: kboot ${cpuSeconds.toFixed(1)} s, its scripts on hosts ${scripts.toFixed(1)} s`,
    ...(timeline.chain.length === 0 ? [] : [chainText(timeline)]),
  ].join('\n');
}

/** CPU seconds of kboot's scripts on each host, without sshd and sudo. */
export function cpuOfHosts(
  connections: ReadonlyMap<string, HostConnection>,
  events: readonly ApplyEvent[],
): ReadonlyMap<string, number> {
  const total = new Map([...connections].map(([name, { reader }]) => [name, reader.stats.cpuSeconds ?? 0]));
  for (const event of events)
    if (event.type === 'session') total.set(event.host, (total.get(event.host) ?? 0) + event.cpuSeconds);
  return total;
}

/** A table whose columns are numbers, except the first. */
function numbers(rows: readonly (readonly string[])[]): string {
  return table(rows, new Set([...(rows[0] ?? []).keys()].slice(1)));
}

/** Where files came from, if hosts passed them on. */
function filesTable(events: readonly ApplyEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type !== 'files') return [];
    const sum = (of: (each: FileBytes) => number): number =>
      event.hosts.reduce((all, each) => all + of(each), 0);
    const row = ({ host, operator, hosts, held }: FileBytes): string[] => [
      ...[host, kib(operator), kib(hosts), kib(held)],
    ];
    const total = {
      host: 'all',
      operator: sum(({ operator }) => operator),
      hosts: sum(({ hosts }) => hosts),
      held: sum(({ held }) => held),
    };
    return numbers([
      ['files of', 'KiB from this machine', 'KiB from hosts', 'KiB there before'],
      ...event.hosts.map(row),
      row(total),
    ]);
  });
}

const kib = (bytes: number): string => String(Math.round(bytes / 1024));
