import type { ApplyEvent } from '../apply/events.ts';
import type { HostConnection } from '../transport/types.ts';
import { table } from './table.ts';
import { view } from './printable.ts';

/** A table of the costs of a run: connections, execs, bytes and seconds per phase of each host. */
export const statsText = view(composeStatsText);

function composeStatsText(
  connections: ReadonlyMap<string, HostConnection>,
  events: readonly ApplyEvent[],
): string {
  const used = [...new Set(events.flatMap((event) => (event.type === 'task-done' ? [event.phase] : [])))];
  const rows = [
    ['host', 'connections', 'execs', 'forwards', 'KiB up', 'KiB down', ...used.map((phase) => `${phase} s`)],
  ];
  for (const [name, { reader }] of connections) {
    const { connections: count, execs, forwards, bytesUp, bytesDown } = reader.stats;
    const seconds = used.map((phase) => {
      const done = events.find(
        (event) => event.type === 'task-done' && event.host === name && event.phase === phase,
      );
      return done?.type === 'task-done' ? done.seconds.toFixed(1) : '-';
    });
    rows.push([
      name,
      String(count),
      String(execs),
      String(forwards),
      kib(bytesUp),
      kib(bytesDown),
      ...seconds,
    ]);
  }
  return table(rows, new Set([...(rows[0] ?? []).keys()].slice(1)));
}

const kib = (bytes: number): string => String(Math.round(bytes / 1024));
