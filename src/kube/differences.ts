/**
 * Paths at which a live object differs from the desired one. The API adds defaults and other writers add
 * fields: fields that the desired object does not set are not compared; lists must have the same length.
 */
export function differences(want: unknown, live: unknown, path = ''): string[] {
  if (Array.isArray(want)) {
    if (live === undefined && want.length === 0) return [];
    if (!Array.isArray(live) || live.length !== want.length) return [path];
    return want.flatMap((item, index) => differences(item, live[index], `${path}[${index}]`));
  }
  if (typeof want === 'object' && want !== null) {
    if (typeof live !== 'object' || live === null) return isEmpty(want) ? [] : [path];
    return Object.entries(want).flatMap(([key, value]) =>
      differences(value, (live as Record<string, unknown>)[key], path === '' ? key : `${path}.${key}`),
    );
  }
  if (want === live) return [];
  // The API omits empty values.
  return (want === '' || want === null || want === false || want === 0) && live === undefined ? [] : [path];
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}
