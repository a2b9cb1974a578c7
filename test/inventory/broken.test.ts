import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseInventory } from '../../src/inventory/parse.ts';
import { formatDiagnostic } from '../../src/model/diagnostic.ts';
import { optionsFor } from '../samples/inventory-options.ts';

/*
 * Each broken/NAME.yaml has one kind of mistake, broken/NAME.txt everything that is reported for it.
 * After a change of wording: `npx vitest run --project unit test/inventory -u`, and read the diff.
 */
const folder = new URL('./broken/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.replace(/\.yaml$/, ''));

describe('broken inventories', () => {
  it.each(names)('%s', async (name) => {
    const text = readFileSync(new URL(`${name}.yaml`, folder), 'utf8');
    const { cluster, diagnostics } = parseInventory(
      text,
      optionsFor(`${name}.yaml`, { MY_TEST_ROLE: 'worker' }),
    );
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(cluster === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'));
    const lines = diagnostics.map((diagnostic) => `${formatDiagnostic(diagnostic)}\n`).join('');
    expect(lines).not.toMatch(/Invalid input|received|expected one of|undefined|\[object/);
    await expect(lines).toMatchFileSnapshot(`./broken/${name}.txt`);
  });
});
