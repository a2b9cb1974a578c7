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
  /** `healthy`: the host is waited for, before the next one's turn. */
  readonly stage: Stage | 'healthy';
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
  const turns = new Map(plan.roll.flatMap(({ host, waits }) => waits.map((step) => [step.id, host])));
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
    if (membership.has(step.id)) return;
    const host = turns.get(step.id);
    if (host !== undefined) {
      if (type !== 'skipped') extend(healthOf(host, at), type, at);
    } else if (step.type === 'host' || step.type === 'etcd') {
      if (type === 'failed') endFailed(hosts.get(step.host)?.at(-1), at);
    } else if (type !== 'skipped') {
      const span = cluster.get(step.stage) ?? { stage: step.stage, from: at, to: at, ending: 'done' };
      cluster.set(step.stage, span);
      extend(span, type, at);
    }
  }

  /** The span in which a host is waited for. */
  function healthOf(host: string, at: number): OpenSpan {
    const spans = hosts.get(host) ?? [];
    hosts.set(host, spans);
    const last = spans.at(-1);
    if (last?.stage === 'healthy') return last;
    const span: OpenSpan = { stage: 'healthy', from: at, to: at, ending: 'done' };
    spans.push(span);
    return span;
  }
}

/** Takes a further event into a span of steps that may run side by side. */
function extend(span: OpenSpan, type: StepEvent['type'], at: number): void {
  span.to = at;
  if (type === 'failed') span.ending = 'failed';
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
