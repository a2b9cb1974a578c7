import { chmodSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { bundling, dataFiles, root } from './bundling.ts';
import { bundledPackages, notices, runtimePackages } from './third-party.ts';

/**
 * Builds the package into `dist`, which is emptied first: a handful of modules instead of hundreds, which need only
 * ssh2 from npm, and the notices of everything in them. Returns esbuild's metafile.
 */
export async function buildPackage(dist: string): Promise<Metafile> {
  rmSync(dist, { recursive: true, force: true });
  const { metafile } = await build({
    ...bundling,
    outdir: dist,
    splitting: true,
    format: 'esm',
    // Has a native addon that is built at installation.
    external: ['ssh2'],
    banner: {
      js: "import { createRequire as __kbootRequire } from 'node:module'; const require = __kbootRequire(import.meta.url);",
    },
  });
  for (const path of dataFiles()) cpSync(join(root, path), join(dist, basename(path)));
  chmodSync(join(dist, 'main.js'), 0o755);
  const shipped = new Set([...bundledPackages(metafile), ...runtimePackages()]);
  writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), notices([...shipped]));
  return metafile;
}
