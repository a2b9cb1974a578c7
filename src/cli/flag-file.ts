import { readFileSync } from 'node:fs';
import { KbootError } from '../model/error.ts';
import { unreadable } from '../store/file-error.ts';

/** The content of the file that a flag names. Throws KbootError E-USAGE, with the flag, if it cannot be read. */
export function fileOfFlag(flag: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new KbootError('E-USAGE', `${flag} ${file} ${unreadable(cause)}`);
  }
}
