import { join } from 'node:path';
import { packageRoot, readOwn } from './own-files.ts';

/** kboot's own version, from its package.json. */
export function kbootVersion(): string {
  const text = readOwn(join(packageRoot, 'package.json'));
  return (JSON.parse(text) as { version: string }).version;
}
