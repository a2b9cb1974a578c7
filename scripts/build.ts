// npm run build: src/ → dist/, as in the package.
import { join } from 'node:path';
import { root } from './bundling.ts';
import { buildPackage } from './package.ts';

await buildPackage(join(root, 'dist'));
