import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile, Plugin } from 'esbuild';
import { codeCacheName, scriptName } from '../src/start/script.ts';
import { bundleScript, bundleStart, root } from './bundling.ts';
import { bundledPackages, notices, runtimePackages } from './third-party.ts';

/** ssh2's native parts, which npm builds where kboot is installed, if it can. */
const nativeParts: Plugin = {
  name: 'native parts',
  setup(build) {
    build.onResolve({ filter: /^cpu-features$/ }, ({ path }) => ({ path, external: true }));
    build.onResolve({ filter: /\/sshcrypto\.node$/ }, ({ path }) => ({
      path: join('ssh2/lib/protocol', path),
      external: true,
    }));
  },
};

/**
 * Builds the package into `dist`, which is emptied first: all of kboot as one script, which needs only ssh2's native parts
 * from npm, and the notices of everything in it; no code cache. Returns esbuild's metafile.
 */
export async function buildPackage(dist: string): Promise<Metafile> {
  rmSync(dist, { recursive: true, force: true });
  const metafile = await bundleScript(dist, [nativeParts]);
  await bundleStart(join(dist, 'main.js'), { format: 'esm' });
  chmodSync(join(dist, 'main.js'), 0o755);
  const shipped = new Set([...bundledPackages(metafile), ...runtimePackages()]);
  writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), notices([...shipped]));
  return metafile;
}

/** Adds the code cache to a folder with the script, of what a plan without hosts runs: that is most of a plan with hosts. */
export function writeCodeCache(folder: string): void {
  const kept = [join(folder, scriptName), join(folder, codeCacheName)];
  const plan = ['plan', join(root, 'inventories/ha.yaml'), '--offline'];
  const argv = ['--import', 'tsx', join(root, 'scripts/code-cache.ts'), ...kept, ...plan];
  execFileSync(process.execPath, argv, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
