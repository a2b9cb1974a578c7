import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeftover } from './atomic.ts';
import { fileError, systemCode } from './file-error.ts';
import type { State } from './state.ts';

/** Bytes of the files of a state folder by path, with `/`, sorted. */
export type StateFiles = ReadonlyMap<string, Buffer>;

/**
 * What stays on this machine: lock and logs of its runs, snapshots (large, and kept elsewhere if they are to last), and
 * what kboot knows about the copy.
 */
const local = /^(lock(\..*)?|runs|snapshots|\.gitignore|copy\.json|pull\.json|\.pull\..*|former-.*)$/;

/** Whether a name at the top of a state folder is part of its copy. */
export function isCopied(name: string): boolean {
  return !local.test(name) && !isLeftover(name) && !/^\.pki\.[0-9a-f]{16}\.tmp$/.test(name);
}

/** Every file that a copy contains; links are followed. Empty if the folder does not exist. Throws KbootError E-STATE. */
export async function readStateFiles({ dir }: Pick<State, 'dir'>): Promise<StateFiles> {
  const found = new Map<string, Buffer>();
  const walk = async (folder: string): Promise<void> => {
    const names = (await readdir(join(dir, folder))).sort();
    for (const name of names) {
      if (folder === '' ? !isCopied(name) : isLeftover(name)) continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      const full = join(dir, path);
      const kind = await stat(full);
      if (kind.isDirectory()) await walk(path);
      else if (kind.isFile()) found.set(path, await readFile(full));
    }
  };
  try {
    await walk('');
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT' || found.size > 0)
      throw fileError('The state folder cannot be read', dir, cause);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** SHA-256 of names and contents. */
export function digestOf(files: StateFiles): string {
  const hash = createHash('sha256');
  for (const [path, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${Buffer.byteLength(path)} ${path} ${bytes.length} `).update(bytes);
  return hash.digest('hex');
}
