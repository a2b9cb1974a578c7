import { expect } from 'vitest';

/** A JSON Schema that lies in the repository's root is what the code yields; `-u` writes it anew. */
export async function expectSchemaFile(name: string, schema: object): Promise<void> {
  const file = new URL(`../${name}`, import.meta.url).pathname;
  const hint = `${name} is out of date: run this test with -u, which writes it anew`;
  await expect(`${JSON.stringify(schema, null, 2)}\n`, hint).toMatchFileSnapshot(file);
}
