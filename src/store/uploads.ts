import { readFileSync, statSync } from 'node:fs';
import { sha256 } from '../model/digest.ts';
import { unreadable } from './file-error.ts';

/** A file on this machine that the inventory names, or a variable of its environment. */
export interface Upload {
  readonly bytes: Buffer;
  readonly sha256: string;
  /** Undefined if it is not UTF-8 text. */
  readonly text: string | undefined;
}

/** By absolute path, or by variableName. */
export type Uploads = ReadonlyMap<string, Upload>;

/** Maximum size of a file in bytes: plans contain texts, and a run keeps all files in memory. */
export const uploadLimit = 16 * 1024 * 1024;

/** The name of an environment variable among the uploads; no absolute path. */
export function variableName(variable: string): string {
  return `env ${variable}`;
}

/** Takes one environment variable. Returns a phrase that follows its name if it is not set. */
export function readVariable(value: string | undefined): Upload | string {
  if (value === undefined || value === '') return 'is not set in the environment of kboot';
  const bytes = Buffer.from(value);
  return { bytes, sha256: sha256(bytes), text: value };
}

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
