import type { ApplyEvent, SpanEnding, WaitRule } from '../../apply/events.ts';
import type { Phase, Plan, Step, Task } from '../../plan/types.ts';
import { itemText } from '../placed.ts';

/** What kboot did before it applied the plan, in milliseconds since apply began: below zero. */
export interface Stretch {
  readonly what: string;
  readonly from: number;
  readonly to: number;
}

/** A step, in milliseconds since apply began. */
export interface TimedStep {
  readonly id: string;
  readonly what: string;
  readonly from: number;
  readonly to: number;
  readonly ending: SpanEnding;
}

/** Something that the run did without a pause, in milliseconds since apply began, and what it had waited for last. */
export interface Span {
  readonly id: string;
  /** `before`: a stretch before apply. */
  readonly kind: 'before' | 'task' | 'gate';
  /** In words; of a task, its phase. */
  readonly what: string;
  readonly place: 'operator' | 'cluster' | { readonly host: string };
  readonly phase?: Phase;
  readonly batch?: number;
  readonly from: number;
  readonly to: number;
  readonly ending: SpanEnding;
  /** Id of the span that ended last before it could start. */
  readonly after?: string;
  readonly rule?: WaitRule;
  /** Of a task, those that ran, in the order of their start; of a gate, what it saw instead, one after another. */
  readonly steps: readonly TimedStep[];
}

export interface Timeline {
  readonly spans: ReadonlyMap<string, Span>;
  /** The longest chain: each span waited for the one before it; the last one is the last that ended. */
  readonly chain: readonly Span[];
  readonly from: number;
  readonly to: number;
}

/** What a run did and what waited for what, from the events of its scheduler. */
export function timelineOf(
  plan: Plan,
  events: readonly ApplyEvent[],
  before: readonly Stretch[] = [],
): Timeline {
  const phases = new Map(plan.phases.map((phase) => [phase.id, phase]));
  const steps = timedSteps(events);
  const waits = seenByGates(events);
  const spans = new Map<string, Span>();
  for (const [index, { what, from, to }] of before.entries())
    spans.set(`before/${index}`, {
      ...{
        id: `before/${index}`,
        kind: 'before',
        what,
        place: 'operator',
        from,
        to,
        ending: 'done',
        steps: [],
      },
      ...(index > 0 && { after: `before/${index - 1}` }),
    });
  const lead = before.length === 0 ? undefined : `before/${before.length - 1}`;
  for (const event of events) {
    if (event.type !== 'span') continue;
    const { id, phase: phaseId, batch, seconds, ending, rule, after = lead } = event;
    const phase = phases.get(phaseId);
    const of = phase?.batches[batch - 1];
    const task = event.task === undefined ? undefined : of?.tasks[event.task - 1];
    const gate = of?.gates.find((each) => each.id === event.gate);
    spans.set(id, {
      ...{ id, ending, batch, kind: gate === undefined ? 'task' : 'gate' },
      what: gate === undefined ? (phase?.title ?? phaseId) : itemText(gate),
      place: task?.on ?? 'cluster',
      ...{ from: event.at - seconds * 1000, to: event.at },
      steps: task === undefined ? (waits.get(event.gate ?? '') ?? []) : stepsOfTask(task, steps),
      ...(phase && { phase }),
      ...(after !== undefined && { after }),
      ...(rule && { rule }),
    });
  }
  const all = [...spans.values()];
  return {
    spans,
    chain: chainOf(spans),
    from: Math.min(0, ...all.map(({ from }) => from)),
    to: Math.max(0, ...all.map(({ to }) => to)),
  };
}

/** Steps that ran, by id. */
function timedSteps(events: readonly ApplyEvent[]): ReadonlyMap<string, TimedStep> {
  const found = new Map<string, TimedStep>();
  for (const event of events) {
    if (event.type !== 'done' && event.type !== 'failed' && event.type !== 'start') continue;
    const { step, at } = event;
    const from = found.get(step.id)?.from ?? at;
    const ending = event.type === 'start' ? 'cut-off' : event.type;
    found.set(step.id, { id: step.id, what: itemText(step), from, to: at, ending });
  }
  return found;
}

/** Letters of what a gate saw. */
const mostSeen = 60;

/** What gates saw while they waited, by the id of the gate. */
function seenByGates(events: readonly ApplyEvent[]): ReadonlyMap<string, readonly TimedStep[]> {
  const found = new Map<string, TimedStep[]>();
  for (const event of events) {
    if (event.type !== 'waiting' && event.type !== 'done' && event.type !== 'failed') continue;
    const { step, at } = event;
    if (step.type !== 'wait') continue;
    const list = found.get(step.id) ?? [];
    found.set(step.id, list);
    const last = list.pop();
    if (last !== undefined) list.push({ ...last, to: at });
    if (event.type !== 'waiting') continue;
    const { seen } = event;
    const what = seen.length > mostSeen ? `${seen.slice(0, mostSeen - 1)}…` : seen;
    list.push({ id: step.id, what, from: at, to: at, ending: 'done' });
  }
  return found;
}

function stepsOfTask(
  { steps, rollback = [] }: Task,
  timed: ReadonlyMap<string, TimedStep>,
): readonly TimedStep[] {
  return [...steps, ...rollback].flatMap(({ id }: Step) => timed.get(id) ?? []);
}

/** From the last span to the first, by what each one had waited for. */
function chainOf(spans: ReadonlyMap<string, Span>): readonly Span[] {
  let next: Span | undefined;
  for (const span of spans.values()) if (next === undefined || span.to >= next.to) next = span;
  const chain = new Set<Span>();
  while (next !== undefined && !chain.has(next)) {
    chain.add(next);
    next = next.after === undefined ? undefined : spans.get(next.after);
  }
  return [...chain].reverse();
}
