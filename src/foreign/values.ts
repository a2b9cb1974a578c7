import type { Json, JsonObject } from '../model/cluster.ts';
import { recordOf } from '../model/record.ts';

/** A list, or undefined. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** A text that is not empty; numbers and booleans as they are written. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** A whole number, or a text that is one. */
export function wholeOf(value: unknown): number | undefined {
  const text = textOf(value);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** `yes`, `True`, `1`: what tools in Python and Go take for a boolean. */
export function flagOf(value: unknown): boolean | undefined {
  const text = textOf(value)?.toLowerCase();
  if (text === undefined) return undefined;
  if (['true', 'yes', 'on', 'y', 't', '1'].includes(text)) return true;
  return ['false', 'no', 'off', 'n', 'f', '0'].includes(text) ? false : undefined;
}

/** Texts of a list, or of a text with commas. */
export function textsOf(value: unknown): readonly string[] {
  const items = listOf(value) ?? (typeof value === 'string' ? value.split(',') : []);
  return items.flatMap((item) => textOf(item) ?? []);
}

/** What document.ts and json-document.ts read is JSON. */
export function jsonOf(value: unknown): Json {
  return value as Json;
}

/** A mapping as JSON; undefined for anything else, and for one that is empty. */
export function jsonObjectOf(value: unknown): JsonObject | undefined {
  const object = recordOf(value);
  return object === undefined || Object.keys(object).length === 0 ? undefined : (object as JsonObject);
}
