import { expect } from 'vitest';

/** A JSON Schema in the repository's root is generated from the code; `-u` writes it again. */
export async function expectSchemaFile(name: string, schema: object): Promise<void> {
  const file = new URL(`../${name}`, import.meta.url).pathname;
  const hint = `${name} is out of date: run this test with -u, which writes it again`;
  await expect(`${JSON.stringify(schema, null, 2)}\n`, hint).toMatchFileSnapshot(file);
}
