import type { KbootEvent } from '../event-schema.ts';
import { cpuOfHosts, type RunStats } from '../stats-text.ts';
import { linksOf } from './chain.ts';

/** What a run cost, as data. */
export function statsEvent({ connections, events, timeline, cpuSeconds }: RunStats): KbootEvent {
  const hosts = cpuOfHosts(connections, events);
  const { total, links } = linksOf(timeline);
  return {
    ...{ type: 'stats', seconds: total, cpuSeconds },
    hosts: [...connections].map(([host, { reader }]) => {
      const { connections: count, execs, forwards, bytesUp, bytesDown } = reader.stats;
      return {
        ...{ host, connections: count, execs, forwards, bytesUp, bytesDown },
        cpuSeconds: hosts.get(host) ?? 0,
      };
    }),
    chain: links.map(({ what, phase, host, seconds, steps }) => ({
      ...{ what, seconds, steps },
      ...(phase !== undefined && { phase }),
      ...(host !== undefined && { host }),
    })),
  };
}
