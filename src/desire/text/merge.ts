import { load } from 'js-yaml';
import { stringify } from 'yaml';
import type { Json, JsonObject } from '../../model/cluster.ts';
import { isRecord } from '../../model/record.ts';

/** JSON merge patch (RFC 7386): objects merge, null removes, everything else replaces. */
export function mergePatch(base: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map<string, Json>(Object.entries(base));
  for (const [key, value] of Object.entries(patch)) {
    const old = merged.get(key);
    if (value === null) merged.delete(key);
    else if (isObject(value))
      merged.set(key, mergePatch(old !== undefined && isObject(old) ? old : {}, value));
    else merged.set(key, value);
  }
  return Object.fromEntries(merged);
}

/** YAML `text` with patches merged one after another, keys sorted as in go-yaml; unchanged if all are empty. */
export function mergeYaml(text: string, ...patches: readonly JsonObject[]): string {
  if (patches.every((patch) => Object.keys(patch).length === 0)) return text;
  return goYaml(patches.reduce(mergePatch, load(text) as JsonObject));
}

/** YAML in the style of Kubernetes tools: sorted keys, sequences not indented, no folding. */
export function goYaml(value: JsonObject): string {
  return stringify(value, {
    compat: 'yaml-1.1',
    lineWidth: 0,
    aliasDuplicateObjects: false,
    indentSeq: false,
    sortMapEntries: true,
  });
}

/** The object that a YAML text consists of; undefined if it is anything else, or not YAML. */
export function yamlObject(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  try {
    const value = load(text) as Json | undefined;
    return value !== undefined && isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: Json): value is JsonObject {
  return isRecord(value);
}
