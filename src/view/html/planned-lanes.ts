import { stages, type Stage } from '../../model/stage.ts';
import type { Plan } from '../../plan/types.ts';
import { groupBy } from '../group.ts';
import { hostList } from '../host-list.ts';
import type { Bar, Lane } from './lanes.ts';
import { count, stepCount } from './numbers.ts';
import type { Section } from './rows.ts';

/**
 * The order in which a plan happens, in places rather than seconds. Hosts with equal work share a lane and do
 * not wait for others; the cluster's work of a stage begins when its owners have gone through that stage.
 */
export function plannedLanes(plan: Plan, sections: readonly Section[]): readonly Lane[] {
  const before = [
    ...(plan.issue.length > 0
      ? [{ text: 'certificates', more: `${count(plan.issue.length)} to issue` }]
      : []),
    ...(plan.membership.length > 0 ? [{ text: 'members', more: stepCount(plan.membership.length) }] : []),
  ];
  const start = before.length;
  const names = plan.hosts.map(({ name }) => name);
  const work = workOf(sections);
  const bars = hostBars(plan, work, start);
  const key = (name: string): string => JSON.stringify([work.get(name) ?? [], bars.get(name) ?? []]);
  const lanes = groupBy(names, key).map((hosts): Lane => {
    const own = bars.get(hosts[0]) ?? [];
    return { title: hostList(hosts, names), more: laneWords(plan, hosts, own.length), bars: own };
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
    ...clusterLanes(plan, sections, start, bars),
  ];
}

/** What each host does, in order; hosts of the roll wait for the one before to be healthy again. */
function hostBars(
  plan: Plan,
  work: ReadonlyMap<string, readonly Work[]>,
  start: number,
): ReadonlyMap<string, readonly Bar[]> {
  const bar = ({ stage, steps }: Work, from: number): Bar => ({
    stage,
    text: stage,
    more: stepCount(steps),
    from,
    to: from + 1,
  });
  const result = new Map<string, Bar[]>();
  for (const [host, own] of work)
    result.set(
      host,
      own.map((each, index) => bar(each, start + index)),
    );
  let free = start;
  for (const { host, from, waits } of plan.roll) {
    const own = work.get(host) ?? [];
    const early = own.filter(({ stage }) => stages.indexOf(stage) < stages.indexOf(from));
    const begin = Math.max(free, start + early.length);
    const late = own.slice(early.length);
    free = begin + late.length + (waits.length > 0 ? 1 : 0);
    result.set(host, [
      ...early.map((each, index) => bar(each, start + index)),
      ...late.map((each, index) => bar(each, begin + index)),
      ...(waits.length > 0
        ? [
            {
              stage: 'healthy' as const,
              text: 'until healthy',
              more: `${waits.length} waits`,
              from: free - 1,
              to: free,
            },
          ]
        : []),
    ]);
  }
  return result;
}

function laneWords(plan: Plan, hosts: readonly string[], stageCount: number): string {
  const unread = plan.hosts.filter(
    ({ name, state }) => hosts.includes(name) && state === 'unreachable',
  ).length;
  const turn = plan.roll.findIndex(({ host }) => host === hosts[0]);
  const turns = turn < 0 ? '' : `turn ${turn + 1} of ${plan.roll.length}`;
  const many = hosts.length > 1 ? `${hosts.length} hosts` : '';
  const nothing = unread === hosts.length ? 'could not be read' : stageCount === 0 ? 'nothing to do' : '';
  return [many, turns, nothing].filter((word) => word !== '').join(', ');
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
  bars: ReadonlyMap<string, readonly Bar[]>,
): Lane[] {
  const owners = (stage: Stage): readonly string[] => {
    const with_ = (role: string): string[] =>
      plan.hosts.filter(({ roles }) => roles.includes(role)).map(({ name }) => name);
    return stage === 'etcd' && with_('etcd').length > 0 ? with_('etcd') : with_('control-plane');
  };
  const rolled = new Map(plan.roll.map(({ host, from }) => [host, from]));
  /** When a host has come through a stage; one of the roll has once it is healthy again. */
  const through = (host: string, stage: Stage): number => {
    const from = rolled.get(host);
    const whole = from !== undefined && stages.indexOf(from) <= stages.indexOf(stage);
    const own = (bars.get(host) ?? []).filter(
      (bar) =>
        whole || stages.some((each) => each === bar.stage && stages.indexOf(each) <= stages.indexOf(stage)),
    );
    return Math.max(start, ...own.map(({ to }) => to));
  };
  const passed = (hosts: readonly string[], stage: Stage): number =>
    Math.max(start, ...hosts.map((host) => through(host, stage)));
  const lanes: Lane[] = [];
  let before = start;
  for (const { side, stage, rows } of sections) {
    if (side !== 'cluster' || stage === undefined) continue;
    const from = Math.max(before, passed(owners(stage), stage));
    const steps = rows.reduce((sum, row) => sum + row.steps.length, 0);
    // The waits of this stage end when the last node is there.
    const to = stage === 'node' ? Math.max(from + 1, passed([...bars.keys()], stage)) : from + 1;
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
