import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { savedPlanJsonSchema, type savedPlanSchema } from '../../src/plan/saved-schema.ts';
import type { SavedPlan } from '../../src/plan/saved.ts';
import { expectSchemaFile } from '../schema-file.ts';

/** Every member there and none `readonly`: a member that only one side knows makes the other not assignable. */
type Whole<T> = T extends readonly (infer Item)[]
  ? Whole<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]-?: Whole<T[K]> }
    : T;
type Code = Whole<SavedPlan>;
type Schema = Whole<z.infer<typeof savedPlanSchema>>;

describe('plan.schema.json', () => {
  it('has the types of the code', () => {
    // What does not compile here: src/plan/saved-schema.ts says something else than src/plan/types.ts.
    const both: readonly [Code extends Schema ? true : false, Schema extends Code ? true : false] = [
      true,
      true,
    ];
    expect(both).toEqual([true, true]);
  });

  it('is what the schema in the code yields', async () => {
    await expectSchemaFile('plan.schema.json', savedPlanJsonSchema());
  });
});
