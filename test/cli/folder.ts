import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach } from 'vitest';

/** A folder for each test of a file, removed after it; returns a function that gives the path of a name in it. */
export function freshFolder(): (name?: string) => string {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kboot-test-'));
    return () => {
      rmSync(folder, { recursive: true });
    };
  });
  return (name = '') => join(folder, name);
}
