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
    if (isObject(value) && (mine === undefined || isObject(mine))) {
      const inner = patchTo(value, mine ?? {});
      if (Object.keys(inner).length > 0) patch.push([key, inner]);
    } else if (!isEmpty(key, value) || mine !== undefined) patch.push([key, value]);
  }
  return Object.fromEntries(patch);
}

/**
 * Fields that kube-proxy writes out although nobody set them: booleans without a pointer in its v1alpha1 types.go. Any
 * other `false` was stated by somebody, such as failCgroupV1 or a feature gate.
 */
const zeroBooleans: ReadonlySet<string> = new Set([
  ...['bindAddressHardFail', 'enableProfiling', 'masqueradeAll', 'strictARP'],
  ...['enableDSR', 'forwardHealthCheckVip', 'windowsRunAsService'],
]);

/** Components write their zero values out: `0s`, `""`, `{}`. */
function isEmpty(key: string, value: Json): boolean {
  if (value === null || value === '' || value === '0s' || value === 0) return true;
  if (value === false) return zeroBooleans.has(key);
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.entries(value).every(([name, inner]) => isEmpty(name, inner));
}

/** What all of the objects have in common, with the same value. */
export function commonOf(objects: readonly JsonObject[]): JsonObject {
  const [first = {}, ...others] = objects;
  return Object.fromEntries(
    Object.entries(first).flatMap(([key, value]): [string, Json][] => {
      const theirs = others.map((other) => other[key] ?? null);
      if (theirs.every((each) => isDeepStrictEqual(each, value))) return [[key, value]];
      if (!isObject(value) || !theirs.every(isObject)) return [];
      const inner = commonOf([value, ...theirs]);
      return Object.keys(inner).length === 0 ? [] : [[key, inner]];
    }),
  );
}

/** What of an object is not in `common`, which it contains. */
export function beyond(object: JsonObject, common: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]): [string, Json][] => {
      const shared = common[key];
      if (shared === undefined) return [[key, value]];
      if (!isObject(value) || !isObject(shared)) return [];
      const inner = beyond(value, shared);
      return Object.keys(inner).length === 0 ? [] : [[key, inner]];
    }),
  );
}
