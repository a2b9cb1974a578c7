import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import pLimit from 'p-limit';
import type { Material } from '../pki/plan.ts';
import { isLeftover } from './atomic.ts';
import { fileError, systemCode } from './file-error.ts';
import { readStateFile } from './private-files.ts';
import type { State } from './state.ts';

/** Every .crt and .key under the state's pki folder; empty if the folder does not exist. Read-only. Throws E-STATE, E-STATE-KEY. */
export async function readPkiFiles(state: State): Promise<Material> {
  return await readFiles(state, /\.(crt|key)$/);
}

/** Every .crt: needs no passphrase. Otherwise like readPkiFiles. */
export async function readCertificates(state: State): Promise<Material> {
  return await readFiles(state, /\.crt$/);
}

async function readFiles(state: State, names: RegExp): Promise<Material> {
  const limit = pLimit(16);
  const files = (await entries(state)).filter(({ kind, path }) => kind === 'file' && names.test(path));
  const texts = await Promise.all(
    files.map(({ path }) =>
      limit(async () => [path, await readStateFile(state, join(state.pki, path))] as const),
    ),
  );
  return new Map(texts.flatMap(([path, text]) => (text === undefined ? [] : [[path, text] as const])));
}

/**
 * Removes files that a killed run left half-written, and makes files that the user put there private; targets of
 * symbolic links are not changed. The caller holds the lock. Throws E-STATE.
 */
export async function tidyPkiFiles(state: State): Promise<void> {
  for (const { path, kind, name } of await entries(state)) {
    const full = join(state.pki, path);
    try {
      if (kind === 'file' && isLeftover(name)) await rm(full, { force: true });
      else await makePrivate(full, kind === 'folder' ? 0o700 : 0o600);
    } catch (cause) {
      throw fileError('The file cannot be made private', full, cause);
    }
  }
}

async function makePrivate(path: string, mode: number): Promise<void> {
  const found = await lstat(path);
  if (!found.isSymbolicLink() && (found.mode & 0o077) !== 0) await chmod(path, mode);
}

interface Entry {
  readonly name: string;
  /** Relative to the pki folder, with `/`. */
  readonly path: string;
  readonly kind: 'file' | 'folder';
}

async function entries(state: State): Promise<readonly Entry[]> {
  try {
    const found = await readdir(state.pki, { recursive: true, withFileTypes: true });
    return found.map((entry) => ({
      name: entry.name,
      path: relative(state.pki, join(entry.parentPath, entry.name)).split(sep).join('/'),
      kind: entry.isDirectory() ? 'folder' : 'file',
    }));
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return [];
    throw fileError('The folder cannot be read', state.pki, cause);
  }
}
