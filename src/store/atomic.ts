import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { visibleJson } from '../model/visible.ts';
import { fileError, systemCode } from './file-error.ts';
import { remedies } from './remedies.ts';

type FileData = string | Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Replaces `path` atomically, even across a crash: a temporary file beside it, fsync, rename, fsync of the folder.
 * Missing parent folders are created with mode 0700. Throws E-STATE, or the KbootError of `data`.
 */
export async function writeAtomic(path: string, data: FileData, mode = 0o600): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await writeSynced(temporary, data, mode);
      await rename(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true });
      throw cause;
    }
    await syncFolder(folder);
  } catch (cause) {
    throw cause instanceof KbootError ? cause : fileError('The file cannot be written', path, cause);
  }
}

/** Whether a file name is that of a temporary file left behind by a killed writeAtomic. */
export function isLeftover(name: string): boolean {
  return /^\..+\.[0-9a-f]{16}\.tmp$/.test(name);
}

/** The text of a file, or undefined if it does not exist. Throws E-STATE if it cannot be read. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw fileError('The file cannot be read', path, cause);
  }
}

/** Saves `value` as indented JSON, readable by its owner only. */
export async function saveJson(path: string, value: unknown): Promise<void> {
  await writeAtomic(path, `${visibleJson(value, 2)}\n`);
}

/** The value written by saveJson, unchecked; undefined if the file does not exist. Throws E-STATE if it is not JSON. */
export async function loadJson(path: string): Promise<unknown> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new KbootError('E-STATE', `The file is not JSON: ${path}`, {
      cause,
      remedy: remedies.restoreOrRemove,
    });
  }
}

async function writeSynced(path: string, data: FileData, mode: number): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await writeFile(file, data);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
