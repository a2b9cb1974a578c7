import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { KbootError } from '../model/error.ts';
import { fileError } from './file-error.ts';

/** The operator's folder for one cluster: absolute paths. Only its owner may read it. */
export interface State {
  readonly dir: string;
  readonly pki: string;
  readonly runs: string;
  readonly lock: string;
}

/** `.kboot/NAME` beside the inventory. */
export function defaultStateDir(inventoryFile: string, clusterName: string): string {
  return join(dirname(resolve(inventoryFile)), '.kboot', clusterName);
}

/**
 * Creates the folder with mode 0700, or takes away what others may do in it. `dir` may be a symbolic link.
 * Throws E-STATE when it belongs to another user or cannot be made.
 */
export async function openState(dir: string): Promise<State> {
  const state = stateAt(dir);
  try {
    await mkdir(state.dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw fileError('The state folder cannot be made', state.dir, cause);
  }
  const mode = await checkedMode(state.dir);
  if (mode !== undefined && (mode & 0o077) !== 0) await chmod(state.dir, 0o700);
  // It holds private keys: a commit of everything beside the inventory must not take them along.
  await writeFile(join(state.dir, '.gitignore'), '*\n', { mode: 0o600 });
  return state;
}

/** For commands that only read: makes and changes nothing; the folder may not exist. Throws E-STATE as openState does. */
export async function peekState(dir: string): Promise<State> {
  const state = stateAt(dir);
  await checkedMode(state.dir);
  return state;
}

function stateAt(dir: string): State {
  const path = resolve(dir);
  return { dir: path, pki: join(path, 'pki'), runs: join(path, 'runs'), lock: join(path, 'lock') };
}

/** The folder's permission bits, or undefined when there is none. */
async function checkedMode(dir: string): Promise<number | undefined> {
  const found = await stat(dir).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw fileError('The state folder cannot be read', dir, cause);
  });
  if (found === undefined) return undefined;
  if (!found.isDirectory()) {
    throw new KbootError('E-STATE', `${dir} is not a folder.`, {
      remedy: 'Name another folder with --state.',
    });
  }
  const user = process.getuid?.();
  if (user !== undefined && found.uid !== user) {
    throw new KbootError('E-STATE', `${dir} belongs to user ${found.uid}; kboot runs as user ${user}.`, {
      remedy:
        'It holds private keys. Run kboot as its owner, change its owner, or name another folder with --state.',
    });
  }
  return found.mode & 0o777;
}
