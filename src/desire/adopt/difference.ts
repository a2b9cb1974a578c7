import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '../../model/cluster.ts';
import { isObject } from '../text/merge.ts';

/**
 * The merge patch that turns `own` into `found` (RFC 7386): what `found` has and `own` has not, or otherwise. Fields that
 * only `own` has are not removed: without them the component has a default, and kboot states the same one or says so in
 * its plan.
 */
export function patchTo(found: JsonObject, own: JsonObject): JsonObject {
  const patch: [string, Json][] = [];
  for (const [key, value] of Object.entries(found)) {
    const mine = own[key];
    if (isDeepStrictEqual(value, mine) || value === null) continue;
    if (isObject(value) && mine !== undefined && isObject(mine)) {
      const inner = patchTo(value, mine);
      if (Object.keys(inner).length > 0) patch.push([key, inner]);
    } else if (!isEmpty(value) || mine !== undefined) patch.push([key, value]);
  }
  return Object.fromEntries(patch);
}

/** Components write their zero values out: `0s`, `""`, `{}`. */
function isEmpty(value: Json): boolean {
  if (value === '' || value === '0s' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return (
    typeof value === 'object' && value !== null && Object.values(value as JsonObject).every(isEmptyOrNull)
  );
}

function isEmptyOrNull(value: Json): boolean {
  return value === null || isEmpty(value);
}

/** What all of the objects have in common, with the same value. */
export function commonOf(objects: readonly JsonObject[]): JsonObject {
  const [first = {}, ...others] = objects;
  return Object.fromEntries(
    Object.entries(first).filter(([key, value]) =>
      others.every((other) => isDeepStrictEqual(other[key], value)),
    ),
  );
}
