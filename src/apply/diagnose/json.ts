/** Maximum number of items that are read from a list in a response. */
const maxItems = 500;

/** The value at a path of a response; undefined if the path does not exist. */
export function at(answer: unknown, ...path: readonly string[]): unknown {
  let here = answer;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[key];
  }
  return here;
}

/** The string at a path; empty if it is not a string. */
export function textAt(answer: unknown, ...path: readonly string[]): string {
  const found = at(answer, ...path);
  return typeof found === 'string' ? found : '';
}

/** The number at a path; 0 if it is not a number. */
export function numberAt(answer: unknown, ...path: readonly string[]): number {
  const found = at(answer, ...path);
  return typeof found === 'number' && Number.isFinite(found) ? found : 0;
}

/** The list at a path, cut to 500 items; empty if it is not a list. */
export function itemsAt(answer: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(answer, ...path);
  return Array.isArray(found) ? (found as unknown[]).slice(0, maxItems) : [];
}
