import { itemsAt, numberAt, textAt } from './json.ts';

/** The last events of a list, warnings before others: `Warning BackOff, 12 times, last at 10:00:03Z: …`. */
export function eventLines(list: unknown, count: number): string[] {
  const events = itemsAt(list, 'items')
    .map((event) => ({
      warning: textAt(event, 'type') === 'Warning',
      reason: textAt(event, 'reason') || '(no reason)',
      message: textAt(event, 'message'),
      times: Math.max(numberAt(event, 'count'), numberAt(event, 'series', 'count')),
      when:
        textAt(event, 'series', 'lastObservedTime') ||
        textAt(event, 'lastTimestamp') ||
        textAt(event, 'eventTime') ||
        textAt(event, 'metadata', 'creationTimestamp'),
    }))
    .toSorted((one, other) => (one.when < other.when ? -1 : one.when > other.when ? 1 : 0));
  const warnings = events.filter(({ warning }) => warning);
  return (warnings.length > 0 ? warnings : events)
    .slice(-count)
    .map(({ warning, reason, message, times, when }) => {
      const often = times > 1 ? `, ${times} times` : '';
      const last = when === '' ? '' : `, ${often === '' ? '' : 'last '}at ${when.slice(0, 40)}`;
      return `${warning ? 'Warning' : 'Normal'} ${reason}${often}${last}: ${message}`;
    });
}
