import { isProblem, type Problem } from './address.ts';

/** `{key: value}`, or `{}` if the value is undefined. */
export function given<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): Partial<Record<Key, Value>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, Value>);
}

/** The result of a parser whose input the schema has already checked with the same parser. */
export function valid<T extends object>(result: T | Problem): T {
  if (isProblem(result)) throw new Error(`unchecked inventory value: ${result.problem}`);
  return result;
}
