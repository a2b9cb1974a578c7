import { isProblem, type Problem } from './address.ts';

/** `{key: value}`, or nothing where the value is undefined. */
export function given<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): Partial<Record<Key, Value>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, Value>);
}

/** Results of parsers whose input the schema checked with the same parser. */
export function valid<T extends object>(result: T | Problem): T {
  if (isProblem(result)) throw new Error(`unchecked inventory value: ${result.problem}`);
  return result;
}
