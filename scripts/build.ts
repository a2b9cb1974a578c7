// npm run build: src/ → dist/, as in the package, and the code cache for this Node.
import { join } from 'node:path';
import { root } from './bundling.ts';
import { buildPackage, writeCodeCache } from './package.ts';

const dist = join(root, 'dist');
await buildPackage(dist);
writeCodeCache(dist);
