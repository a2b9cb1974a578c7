import { describe, expect, it } from 'vitest';
import { inventoryJsonSchema } from '../../src/inventory/json-schema.ts';
import { expectGenerated } from './generated.ts';
import { exampleOf, inventoryReference, type Field } from './inventory-reference.ts';

/** Paths of fields that hold a value but have no example. */
function withoutExample(field: Field, path: string): string[] {
  if (field.not !== undefined) return [];
  const inner = [
    ...Object.entries(field.properties ?? {}).map(([key, child]) => [`${path}.${key}`, child] as const),
    ...(field.items?.properties === undefined ? [] : [[`${path}[]`, field.items] as const]),
  ];
  if (inner.length > 0) return inner.flatMap(([below, child]) => withoutExample(child, below));
  return exampleOf(field) === '' ? [path] : [];
}

describe('docs/inventory.md', () => {
  const schema = inventoryJsonSchema();

  it('matches the schema', async () => {
    await expectGenerated('docs/inventory.md', 'inventory', inventoryReference(schema));
  });

  it('has an example for every value', () => {
    expect(withoutExample(schema, 'inventory')).toEqual([]);
  });

  it('describes an object used in two places once', () => {
    const box: Field = { type: 'object', properties: { size: { type: 'integer', minimum: 1, maximum: 9 } } };
    const text = inventoryReference({ properties: { one: box, two: { ...box, description: 'Again.' } } });
    expect(text.match(/^## .*/gm)).toEqual(['## The file', '## one']);
    expect(text).toContain('Again. Keys: [one](#one).');
  });
});
