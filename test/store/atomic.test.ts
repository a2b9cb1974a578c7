import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isLeftover, loadJson, readText, saveJson, writeAtomic } from '../../src/store/atomic.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-atomic-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('writeAtomic', () => {
  it('makes private files in private folders, and leaves nothing beside them', async () => {
    const path = join(folder, 'a', 'b', 'file');
    await writeAtomic(path, 'one');
    await writeAtomic(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect([modeOf(path), modeOf(join(folder, 'a')), modeOf(join(folder, 'a', 'b'))]).toEqual([
      0o600, 0o700, 0o700,
    ]);
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['file']);
  });

  it('sets the requested mode, even if the old file was readable by others', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    chmodSync(path, 0o666);
    await writeAtomic(path, 'new');
    expect(modeOf(path)).toBe(0o600);
    await writeAtomic(path, 'new', 0o644);
    expect(modeOf(path)).toBe(0o644);
  });

  it('replaces the file rather than writing into it, so that no reader sees a partial file', async () => {
    const path = join(folder, 'file');
    await writeAtomic(path, 'one');
    const before = statSync(path).ino;
    await writeAtomic(path, 'two');
    expect(statSync(path).ino).not.toBe(before);
  });

  it('fails with the path and without a leftover', async () => {
    await writeAtomic(join(folder, 'file'), 'x');
    const below = join(folder, 'file', 'below');
    await expect(writeAtomic(below, 'y')).rejects.toMatchObject({
      code: 'E-STATE',
      message: expect.stringContaining(below) as string,
    });
    rmSync(join(folder, 'file'));
    await writeAtomic(join(folder, 'target', 'child'), 'x');
    await expect(writeAtomic(join(folder, 'target'), 'y')).rejects.toMatchObject({ code: 'E-STATE' });
    expect(readdirSync(folder)).toEqual(['target']);
  });
});

it('distinguishes its temporary files from others', () => {
  expect(isLeftover('.ca.key.0123456789abcdef.tmp')).toBe(true);
  expect(['ca.key', '.hidden', 'x.tmp', '.ca.key.tmp'].some(isLeftover)).toBe(false);
});

describe('JSON files', () => {
  it('come back as they were saved', async () => {
    const value = { steps: [1, 'ü', null] };
    await saveJson(join(folder, 'runs', 'plan.json'), value);
    expect(await loadJson(join(folder, 'runs', 'plan.json'))).toEqual(value);
    expect(modeOf(join(folder, 'runs', 'plan.json'))).toBe(0o600);
  });

  it('are undefined if missing, and E-STATE if they are truncated or cannot be read', async () => {
    expect(await loadJson(join(folder, 'none'))).toBeUndefined();
    expect(await readText(join(folder, 'none'))).toBeUndefined();
    writeFileSync(join(folder, 'cut'), '{"a":');
    await expect(loadJson(join(folder, 'cut'))).rejects.toMatchObject({ code: 'E-STATE' });
    await expect(loadJson(folder)).rejects.toMatchObject({ code: 'E-STATE' });
  });
});
