import { readFileSync, statSync } from 'node:fs';
import { sha256 } from '../model/digest.ts';
import { unreadable } from './file-error.ts';

/** A file on this machine that spec.files names. */
export interface Upload {
  readonly bytes: Buffer;
  readonly sha256: string;
  /** Undefined where it is no UTF-8 text. */
  readonly text: string | undefined;
}

/** By absolute path. */
export type Uploads = ReadonlyMap<string, Upload>;

/** Bytes that one file may have: plans keep texts, and a run keeps them all in memory. */
export const uploadLimit = 16 * 1024 * 1024;

/** Reads one file. Returns a phrase that follows its path when it cannot be had. */
export function readUpload(path: string): Upload | string {
  try {
    const { size } = statSync(path);
    if (size > uploadLimit)
      return `has ${Math.ceil(size / 1024 / 1024)} MiB; spec.files takes ${uploadLimit / 1024 / 1024} MiB at most`;
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
