import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { indexBundle } from '../../src/store/bundle-index.ts';

let root: string;
let bin: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kboot-index-'));
  bin = join(root, 'bin/linux-amd64');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'kubectl'), 'x');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe('indexBundle', () => {
  it('has the files of the layout, and no others', async () => {
    writeFileSync(join(root, 'README'), 'x');
    writeFileSync(join(bin, '.kubelet.0123456789abcdef.tmp'), 'x');
    const { files } = await indexBundle(root, 'v1.36.2');
    expect(files.map(({ path, size }) => [path, size])).toEqual([['bin/linux-amd64/kubectl', 1]]);
  });

  it.each([
    ['a folder', (path: string) => void mkdirSync(path), 'is not a file'],
    ['a pipe', (path: string) => void execFileSync('mkfifo', [path]), 'is not a file'],
    ['a link to nowhere', (path: string) => void symlinkSync('nowhere', path), 'does not exist'],
    ['a link to itself', (path: string) => void symlinkSync('kubelet', path), 'cannot be read (ELOOP)'],
  ])('refuses %s where a file belongs', async (_what, make, problem) => {
    make(join(bin, 'kubelet'));
    await expect(indexBundle(root, 'v1.36.2')).rejects.toMatchObject({
      code: 'E-BUNDLE',
      message: `${join(bin, 'kubelet')} ${problem}`,
    });
  });
});
