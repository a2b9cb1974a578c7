import type { Plan } from '../../plan/types.ts';
import { groupBy } from '../group.ts';
import { barText, clusterTitle, operatorTitle, type Bar, type Lane } from './lanes.ts';
import type { RunRecord, Span } from './record.ts';

/** The phases of one host, in seconds. */
export interface HostTrack {
  readonly name: string;
  readonly bars: readonly Bar[];
}

/** The run, in seconds since it began: a track for each host with work, a lane for each phase elsewhere. */
export function runLanes(
  plan: Plan,
  { hosts, operator, cluster }: RunRecord,
): {
  readonly operator: readonly Lane[];
  readonly tracks: readonly HostTrack[];
  readonly cluster: readonly Lane[];
} {
  const perPhase = (title: string, spans: readonly Span[]): Lane[] =>
    groupBy(spans, ({ phase }) => phase).map((own) => ({
      title,
      more: own[0].phase,
      bars: own.map(barOf),
    }));
  return {
    operator: perPhase(operatorTitle, operator),
    tracks: plan.hosts.flatMap(({ name }) => {
      const spans = hosts.get(name) ?? [];
      return spans.length === 0 ? [] : [{ name, bars: spans.map(barOf) }];
    }),
    cluster: perPhase(clusterTitle, cluster),
  };
}

function barOf({ phase, stage, from, to, ending }: Span): Bar {
  return { stage, text: barText(stage, phase), from: from / 1000, to: to / 1000, ending };
}
