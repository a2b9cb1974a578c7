import type { Path } from './position.ts';
import type { Inventory } from './schema.ts';
import { recordOf } from '../model/record.ts';

/** A value of which any part may be missing because it was not given or not valid. */
export type Draft<T> = T extends readonly (infer Item)[]
  ? (Draft<Item> | undefined)[]
  : T extends object
    ? { [Key in keyof T]?: Draft<T[Key]> | undefined }
    : T;

export type InventoryDraft = Draft<Inventory>;

/**
 * A copy of the data in which every invalid value is undefined, so that checks across several fields can run
 * even though others are wrong. The rest has the schema's types, because every value that does not has an issue.
 */
export function draftOf(data: unknown, invalid: readonly Path[]): InventoryDraft {
  const copy: unknown = structuredClone(data);
  for (const path of invalid) {
    const parent = path.slice(0, -1).reduce<unknown>((value, step) => childOf(value, step), copy);
    const last = path.at(-1);
    if (last === undefined) return {};
    if (typeof parent === 'object' && parent !== null && Object.hasOwn(parent, last)) {
      (parent as Record<string | number, unknown>)[last] = undefined;
    }
  }
  return recordOf(copy) ?? {};
}

function childOf(value: unknown, step: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<string | number, unknown>)[step];
}
