import { KbootError } from '../model/error.ts';
import { languages } from '../model/language/language.ts';
import { visible, visibleLine } from '../model/visible.ts';

declare const brand: unique symbol;

/**
 * Text that may leave for a terminal: what came from hosts, files and peers has been made visible in it, and everything
 * else in it is kboot's own, colours included. Only this file makes it.
 */
export type Printable = string & { readonly [brand]: true };

/** One line of kboot's own words; what is put into it is shown in that line, newlines included. */
export function line(words: TemplateStringsArray, ...parts: readonly (string | number)[]): Printable {
  let text = words[0] ?? '';
  for (const [index, part] of parts.entries()) text += visibleLine(String(part)) + (words[index + 1] ?? '');
  return text as Printable;
}

/** A document that kboot made, line by line as it is; what it holds is shown. */
export function block(text: string): Printable {
  return visible(text) as Printable;
}

/** Texts one after another. */
export function beside(...texts: readonly Printable[]): Printable {
  return texts.join('') as Printable;
}

/** Texts below each other. */
export function below(...texts: readonly Printable[]): Printable {
  return texts.join('\n') as Printable;
}

/** A view: what it composes is printable, since it only sees arguments that were made visible. */
export function view<Arguments extends readonly unknown[]>(
  compose: (...given: Arguments) => string,
): (...given: Arguments) => Printable {
  return (...given) => compose(...shown(given)) as Printable;
}

/** Fields with texts of several lines. Whoever prints them indents every line; anywhere else, a newline shows. */
const blocks: ReadonlySet<string> = new Set([
  ...['command', 'content', 'detail', 'diff', 'object', 'remedy', 'run', 'script', 'text', 'unless'],
  // The remedy in every language.
  ...languages,
]);

/** Data with every string in it made visible, names of fields and keys of maps included; the same data if all are visible. */
export function shown<T>(value: T): T {
  return isShown(value, visibleLine, new Set()) ? value : (copy(value, visibleLine, new Map()) as T);
}

type Show = (text: string) => string;

/** Whether a copy would be the same: a plan of a thousand hosts has a million texts, and nothing to make visible. */
function isShown(value: unknown, show: Show, seen: Set<object>): boolean {
  if (typeof value === 'string') return show(value) === value;
  if (typeof value !== 'object' || value === null || seen.has(value)) return true;
  seen.add(value);
  if (Array.isArray(value)) return value.every((each) => isShown(each, show, seen));
  if (value instanceof Set || value instanceof Map || value instanceof KbootError) return false;
  if (Object.getPrototypeOf(value) !== Object.prototype) return true;
  const object = value as Readonly<Record<string, unknown>>;
  return Object.keys(object).every(
    (key) => visibleLine(key) === key && isShown(object[key], blocks.has(key) ? visible : show, seen),
  );
}

function copy(value: unknown, show: Show, known: Map<object, unknown>): unknown {
  if (typeof value === 'string') return show(value);
  if (typeof value !== 'object' || value === null) return value;
  // The same object stays the same: views look things up by it.
  const before = known.get(value);
  if (before !== undefined) return before;
  if (value instanceof KbootError) return keep(value, errorCopy(value));
  if (Array.isArray(value)) {
    const list: unknown[] = keep(value, []);
    for (const each of value) list.push(copy(each, show, known));
    return list;
  }
  if (value instanceof Map) {
    const map = keep(value, new Map<unknown, unknown>());
    for (const [key, each] of value) map.set(copy(key, show, known), copy(each, show, known));
    return map;
  }
  if (value instanceof Set) {
    const set = keep(value, new Set());
    for (const each of value) set.add(copy(each, show, known));
    return set;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const object: Record<string, unknown> = keep(value, {});
  for (const [key, each] of Object.entries(value))
    object[visibleLine(key)] = copy(each, blocks.has(key) ? visible : show, known);
  return object;

  function keep<Copy>(original: object, made: Copy): Copy {
    known.set(original, made);
    return made;
  }
}

function errorCopy(error: KbootError): KbootError {
  const { cause, ...context } = error.context;
  // The problems of an inventory are one per line, each shown when it was made (formatDiagnostic).
  const show = error.code === 'E-INVENTORY' ? visible : visibleLine;
  return new KbootError(error.code, show(error.message), { ...shown(context), cause });
}

/** A terminal, or the pipe in its place: text leaves through it only as Printable. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns: number;
  readonly rows: number;
  write(text: Printable): unknown;
}
