import { existsSync } from 'node:fs';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { KbootError } from '../model/error.ts';
import { fileError } from './file-error.ts';
import { remedies } from './remedies.ts';

/** The operator's folder for one cluster: absolute paths. Only its owner can read it. */
export interface State {
  readonly dir: string;
  readonly pki: string;
  /** Records the cluster's identity, which outlives its CA. */
  readonly clusterId: string;
  /** Records an exchange of CAs that has begun. */
  readonly rotation: string;
  /** Records which of spec.pki.rotate were exchanged. */
  readonly rotated: string;
  readonly runs: string;
  readonly lock: string;
  /** Is there while files of another state take the place of these. */
  readonly replacing: string;
}

/** `.kboot/NAME` beside the inventory. */
export function defaultStateDir(inventoryFile: string, clusterName: string): string {
  return join(dirname(resolve(inventoryFile)), '.kboot', clusterName);
}

/**
 * Creates the folder with mode 0700, or removes other users' permissions on it. `dir` may be a symbolic link.
 * Throws E-STATE if it belongs to another user or cannot be created or written, E-STATE-COPY if a pull was killed there; `pulling` goes on with it.
 */
export async function openState(dir: string, { pulling = false } = {}): Promise<State> {
  const state = stateAt(dir);
  if (!pulling) refuseHalfReplaced(state);
  try {
    await mkdir(state.dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw fileError('The state folder cannot be created', state.dir, cause);
  }
  const mode = await checkedMode(state.dir);
  try {
    if (mode !== undefined && (mode & 0o077) !== 0) await chmod(state.dir, 0o700);
    // It contains private keys: a commit of everything beside the inventory must not include them.
    await writeFile(join(state.dir, '.gitignore'), '*\n', { mode: 0o600 });
  } catch (cause) {
    throw fileError('The state folder cannot be written', state.dir, cause);
  }
  return state;
}

/** For read-only commands: creates and changes nothing; the folder need not exist. Throws like openState. */
export async function peekState(dir: string, { pulling = false } = {}): Promise<State> {
  const state = stateAt(dir);
  if (!pulling) refuseHalfReplaced(state);
  await checkedMode(state.dir);
  return state;
}

/** Files of two states are there. */
function refuseHalfReplaced({ dir, replacing }: State): void {
  if (existsSync(replacing))
    throw new KbootError('E-STATE-COPY', `${dir}: a pull was interrupted and is not complete`, {
      remedy: remedies.completePull,
    });
}

function stateAt(dir: string): State {
  const path = resolve(dir);
  const below = (name: string): string => join(path, name);
  return {
    dir: path,
    pki: below('pki'),
    clusterId: below('cluster-id'),
    rotation: below('rotation.json'),
    rotated: below('rotated.json'),
    runs: below('runs'),
    lock: below('lock'),
    replacing: below('pull.json'),
  };
}

/** The folder's permission bits, or undefined if it does not exist. */
async function checkedMode(dir: string): Promise<number | undefined> {
  const found = await stat(dir).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw fileError('The state folder cannot be read', dir, cause);
  });
  if (found === undefined) return undefined;
  if (!found.isDirectory()) {
    throw new KbootError('E-STATE', `${dir} is not a folder.`, {
      remedy: remedies.otherFolder,
    });
  }
  const user = process.getuid?.();
  if (user !== undefined && found.uid !== user) {
    throw new KbootError('E-STATE', `${dir} belongs to user ${found.uid}, but kboot runs as user ${user}.`, {
      remedy: remedies.holdsPrivateKeys,
    });
  }
  return found.mode & 0o777;
}
