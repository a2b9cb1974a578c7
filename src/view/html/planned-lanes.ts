import { hostOf, isSerial } from '../../plan/steps.ts';
import type { Phase, Location, Plan } from '../../plan/types.ts';
import { groupBy } from '../group.ts';
import { hostList } from '../host-list.ts';
import { barText, clusterTitle, operatorTitle, placeOfGate, type Bar, type Lane } from './lanes.ts';
import { stepCount } from './numbers.ts';

/** Steps of a task, or a gate, and when. */
interface Slot {
  readonly phase: Phase;
  readonly on: Location;
  readonly gate: boolean;
  /** `2 of 3` if hosts go one after another. */
  readonly turn: string;
  /** Number of steps or gates. */
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/**
 * When the tasks and gates of a plan run, in positions rather than seconds, by the rule of apply/run.ts: a task
 * starts when the earlier tasks of its host have ended, the batch before its own has passed, and its phase's `after`
 * holds. Every task takes one position, and so do all gates of a batch together.
 */
function schedule(phases: readonly Phase[]): readonly Slot[] {
  const phaseEnds = new Map<string, number>();
  const hostEnds = new Map<string, number>();
  return phases.flatMap((phase) => {
    let start = Math.max(0, ...phase.after.map((each) => phaseEnds.get(each.phase) ?? 0));
    const slots = phase.batches.flatMap((batch, index) => {
      const tasks = batch.tasks.map(({ on, steps }): Slot => {
        const host = hostOf(on);
        const from = host === undefined ? start : Math.max(start, hostEnds.get(host) ?? 0);
        if (host !== undefined) hostEnds.set(host, from + 1);
        const turn = host !== undefined && isSerial(phase) ? `${index + 1} of ${phase.batches.length}` : '';
        return { phase, on, gate: false, turn, count: steps.length, from, to: from + 1 };
      });
      start = Math.max(start, ...tasks.map(({ to }) => to));
      const gates = batch.gates.map((gate): Slot => {
        const on = placeOfGate(gate, batch);
        return { phase, on, gate: true, turn: '', count: 1, from: start, to: start + 1 };
      });
      if (gates.length > 0) start++;
      return [...tasks, ...gates];
    });
    phaseEnds.set(phase.id, start);
    return slots;
  });
}

/** The order of a plan. Hosts with equal bars share a lane. */
export function plannedLanes({ phases, hosts }: Plan): readonly Lane[] {
  const slots = schedule(phases);
  const barsAt = (place: Location): readonly Bar[] => barsOf(slots.filter(({ on }) => on === place));
  const byHost = new Map(
    groupBy(
      slots.filter(({ on }) => hostOf(on) !== undefined),
      ({ on }) => hostOf(on) ?? '',
    ).map((own) => [hostOf(own[0].on), barsOf(own)]),
  );
  const names = hosts.map(({ name }) => name);
  const unread = new Set(hosts.flatMap(({ name, state }) => (state === 'unreachable' ? [name] : [])));
  return [
    ...pack(operatorTitle, '', barsAt('operator')),
    ...groupBy(names, (name) => JSON.stringify([byHost.get(name), unread.has(name)])).flatMap((alike) => {
      const bars = byHost.get(alike[0]) ?? [];
      const words = [
        ...(alike.length > 1 ? [`${alike.length} hosts`] : []),
        ...(unread.has(alike[0]) ? ['could not be read'] : bars.length === 0 ? ['nothing to do'] : []),
      ];
      const title = hostList(alike, names);
      return bars.length === 0
        ? [{ title, more: words.join(', '), bars }]
        : pack(title, words.join(', '), bars);
    }),
    ...pack(clusterTitle, '', barsAt('cluster')),
  ];
}

/** The bars of one location: adjacent slots of one phase are one bar. */
function barsOf(slots: readonly Slot[]): readonly Bar[] {
  const joined: Slot[] = [];
  for (const slot of slots) {
    const last = joined.at(-1);
    if (last?.phase === slot.phase && last.gate === slot.gate && slot.from <= last.to)
      joined.splice(-1, 1, { ...last, to: slot.to, count: last.count + slot.count });
    else joined.push(slot);
  }
  return joined.map(({ phase, gate, turn, count, from, to }) => {
    const stage = gate ? 'healthy' : phase.stage;
    const words = gate ? `${count} to wait for` : turn === '' ? stepCount(count) : turn;
    return {
      stage,
      text: barText(stage, phase.id),
      more: words,
      from,
      to,
    };
  });
}

/** Bars of one location in as few lanes as possible without an overlap. */
function pack(title: string, more: string, bars: readonly Bar[]): Lane[] {
  const lanes: Bar[][] = [];
  for (const bar of bars) {
    const free = lanes.find((own) => (own.at(-1)?.to ?? 0) <= bar.from);
    if (free === undefined) lanes.push([bar]);
    else free.push(bar);
  }
  return lanes.map((own, index) => ({ title, more: index === 0 ? more : 'at the same time', bars: own }));
}
