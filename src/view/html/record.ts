import type { ApplyEvent } from '../../apply/events.ts';
import { gatesOf, hostOf, stepsOf } from '../../plan/steps.ts';
import type { Gate, Phase, Location, Plan, Step } from '../../plan/types.ts';
import { placeOfGate, type Bar, type BarEnding } from './lanes.ts';

/** How a step or gate ended; `not-reached`: it was not started, `cut-off`: started, without an end event. */
export type Ending = 'done' | 'failed' | 'skipped' | 'cut-off' | 'not-reached';

export interface Outcome {
  readonly ending: Ending;
  readonly seconds?: number;
  /** Why it failed or was skipped. */
  readonly message?: string;
  /** Last lines of the output. */
  readonly detail?: string;
}

/** One phase at one location, or its gates, in milliseconds since apply began. */
export interface Span {
  readonly phase: Phase['id'];
  readonly stage: Bar['stage'];
  readonly from: number;
  readonly to: number;
  readonly ending: BarEnding;
}

export interface RunRecord {
  /** By id; every step and gate of the plan has one, and every rollback that was started. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly hosts: ReadonlyMap<string, readonly Span[]>;
  readonly operator: readonly Span[];
  readonly cluster: readonly Span[];
  readonly end: number;
}

type OpenSpan = { -readonly [Key in keyof Span]: Span[Key] };

type StepEvent = Extract<ApplyEvent, { type: 'start' | 'done' | 'failed' | 'skipped' }>;

/** Where a step or gate is drawn. */
interface Drawn {
  readonly phase: Phase;
  readonly on: Location;
  readonly stage: Span['stage'];
}

/** The results of a plan, from the events of its run. */
export function recordRun(plan: Plan, events: readonly ApplyEvent[]): RunRecord {
  const outcomes = new Map<string, Outcome>(
    [...stepsOf(plan), ...gatesOf(plan)].map(({ id }) => [id, { ending: 'not-reached' }]),
  );
  const drawn = drawnById(plan);
  const phases = new Map(plan.phases.map((phase) => [phase.id, phase]));
  const hosts = new Map<string, OpenSpan[]>();
  const operator: OpenSpan[] = [];
  const cluster: OpenSpan[] = [];
  const end = events.at(-1)?.at ?? 0;

  for (const event of events) {
    switch (event.type) {
      case 'task': {
        const stage = phases.get(event.phase)?.stage ?? 'host';
        spansOn({ host: event.host }).push({
          phase: event.phase,
          stage,
          from: event.at,
          to: end,
          ending: 'cut-off',
        });
        break;
      }
      case 'task-done':
        Object.assign(openTask(event.host) ?? {}, { to: event.at, ending: 'done' });
        break;
      case 'host-lost':
        Object.assign(openTask(event.host) ?? {}, { to: event.at, ending: 'failed' });
        break;
      case 'start':
      case 'done':
      case 'failed':
      case 'skipped':
        outcomes.set(event.step.id, outcomeOf(event));
        note(event);
        break;
      case 'waiting':
      case 'sending':
      case 'notice':
      case 'files':
      case 'span':
      case 'session':
        break;
    }
  }
  return { outcomes, hosts, operator, cluster, end };

  function spansOn(place: Location): OpenSpan[] {
    if (place === 'operator') return operator;
    if (place === 'cluster') return cluster;
    const spans = hosts.get(place.host) ?? [];
    hosts.set(place.host, spans);
    return spans;
  }

  /** A host has one task at a time. */
  function openTask(host: string): OpenSpan | undefined {
    return hosts.get(host)?.findLast(({ ending }) => ending === 'cut-off');
  }

  function note({ step, at, type }: StepEvent): void {
    const found = drawn.get(step.id);
    if (found === undefined || type === 'skipped') return;
    const { phase, on, stage } = found;
    const host = stage === 'healthy' ? undefined : hostOf(on);
    if (host !== undefined) {
      // Tasks on hosts have events of their own.
      if (type === 'failed') Object.assign(openTask(host) ?? {}, { to: at, ending: 'failed' });
      return;
    }
    const spans = spansOn(on);
    let span = spans.findLast((each) => each.phase === phase.id);
    if (span?.stage !== stage) {
      span = { phase: phase.id, stage, from: at, to: at, ending: 'done' };
      spans.push(span);
    }
    span.to = at;
    if (type === 'failed') span.ending = 'failed';
  }
}

function drawnById({ phases }: Plan): ReadonlyMap<string, Drawn> {
  const found = new Map<string, Drawn>();
  for (const phase of phases)
    for (const batch of phase.batches) {
      for (const { on, steps, rollback = [] } of batch.tasks)
        for (const { id } of [...steps, ...rollback]) found.set(id, { phase, on, stage: phase.stage });
      for (const gate of batch.gates)
        found.set(gate.id, { phase, on: placeOfGate(gate, batch), stage: 'healthy' });
    }
  return found;
}

function outcomeOf(event: StepEvent): Outcome {
  switch (event.type) {
    case 'start':
      return { ending: 'cut-off' };
    case 'done':
      return { ending: 'done', seconds: event.seconds };
    case 'failed':
      return { ending: 'failed', message: event.message, detail: event.detail };
    case 'skipped':
      return { ending: 'skipped', message: event.why };
  }
}

/** The number of steps or gates by how they ended. */
export function countEndings(
  record: RunRecord,
  items: readonly (Step | Gate)[],
): ReadonlyMap<Ending, number> {
  const counts = new Map<Ending, number>();
  for (const { id } of items) {
    const ending = record.outcomes.get(id)?.ending ?? 'not-reached';
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  return counts;
}
