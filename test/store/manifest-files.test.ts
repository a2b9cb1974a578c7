import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readManifestFiles } from '../../src/store/manifest-files.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kboot-manifests-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const put = (path: string, text = path): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};
/** Files by their relative paths, or the problem. */
const read = (path = '.'): unknown => {
  const found = readManifestFiles(join(root, path));
  if (typeof found === 'string' || found.kind === 'kustomization') return found;
  return found.files.map((file) => relative(root, file.path));
};

describe('readManifestFiles', () => {
  it('reads a file, whatever its name, and the manifests of a folder in order', () => {
    for (const path of ['b.yaml', 'a.yml', 'in/c.json', 'README.md', '.hidden.yaml', '.git/d.yaml'])
      put(path);
    expect(read('README.md')).toEqual(['README.md']);
    expect(read()).toEqual(['a.yml', 'b.yaml', 'in/c.json']);
  });

  it('leaves a folder with a kustomization to kustomize', () => {
    put('kustomization.yaml');
    put('a.yaml');
    expect(read()).toEqual({ kind: 'kustomization', folder: join(root, '.') });
  });

  it('a link may not lead out of a folder', () => {
    put('in/a.yaml');
    put('secret.yaml');
    symlinkSync('a.yaml', join(root, 'in/b.yaml'));
    expect(read('in')).toEqual(['in/a.yaml', 'in/b.yaml']);
    symlinkSync('../secret.yaml', join(root, 'in/c.yaml'));
    expect(read('in')).toBe('has the link c.yaml, which leads out of it');
  });

  it('does not follow links to folders', () => {
    put('in/a.yaml');
    symlinkSync('..', join(root, 'in/up'));
    expect(read('in')).toEqual(['in/a.yaml']);
  });

  it('says why there is nothing to read', () => {
    mkdirSync(join(root, 'empty'));
    expect(read('none')).toBe('does not exist');
    expect(read('empty')).toBe('has no manifest (.yaml, .yml or .json)');
    writeFileSync(join(root, 'empty/a.yaml'), Buffer.from([0xff, 0xfe]));
    expect(read('empty')).toBe('has a.yaml, which is not UTF-8 text');
    expect(read('empty/a.yaml')).toBe('is not UTF-8 text');
    expect(readManifestFiles('/dev/null')).toBe('is not a file or folder');
  });

  it('reads no more than it may', () => {
    put('big.yaml');
    truncateSync(join(root, 'big.yaml'), 33 * 1024 * 1024);
    expect(read('big.yaml')).toBe('has more than 32 MiB of manifests');
    for (let n = 0; n <= 1000; n++) put(`many/${n}.yaml`, '');
    expect(read('many')).toBe('has more than 1000 files and folders');
  });
});
