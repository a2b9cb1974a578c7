import { readFileSync, statSync } from 'node:fs';
import { sha256 } from '../model/digest.ts';
import { unreadable } from './file-error.ts';

/** A file on this machine that is listed in spec.files. */
export interface Upload {
  readonly bytes: Buffer;
  readonly sha256: string;
  /** Undefined if it is not UTF-8 text. */
  readonly text: string | undefined;
}

/** By absolute path. */
export type Uploads = ReadonlyMap<string, Upload>;

/** Maximum size of a file in bytes: plans contain texts, and a run keeps all files in memory. */
export const uploadLimit = 16 * 1024 * 1024;

/** Reads one file. Returns a phrase that follows its path if it cannot be read. */
export function readUpload(path: string): Upload | string {
  try {
    const { size } = statSync(path);
    if (size > uploadLimit)
      return `has ${Math.ceil(size / 1024 / 1024)} MiB; the maximum for spec.files is ${uploadLimit / 1024 / 1024} MiB`;
    const bytes = readFileSync(path);
    return { bytes, sha256: sha256(bytes), text: textOf(bytes) };
  } catch (cause) {
    return unreadable(cause);
  }
}

function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
