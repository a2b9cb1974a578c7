import type { Emit, SpanEnding, WaitRule } from './events.ts';

/** The end of a span. */
export interface Ended {
  readonly id: string;
  readonly at: number;
}

/** What had to end before a span could start, by the rule that says so. */
export type Before = readonly { readonly rule: WaitRule; readonly ended: Ended | undefined }[];

/** What a span is: a task, or a gate by its id. */
export interface SpanOf {
  readonly id: string;
  readonly phase: string;
  readonly batch: number;
  readonly task?: number;
  readonly gate?: string;
  readonly host?: string;
}

/** The last one to end; undefined if none has. */
export function lastOf(...ended: readonly (Ended | undefined)[]): Ended | undefined {
  return ended.reduce(
    (last, each) => (each !== undefined && each.at >= (last?.at ?? 0) ? each : last),
    undefined,
  );
}

/** Runs one task or gate, and emits its span: how long it took, and what it had waited for last. */
export async function inSpan<Result>(
  span: SpanOf,
  before: Before,
  emit: Emit,
  action: () => Promise<{ readonly result: Result; readonly ending: SpanEnding }>,
): Promise<{ readonly result: Result; readonly ended: Ended }> {
  const begun = Date.now();
  const { result, ending } = await action();
  const at = Date.now();
  const last = lastOf(...before.map(({ ended }) => ended));
  const rule = before.find(({ ended }) => ended === last)?.rule;
  emit({
    type: 'span',
    ...span,
    seconds: (at - begun) / 1000,
    ending,
    ...(last !== undefined && rule !== undefined && { after: last.id, rule }),
  });
  return { result, ended: { id: span.id, at } };
}
