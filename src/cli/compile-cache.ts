import { lstatSync, mkdirSync } from 'node:fs';
import * as module from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** What node:module has of it. */
interface CompileCache {
  readonly enableCompileCache?: (folder: string) => unknown;
}

/**
 * Has Node.js keep the compiled code of modules loaded from now on: a later start takes a quarter less. In
 * $XDG_CACHE_HOME/kboot, or ~/.cache/kboot: what lies there is executed, so it must be a folder that only this user can
 * write. Without one, or before Node.js 22.1, nothing is kept. NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE apply as always.
 */
export function keepCompiled({ enableCompileCache }: CompileCache = module as CompileCache): void {
  if (enableCompileCache === undefined || process.env['NODE_COMPILE_CACHE'] !== undefined) return;
  const given = process.env['XDG_CACHE_HOME'] ?? '';
  const folder = join(isAbsolute(given) ? given : join(homedir(), '.cache'), 'kboot');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    if (uid === process.getuid?.() && (mode & 0o022) === 0) enableCompileCache(folder);
  } catch {
    // A cache is worth no error.
  }
}
