import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { sha256 } from '../model/digest.ts';
import { unreadable } from './file-error.ts';

/** A file on this machine that the inventory names, or a variable of its environment. */
export interface Upload {
  readonly bytes: Buffer;
  readonly sha256: string;
  /** Undefined if it is not UTF-8 text. */
  readonly text: string | undefined;
  /** Plans show only its digest: it is not one of the files beside the inventory. */
  readonly isElsewhere?: boolean;
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

/**
 * Whether a plan may show the text of a file: it is in the folder of the inventory or in its git repository, links
 * followed, and neither it nor a folder on the way is hidden. An inventory that somebody else wrote could otherwise have
 * the plan show any file that this user can read: a key, a state folder, a `.env`.
 */
export function isBeside(path: string, inventoryFile: string): boolean {
  try {
    const folder = dirname(realpathSync(resolve(inventoryFile)));
    const way = relative(repositoryOf(folder) ?? folder, realpathSync(path));
    return !way.split(sep).some((step) => step.startsWith('.'));
  } catch {
    return false;
  }
}

function repositoryOf(folder: string): string | undefined {
  const up = dirname(folder);
  if (up === folder || folder === homedir()) return undefined;
  return existsSync(join(folder, '.git')) ? folder : repositoryOf(up);
}

/** Reads one file. Returns a phrase that follows its path if it cannot be read. */
export function readUpload(path: string): Upload | string {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return 'is not a file';
    const { size } = stat;
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
