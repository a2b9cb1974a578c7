import * as z from 'zod';
import { eventSchema } from '../src/view/event-schema.ts';

/** The problem of the first item that is not an event of src/view/event-schema.ts; undefined if all are. */
export function eventProblem(events: readonly { readonly type?: unknown }[]): string | undefined {
  return events.map(problemOf).find((problem) => problem !== undefined);
}

function problemOf(event: { readonly type?: unknown }): string | undefined {
  const shapes = eventSchema.options.filter(({ shape }) => shape.type.value === event.type);
  if (shapes.length === 0) return `no event of type ${String(event.type)} in src/view/event-schema.ts`;
  const results = shapes.map((shape) => shape.safeParse(event));
  if (results.some(({ success }) => success)) return undefined;
  const problems = results.flatMap(({ error }) => (error === undefined ? [] : z.prettifyError(error)));
  return `${String(event.type)}: ${problems.join('\nor ')}`;
}

/** Throws for the first line that is not an event. */
export function checkEvents(lines: readonly string[]): void {
  const problem = eventProblem(lines.map(parsed));
  if (problem !== undefined) throw new Error(`stdout with -o json: ${problem}`);
}

function parsed(line: string): { readonly type?: unknown } {
  try {
    return JSON.parse(line) as { readonly type?: unknown };
  } catch (cause) {
    throw new Error(`stdout with -o json is not JSON: ${line.slice(0, 200)}`, { cause });
  }
}

/** Whether a command line asks for JSON. */
export function asksForEvents(argv: readonly string[]): boolean {
  return argv.some((word, index) => word === '-o' && argv[index + 1] === 'json');
}
