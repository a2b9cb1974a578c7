import type { JsonObject } from '../model/cluster.ts';

/** `key=value:NoSchedule`, `key:NoExecute`; undefined: no taint. */
export function taintOf(text: string): JsonObject | undefined {
  const [, key, value, effect] =
    /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text.trim()) ?? [];
  if (key === undefined || effect === undefined) return undefined;
  return { key, ...(value !== undefined && value !== '' && { value }), effect };
}
