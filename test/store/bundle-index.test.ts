import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
    ['a folder', 'mkdir kubelet', 'is not a file'],
    ['a pipe', 'mkfifo kubelet', 'is not a file'],
    ['a link to nowhere', 'ln -s nowhere kubelet', 'does not exist'],
    ['a link to itself', 'ln -s kubelet kubelet', 'cannot be read (ELOOP)'],
  ])('refuses %s where a file belongs', async (_what, command, problem) => {
    execFileSync('sh', ['-c', command], { cwd: bin });
    await expect(indexBundle(root, 'v1.36.2')).rejects.toMatchObject({
      code: 'E-BUNDLE',
      message: `${join(bin, 'kubelet')} ${problem}`,
    });
  });
});
