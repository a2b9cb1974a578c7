import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lockFileName } from '../catalog/release-lock.ts';
import { KbootError } from '../model/error.ts';
import { writeAtomic } from './atomic.ts';
import { fileError, systemCode, unreadable } from './file-error.ts';
import { remedies } from './remedies.ts';

/** The path of the lock for an inventory: in the same folder. */
export function lockPath(inventory: string): string {
  return join(dirname(inventory), lockFileName);
}

/** The text of a lock; undefined if the file does not exist. Throws KbootError E-INVENTORY if it cannot be read. */
export function readLockText(path: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined;
    const why = cause instanceof TypeError ? 'is not UTF-8 text' : unreadable(cause);
    throw new KbootError('E-INVENTORY', `${path} ${why}`, {
      cause,
      remedy: remedies.repairLockFile,
    });
  }
}

/** Writes a lock, completely or not at all. Throws KbootError E-STATE. */
export async function writeLockText(path: string, text: string): Promise<void> {
  try {
    await writeAtomic(path, text, 0o644);
  } catch (cause) {
    if (cause instanceof KbootError) throw cause;
    throw fileError('Cannot write the lock', path, cause);
  }
}
