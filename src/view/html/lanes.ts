import { stages, type Stage } from '../../model/stage.ts';
import type { Plan } from '../../plan/types.ts';
import { groupBy } from './group.ts';
import { hostList } from './host-list.ts';
import { count, stepCount } from './numbers.ts';
import type { RunRecord, Span } from './record.ts';
import type { Section } from './rows.ts';

/** A piece of work on a lane; `from` and `to` in the unit of its lanes. */
export interface Bar {
  readonly stage: Stage | 'before';
  readonly text: string;
  /** A second line below the text. */
  readonly more?: string;
  readonly from: number;
  readonly to: number;
  readonly ending?: Span['ending'];
}

/** What goes on in one place, one piece after the other. */
export interface Lane {
  readonly title: string;
  readonly more: string;
  readonly bars: readonly Bar[];
}

/**
 * The order in which a plan happens, in places rather than seconds. Hosts with equal work share a lane and do
 * not wait for others; the cluster's work of a stage begins when its owners have gone through that stage.
 */
export function plannedLanes(plan: Plan, sections: readonly Section[]): readonly Lane[] {
  const before = [
    ...(plan.issue.length > 0
      ? [{ text: 'certificates', more: `${count(plan.issue.length)} to issue` }]
      : []),
    ...(plan.membership.length > 0
      ? [{ text: 'etcd members', more: stepCount(plan.membership.length) }]
      : []),
  ];
  const start = before.length;
  const names = plan.hosts.map(({ name }) => name);
  const work = workOf(sections);
  const groups = groupBy(names, (name) => JSON.stringify(work.get(name) ?? []));
  const ends = new Map<string, Map<Stage, number>>();
  const lanes = groups.map((hosts): Lane => {
    const own = work.get(hosts[0]) ?? [];
    const ended = new Map<Stage, number>();
    own.forEach(({ stage }, index) => ended.set(stage, start + index + 1));
    for (const host of hosts) ends.set(host, ended);
    return {
      title: hostList(hosts, names),
      more: laneWords(plan, hosts, own.length),
      bars: own.map(({ stage, steps }, index) => ({
        stage,
        text: stage,
        more: stepCount(steps),
        from: start + index,
        to: start + index + 1,
      })),
    };
  });
  return [
    ...(before.length === 0
      ? []
      : [
          {
            title: 'this machine',
            more: 'before anything else',
            bars: before.map((words, index) => ({
              stage: 'before' as const,
              ...words,
              from: index,
              to: index + 1,
            })),
          },
        ]),
    ...lanes,
    ...clusterLanes(plan, sections, start, ends),
  ];
}

function laneWords(plan: Plan, hosts: readonly string[], stageCount: number): string {
  const unread = plan.hosts.filter(
    ({ name, state }) => hosts.includes(name) && state === 'unreachable',
  ).length;
  const many = hosts.length > 1 ? `${hosts.length} hosts` : '';
  const nothing = unread === hosts.length ? 'could not be read' : stageCount === 0 ? 'nothing to do' : '';
  return [many, nothing].filter((word) => word !== '').join(', ');
}

interface Work {
  readonly stage: Stage;
  readonly steps: number;
  /** Ids of its rows: equal for hosts with equal work. */
  readonly rows: readonly string[];
}

function workOf(sections: readonly Section[]): ReadonlyMap<string, readonly Work[]> {
  const result = new Map<string, Work[]>();
  for (const { side, stage, rows } of sections) {
    if (side !== 'hosts' || stage === undefined) continue;
    const here = new Map<string, { steps: number; rows: string[] }>();
    for (const row of rows.flatMap((each) => (each.parts.length > 0 ? each.parts : [each])))
      for (const host of row.hosts) {
        const work = here.get(host) ?? { steps: 0, rows: [] };
        work.steps++;
        work.rows.push(row.id);
        here.set(host, work);
      }
    for (const [host, work] of here) result.set(host, [...(result.get(host) ?? []), { stage, ...work }]);
  }
  return result;
}

function clusterLanes(
  plan: Plan,
  sections: readonly Section[],
  start: number,
  ends: ReadonlyMap<string, ReadonlyMap<Stage, number>>,
): Lane[] {
  const owners = (stage: Stage): readonly string[] => {
    const with_ = (role: string): string[] =>
      plan.hosts.filter(({ roles }) => roles.includes(role)).map(({ name }) => name);
    return stage === 'etcd' && with_('etcd').length > 0 ? with_('etcd') : with_('control-plane');
  };
  const passed = (hosts: readonly string[], stage: Stage): number =>
    Math.max(
      start,
      ...hosts.flatMap((host) =>
        [...(ends.get(host) ?? [])]
          .filter(([of]) => stages.indexOf(of) <= stages.indexOf(stage))
          .map(([, end]) => end),
      ),
    );
  const lanes: Lane[] = [];
  let before = start;
  for (const { side, stage, rows } of sections) {
    if (side !== 'cluster' || stage === undefined) continue;
    const from = Math.max(before, passed(owners(stage), stage));
    const steps = rows.reduce((sum, row) => sum + row.steps.length, 0);
    // The waits of this stage end when the last node is there.
    const to = stage === 'node' ? Math.max(from + 1, passed([...ends.keys()], stage)) : from + 1;
    const bar: Bar = { stage, text: stage, more: stepCount(steps), from, to };
    const together = stage === 'node' || stage === 'addon';
    const last = lanes.at(-1);
    if (!together) before = to;
    if (last !== undefined && (last.bars.at(-1)?.to ?? 0) <= from)
      lanes.splice(-1, 1, { ...last, bars: [...last.bars, bar] });
    else
      lanes.push({
        title: 'Kubernetes API',
        more: lanes.length === 0 ? '' : 'at the same time',
        bars: [bar],
      });
  }
  return lanes;
}

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
    text: stage,
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
