// npm run build: src/ → dist/, as in the package, and the code cache for this Node. dist/ is replaced when all of it is there: what
// runs from it meanwhile, or is built by another run, is whole.
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bundling.ts';
import { buildPackage, writeCodeCache } from './package.ts';

const dist = join(root, 'dist');
const [built, former] = [`${dist}-${process.pid}`, `${dist}-${process.pid}-former`];
try {
  await buildPackage(built);
  writeCodeCache(built);
  unless('ENOENT', () => {
    renameSync(dist, former);
  });
  unless('ENOTEMPTY', () => {
    renameSync(built, dist);
  });
} finally {
  for (const folder of [built, former]) rmSync(folder, { recursive: true, force: true });
}

/** Does nothing if it fails with `code`. */
function unless(code: string, change: () => void): void {
  try {
    change();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  }
}
