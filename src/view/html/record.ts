import type { ApplyEvent } from '../../apply/events.ts';
import type { Stage } from '../../model/stage.ts';
import { stepsOf, type Plan, type Step } from '../../plan/types.ts';

/** How a step of the plan ended; `not-reached`: nobody began it, `cut-off`: begun, and its end was not seen. */
export type Ending = 'done' | 'failed' | 'skipped' | 'cut-off' | 'not-reached';

export interface Outcome {
  readonly ending: Ending;
  readonly seconds?: number;
  /** Why it failed or was skipped. */
  readonly message?: string;
  /** Last lines of what was said. */
  readonly detail?: string;
}

/** One stage on one host, or of the cluster, in milliseconds since apply began. */
export interface Span {
  readonly stage: Stage;
  readonly from: number;
  readonly to: number;
  readonly ending: 'done' | 'failed' | 'cut-off';
}

export interface RunRecord {
  /** By step id; every step of the plan has one. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly hosts: ReadonlyMap<string, readonly Span[]>;
  readonly cluster: readonly Span[];
  /** Before the first stage: issuing certificates, changes of etcd's membership. */
  readonly firstStageAt: number;
  readonly end: number;
}

type OpenSpan = { -readonly [Key in keyof Span]: Span[Key] };

/** What happened to a plan, from the events of its run. */
export function recordRun(plan: Plan, events: readonly ApplyEvent[]): RunRecord {
  const outcomes = new Map<string, Outcome>(
    stepsOf(plan).map((step) => [step.id, { ending: 'not-reached' }]),
  );
  const hosts = new Map<string, OpenSpan[]>();
  const cluster = new Map<Stage, OpenSpan>();
  const membership = new Set(plan.membership.map((step) => step.id));
  const end = events.at(-1)?.at ?? 0;

  for (const event of events) {
    switch (event.type) {
      case 'stage': {
        const spans = hosts.get(event.host) ?? [];
        spans.push({ stage: event.stage, from: event.at, to: end, ending: 'cut-off' });
        hosts.set(event.host, spans);
        break;
      }
      case 'stage-done':
        Object.assign(hosts.get(event.host)?.at(-1) ?? {}, { to: event.at, ending: 'done' });
        break;
      case 'host-lost':
        endFailed(hosts.get(event.host)?.at(-1), event.at);
        break;
      case 'start':
      case 'done':
      case 'failed':
      case 'skipped':
        outcomes.set(event.step.id, outcomeOf(event));
        note(event);
        break;
      case 'waiting':
      case 'issued':
        break;
    }
  }
  const firstStageAt = Math.min(
    end,
    ...[...hosts.values()].flatMap((spans) => spans[0]?.from ?? []),
    ...[...cluster.values()].map((span) => span.from),
  );
  return { outcomes, hosts, cluster: [...cluster.values()], firstStageAt, end };

  function note(event: StepEvent): void {
    const { step, at, type } = event;
    if (step.type === 'host' || step.type === 'etcd') {
      if (type === 'failed' && !membership.has(step.id)) endFailed(hosts.get(step.host)?.at(-1), at);
      return;
    }
    if (type === 'skipped') return;
    const span = cluster.get(step.stage);
    if (span === undefined) {
      cluster.set(step.stage, { stage: step.stage, from: at, to: at, ending: 'done' });
      return;
    }
    span.to = at;
    if (type === 'failed') span.ending = 'failed';
  }
}

type StepEvent = Extract<ApplyEvent, { type: 'start' | 'done' | 'failed' | 'skipped' }>;

function endFailed(span: OpenSpan | undefined, at: number): void {
  if (span === undefined || span.ending === 'done') return;
  span.ending = 'failed';
  span.to = at;
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

/** How many of some steps ended in which way. */
export function countEndings(record: RunRecord, steps: readonly Step[]): ReadonlyMap<Ending, number> {
  const counts = new Map<Ending, number>();
  for (const { id } of steps) {
    const ending = record.outcomes.get(id)?.ending ?? 'not-reached';
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  return counts;
}
