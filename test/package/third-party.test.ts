import { createRequire } from 'node:module';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/bundling.ts';
import { buildPackage } from '../../scripts/package.ts';
import { notices } from '../../scripts/third-party.ts';

interface Package {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Record<string, string>;
}

const dist = mkdtempSync(join(tmpdir(), 'kboot-dist-'));
let metafile: Metafile;
let text: string;
beforeAll(async () => {
  metafile = await buildPackage(dist);
  text = readFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
});
afterAll(() => {
  rmSync(dist, { recursive: true, force: true });
});

const manifest = (folder: string): Package =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package;

/** Folder of the package that a file belongs to. */
function packageOf(file: string): string {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? '';
}

/** A package and all that it requires, found as Node finds them. */
function withDependencies(folder: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(folder)) return seen;
  seen.add(folder);
  const { resolve } = createRequire(join(folder, 'package.json'));
  for (const name of Object.keys(manifest(folder).dependencies ?? {}))
    withDependencies(packageOf(resolve(`${name}/package.json`)), seen);
  return seen;
}

describe('THIRD-PARTY-NOTICES.txt', () => {
  const titled = ({ name, version }: Package): string => `\n${name} ${version}\nLicence: `;

  it('names every package that something in dist is from', () => {
    const folders = new Set(
      Object.keys(metafile.inputs)
        .filter((path) => path.includes('node_modules/'))
        .map((path) => packageOf(join(root, path))),
    );
    expect(folders.size).toBeGreaterThan(40);
    const missing = [...folders].map(manifest).filter((each) => !text.includes(titled(each)));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('names every package that is installed beside kboot', () => {
    const { dependencies = {} } = manifest(root);
    const needed = Object.keys(dependencies).flatMap((name) => [
      ...withDependencies(realpathSync(join(root, 'node_modules', name))),
    ]);
    expect(needed.length).toBeGreaterThan(3);
    expect(needed.map(manifest).filter((each) => !text.includes(titled(each)))).toEqual([]);
  });

  it('holds the text of each licence', () => {
    const entries = text.split(`${'='.repeat(80)}\n\n`).slice(1);
    expect(entries.length).toBeGreaterThan(45);
    expect(entries.filter((entry) => !/copyright|public domain/i.test(entry))).toEqual([]);
    expect(text).toContain(readFileSync(join(root, 'node_modules/zod/LICENSE'), 'utf8').trim());
  });

  it('refuses a package whose licence is not allowed', () => {
    expect(() => notices(['node_modules/argparse'])).toThrow(/PSF-2.0.*is not allowed/);
    expect(notices(['node_modules/node-forge'])).toContain('Licence: BSD-3-Clause');
  });

  it('tells apart two versions of a package', () => {
    expect(text.match(/^wrap-ansi \d+/gm)).toEqual(['wrap-ansi 10', 'wrap-ansi 9']);
  });
});
