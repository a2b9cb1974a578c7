import type { SpanEnding } from '../../apply/events.ts';
import { hostOf } from '../../plan/steps.ts';
import type { Phase, Plan } from '../../plan/types.ts';
import type { Span, Timeline } from './timeline.ts';

/**
 * A run in the Trace Event Format, which Perfetto (ui.perfetto.dev) and chrome://tracing open: a process for each place
 * and one for phases, complete events ("X") for phases, batches, tasks, steps and gates, and flow events ("s", "f") from
 * each to what waited for it.
 */
export interface TraceFile {
  readonly displayTimeUnit: 'ms';
  readonly otherData: Readonly<Record<string, string>>;
  readonly traceEvents: readonly TraceEvent[];
}

/** Times are in microseconds since the command began. */
export type TraceEvent = { readonly pid: number; readonly tid: number } & (
  | {
      readonly ph: 'M';
      readonly name: 'process_name' | 'process_sort_index' | 'thread_name';
      readonly args: Readonly<Record<string, string | number>>;
    }
  | ({ readonly ph: 'X'; readonly dur: number; readonly args: Readonly<Record<string, unknown>> } & Named)
  | ({ readonly ph: 's'; readonly id: number } & Named)
  | ({ readonly ph: 'f'; readonly bp: 'e'; readonly id: number } & Named)
);

interface Named {
  readonly name: string;
  readonly cat: string;
  readonly ts: number;
}

/** Something on one row: no two of them overlap unless one contains the other. */
interface Piece {
  readonly name: string;
  readonly cat: string;
  readonly from: number;
  readonly to: number;
  readonly args: Readonly<Record<string, unknown>>;
  readonly inside: readonly Piece[];
  readonly span?: Span;
}

export function traceOf(plan: Plan, timeline: Timeline): TraceFile {
  const onChain = new Set(timeline.chain.map(({ id }) => id));
  const spans = [...timeline.spans.values()];
  const at = (ms: number): number => Math.round((ms - timeline.from) * 1000);
  const events: TraceEvent[] = [];
  /** Where a span was drawn. */
  const drawn = new Map<string, { readonly pid: number; readonly tid: number }>();
  const processes: readonly (readonly [string, readonly Piece[]])[] = [
    ['phases', plan.phases.flatMap((phase) => phasePiece(phase, spans))],
    ['this machine', pieces(spans.filter(({ place }) => place === 'operator'))],
    ...plan.hosts.map(
      ({ name }) => [name, pieces(spans.filter(({ place }) => hostOf(place) === name))] as const,
    ),
    ['Kubernetes API', pieces(spans.filter(({ place }) => place === 'cluster'))],
  ];
  for (const [index, [name, own]] of processes.entries()) {
    if (own.length === 0) continue;
    const pid = index + 1;
    events.push(
      { ph: 'M', pid, tid: 0, name: 'process_name', args: { name } },
      { ph: 'M', pid, tid: 0, name: 'process_sort_index', args: { sort_index: pid } },
    );
    for (const [row, list] of rowsOf(own).entries()) {
      const tid = row + 1;
      events.push({
        ph: 'M',
        pid,
        tid,
        name: 'thread_name',
        args: { name: row === 0 ? name : `${name} ${tid}` },
      });
      for (const piece of list) draw(piece, pid, tid);
    }
  }
  let flows = 0;
  for (const { id, after, from } of spans) {
    const cause = after === undefined ? undefined : timeline.spans.get(after);
    const start = cause && drawn.get(cause.id);
    const end = drawn.get(id);
    if (cause === undefined || start === undefined || end === undefined) continue;
    flows++;
    const name = onChain.has(id) && onChain.has(cause.id) ? 'longest chain' : 'waits for';
    // A flow event belongs to the slice that is open at its time.
    const leaves = Math.max(at(cause.from), at(cause.to) - 1);
    events.push({ ph: 's', ...start, name, cat: 'wait', id: flows, ts: Math.min(leaves, at(from)) });
    events.push({ ph: 'f', bp: 'e', ...end, name, cat: 'wait', id: flows, ts: at(from) });
  }
  return {
    displayTimeUnit: 'ms',
    otherData: { cluster: plan.cluster, kubernetesVersion: plan.kubernetesVersion },
    traceEvents: events,
  };

  function pieces(of: readonly Span[]): Piece[] {
    return of.map((span) => ({
      ...{ name: span.what, cat: span.kind, from: span.from, to: span.to, span },
      args: {
        ...{ ending: span.ending, 'longest chain': onChain.has(span.id) },
        ...(span.phase && { phase: span.phase.id, batch: span.batch }),
        ...(span.after !== undefined && { 'waited for': span.after, rule: span.rule ?? 'start' }),
      },
      inside: span.steps.map((step) => ({
        ...{ name: step.what, cat: 'step', args: { id: step.id, ending: step.ending }, inside: [] },
        from: Math.max(step.from, span.from),
        to: Math.min(Math.max(step.to, span.from), span.to),
      })),
    }));
  }

  function draw({ name, cat, from, to, args, inside, span }: Piece, pid: number, tid: number): void {
    events.push({ ph: 'X', pid, tid, name, cat, ts: at(from), dur: at(to) - at(from), args });
    if (span !== undefined) drawn.set(span.id, { pid, tid });
    for (const piece of inside) draw(piece, pid, tid);
  }
}

