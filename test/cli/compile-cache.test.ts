import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepCompiled } from '../../src/cli/compile-cache.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kboot-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', home);
  vi.stubEnv('NODE_COMPILE_CACHE', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

function kept(): string | undefined {
  let folder: string | undefined;
  keepCompiled({ enableCompileCache: (given) => (folder = given) });
  return folder;
}

describe('keepCompiled', () => {
  it('uses a folder of its own that only this user can read', () => {
    expect(kept()).toBe(join(home, 'kboot'));
    expect(statSync(join(home, 'kboot')).mode & 0o777).toBe(0o700);
    expect(kept()).toBe(join(home, 'kboot'));
  });

  it('uses no folder that others can write, no link, and no file', () => {
    const folder = join(home, 'kboot');
    mkdirSync(folder);
    for (const mode of [0o720, 0o702, 0o777]) {
      chmodSync(folder, mode);
      expect(kept()).toBeUndefined();
    }
    rmSync(folder, { recursive: true });
    mkdirSync(join(home, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(home, 'elsewhere'), folder);
    expect(kept()).toBeUndefined();
    rmSync(folder);
    writeFileSync(folder, '');
    expect(kept()).toBeUndefined();
  });

  it('leaves the choice to NODE_COMPILE_CACHE, and does nothing in a Node.js without it', () => {
    vi.stubEnv('NODE_COMPILE_CACHE', '/elsewhere');
    expect(kept()).toBeUndefined();
    vi.stubEnv('NODE_COMPILE_CACHE', undefined);
    keepCompiled({});
    expect(existsSync(join(home, 'kboot'))).toBe(false);
  });
});
