import type { Plan } from '../../plan/types.ts';
import type { Bar, Lane } from './lanes.ts';
import type { RunRecord, Span } from './record.ts';

/** What one host went through, in seconds. */
export interface HostTrack {
  readonly name: string;
  readonly bars: readonly Bar[];
}

/** The run as it was: a track for each host that did something, the cluster's lanes, seconds since it began. */
export function runLanes(
  plan: Plan,
  record: RunRecord,
): {
  readonly before: readonly Lane[];
  readonly tracks: readonly HostTrack[];
  readonly cluster: readonly Lane[];
} {
  const seconds = ({ stage, from, to, ending }: Span): Bar => ({
    stage,
    text: stage === 'healthy' ? 'until healthy' : stage,
    from: from / 1000,
    to: to / 1000,
    ending,
  });
  const tracks = plan.hosts.flatMap(({ name }) => {
    const spans = record.hosts.get(name) ?? [];
    return spans.length === 0 ? [] : [{ name, bars: spans.map(seconds) }];
  });
  const first = plan.issue.length > 0 ? 'certificates' : plan.membership.length > 0 ? 'etcd members' : '';
  const before: readonly Lane[] =
    first === '' || record.firstStageAt <= 0
      ? []
      : [
          {
            title: 'this machine',
            more: '',
            bars: [{ stage: 'before', text: first, from: 0, to: record.firstStageAt / 1000, ending: 'done' }],
          },
        ];
  const cluster = record.cluster.map((span) => ({
    title: 'Kubernetes API',
    more: '',
    bars: [seconds(span)],
  }));
  return { before, tracks, cluster };
}
