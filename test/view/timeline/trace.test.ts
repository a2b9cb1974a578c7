import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { timelineOf } from '../../../src/view/timeline/timeline.ts';
import { traceOf, type TraceEvent } from '../../../src/view/timeline/trace.ts';
import { before, timedEvents, timedPlan } from './samples.ts';

/*
 * The Trace Event Format ("Trace Event Format", Google, sections JSON Object Format, Complete Events, Flow Events,
 * Metadata Events), as strictly as its importers in catapult and in Perfetto (json_trace_tokenizer.cc) read it.
 */
const id = z.int().nonnegative();
const common = { pid: id, tid: id };
const timed = { ...common, name: z.string().min(1), cat: z.string().min(1), ts: id };
const format = z.strictObject({
  displayTimeUnit: z.enum(['ms', 'ns']),
  otherData: z.record(z.string(), z.string()),
  traceEvents: z.array(
    z.discriminatedUnion('ph', [
      z.strictObject({ ...timed, ph: z.literal('X'), dur: id, args: z.record(z.string(), z.unknown()) }),
      z.strictObject({ ...timed, ph: z.literal('s'), id }),
      z.strictObject({ ...timed, ph: z.literal('f'), bp: z.literal('e'), id }),
      z.strictObject({
        ...common,
        ph: z.literal('M'),
        name: z.enum(['process_name', 'process_sort_index', 'thread_name']),
        args: z.union([z.strictObject({ name: z.string() }), z.strictObject({ sort_index: id })]),
      }),
    ]),
  ),
});

type Slice = Extract<TraceEvent, { ph: 'X' }>;
type Flow = Extract<TraceEvent, { ph: 's' | 'f' }>;

describe('traceOf', () => {
  const plan = timedPlan();
  const trace = traceOf(plan, timelineOf(plan, timedEvents(), before));
  const slices = trace.traceEvents.filter((event): event is Slice => event.ph === 'X');
  const flows = trace.traceEvents.filter((event): event is Flow => event.ph === 's' || event.ph === 'f');
  const contains = ({ ts, dur, pid, tid }: Slice, at: { ts: number; pid: number; tid: number }): boolean =>
    pid === at.pid && tid === at.tid && ts <= at.ts && at.ts <= ts + dur;

  it('is in the Trace Event Format', () => {
    expect(format.parse(JSON.parse(JSON.stringify(trace)))).toEqual(trace);
  });

  it('has phases, batches, tasks, steps and gates, in microseconds since the command began', () => {
    const named = (cat: string): string[] =>
      slices.filter((slice) => slice.cat === cat).map(({ name, ts, dur }) => `${name} ${ts} ${dur}`);
    expect(named('before')).toEqual(['start 0 600000', 'reading hosts, planning 600000 2400000']);
    expect(named('phase')).toEqual(['runtime 3000000 4000000', 'API objects 7000000 16000000']);
    expect(named('batch')).toContain('batch 3 18000000 5000000');
    expect(named('task')).toContain('runtime 3000000 4000000');
    expect(named('gate')).toContain('API server 7000000 10000000');
    expect(named('step')).toContain('file archive 3500000 3400000');
  });

  it('slices of a thread nest, as complete events must', () => {
    for (const one of slices)
      for (const other of slices) {
        if (one === other || one.pid !== other.pid || one.tid !== other.tid) continue;
        const apart = one.ts + one.dur <= other.ts || other.ts + other.dur <= one.ts;
        const inside = one.ts <= other.ts && other.ts + other.dur <= one.ts + one.dur;
        const around = other.ts <= one.ts && one.ts + one.dur <= other.ts + other.dur;
        expect(apart || inside || around, `${one.name} and ${other.name}`).toBe(true);
      }
  });

  it('a flow leads from each span to what waited for it, and both ends are in slices', () => {
    for (const flow of flows)
      expect(
        slices.some((slice) => contains(slice, flow)),
        flow.name,
      ).toBe(true);
    const ids = new Set(flows.map((flow) => flow.id));
    for (const each of ids)
      expect(flows.filter((flow) => flow.id === each).map(({ ph }) => ph)).toEqual(['s', 'f']);
    for (const each of ids) {
      const [start, end] = flows.filter((flow) => flow.id === each);
      expect(start?.ts).toBeLessThanOrEqual(end?.ts ?? 0);
    }
    expect(flows.filter(({ ph, name }) => ph === 's' && name === 'longest chain')).toHaveLength(5);
  });

  it('every process and thread has a name', () => {
    const names = trace.traceEvents.flatMap((event) =>
      event.ph === 'M' && event.name === 'process_name' ? [event.args['name']] : [],
    );
    expect(names).toEqual(['phases', 'this machine', 'cp-1', 'w-1', 'Kubernetes API']);
    const rows = new Set(slices.map(({ pid, tid }) => `${pid} ${tid}`));
    const named = trace.traceEvents.flatMap((event) =>
      event.ph === 'M' && event.name === 'thread_name' ? [`${event.pid} ${event.tid}`] : [],
    );
    expect(named.sort()).toEqual([...rows].sort());
  });
});
