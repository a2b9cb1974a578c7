import { randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Material } from '../pki/plan.ts';
import { readText, writeAtomic } from './atomic.ts';
import { fileError } from './file-error.ts';
import { writeStateFile } from './private-files.ts';
import { readPkiFiles } from './pki-files.ts';
import type { State } from './state.ts';

/** What a state folder has of a cluster. */
export interface KeptState {
  readonly material: Material;
  readonly clusterId: string | undefined;
}

/** Reads it unchecked; empty if the folder does not exist. Throws E-STATE. */
export async function readKeptState(state: State): Promise<KeptState> {
  return {
    material: await readPkiFiles(state),
    clusterId: (await readText(state.clusterId))?.trim(),
  };
}

/**
 * Writes the keys of a cluster into a state folder that has none. The caller holds the lock. All or nothing: the pki
 * folder appears complete, by a rename; if the process is killed before, the next call starts again. Throws E-STATE.
 */
export async function writeNewState(
  state: State,
  { material, clusterId }: { readonly material: Material; readonly clusterId: string },
): Promise<void> {
  for (const name of await readdir(state.dir))
    if (/^\.pki\.[0-9a-f]{16}\.tmp$/.test(name)) await rm(join(state.dir, name), { recursive: true });
  const temporary = join(state.dir, `.pki.${randomBytes(8).toString('hex')}.tmp`);
  for (const [path, text] of material) await writeStateFile(state, join(temporary, path), text);
  await writeAtomic(state.clusterId, `${clusterId}\n`);
  try {
    // An empty folder may be there; rename replaces it, and refuses one with files.
    await rename(temporary, state.pki);
  } catch (cause) {
    throw fileError('The folder cannot be written', state.pki, cause);
  }
}