/** A phase with its batches; none if nothing of it ran. */
function phasePiece(phase: Phase, all: readonly Span[]): readonly Piece[] {
  const spans = all.filter((span) => span.phase === phase);
  if (spans.length === 0) return [];
  const numbers = [...new Set(spans.flatMap(({ batch }) => batch ?? []))].sort((a, b) => a - b);
  const batches = numbers.map((batch) => {
    const own = spans.filter((span) => span.batch === batch);
    return {
      ...{ name: `batch ${batch}`, cat: 'batch', ...extent(own), inside: [] },
      args: { tasks: own.filter(({ kind }) => kind === 'task').length, ending: endingOf(own) },
    };
  });
  return [
    {
      ...{ name: phase.title, cat: 'phase', ...extent(spans), inside: inOrder(batches) },
      args: { ending: endingOf(spans), after: phase.after.map(({ phase: id }) => id).join(', ') },
    },
  ];
}

function extent(spans: readonly Span[]): { readonly from: number; readonly to: number } {
  return { from: Math.min(...spans.map(({ from }) => from)), to: Math.max(...spans.map(({ to }) => to)) };
}

function endingOf(spans: readonly Span[]): SpanEnding {
  if (spans.some(({ ending }) => ending === 'failed')) return 'failed';
  return spans.some(({ ending }) => ending === 'cut-off') ? 'cut-off' : 'done';
}

/** Milliseconds by which the end of one thing and the start of the next may overlap: each reads the clock by itself. */
const clockTolerance = 2;

/** Pieces in rows, each in the first row that is free when it starts. */
function rowsOf(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const rows: Piece[][] = [];
  for (const piece of pieces.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    const row = rows.find((each) => (each.at(-1)?.to ?? 0) <= piece.from + clockTolerance);
    if (row === undefined) rows.push([piece]);
    else row.push(piece);
  }
  return rows.map(inOrder);
}

/** Neighbours, none of which starts before the one before it has ended. */
function inOrder(pieces: readonly Piece[]): readonly Piece[] {
  let end = -Infinity;
  return pieces.map((piece) => {
    const from = Math.max(piece.from, end);
    end = Math.max(piece.to, from);
    return {
      ...piece,
      from,
      to: end,
      inside: inOrder(
        piece.inside.map((each) => ({
          ...each,
          from: Math.min(Math.max(each.from, from), end),
          to: Math.min(Math.max(each.to, from), end),
        })),
      ),
    };
  });
}
