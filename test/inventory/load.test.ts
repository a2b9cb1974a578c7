import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { componentCatalog } from '../../src/catalog/components.ts';
import { loadInventory, readInventoryText } from '../../src/inventory/load.ts';
import { KbootError } from '../../src/model/error.ts';
import { inventoryWith } from '../samples/inventory-options.ts';

const known = { knownVersions: ['v1.36.2'], components: componentCatalog };
const folder = mkdtempSync(join(tmpdir(), 'kboot-inventory-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function failure(file: string): KbootError {
  try {
    loadInventory(file, readInventoryText(file), {}, known);
  } catch (error) {
    if (error instanceof KbootError) return error;
    throw error;
  }
  throw new Error('it loaded');
}

describe('loadInventory', () => {
  it('reads a file', () => {
    const file = join(folder, 'good.yaml');
    writeFileSync(file, inventoryWith());
    expect(loadInventory(file, readInventoryText(file), {}, known).cluster?.name).toBe('test');
  });

  it('says what to do about a missing file, a folder, and bytes that are not text', () => {
    const missing = failure(join(folder, 'no.yaml'));
    expect(missing).toMatchObject({ code: 'E-INVENTORY', exit: 3 });
    expect(missing.message).toContain('no.yaml does not exist');
    expect(missing.context.remedy).toContain('kboot init');
    expect(failure(folder).message).toContain('is a folder');
    const binary = join(folder, 'binary.yaml');
    writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]));
    expect(failure(binary).message).toContain('is not UTF-8 text');
  });
});
