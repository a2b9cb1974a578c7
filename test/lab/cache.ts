import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The cache folder of slow results (root file system, Debian's files); made if absent. */
export async function cacheDir(): Promise<string> {
  const dir = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kboot-lab');
  await mkdir(dir, { recursive: true });
  return dir;
}
