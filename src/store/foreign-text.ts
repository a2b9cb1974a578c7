import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { systemCode, unreadable } from './file-error.ts';
import type { Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

const mebi = 1024 * 1024;
/** Files of people are small; outputs and states of Terraform and of `ansible-inventory --list` are not. */
export const textLimit = { written: 4 * mebi, generated: 32 * mebi } as const;

/** Of files of variables in one folder. */
const mostFiles = 2000;
const deepest = 5;

/**
 * The text of a file that another tool has, in UTF-8; `-` is standard input. Throws KbootError E-USAGE that names `flag`: it
 * cannot be read, is larger than `limit` bytes, or is not text.
 */
export function readForeignText(path: string, flag: string, limit: number): string {
  const refused = (problem: string, remedy: Text): KbootError =>
    new KbootError('E-USAGE', `${flag} ${path}: ${problem}; nothing was written.`, { remedy });
  let bytes: Buffer;
  try {
    bytes = readAtMost(path === '-' ? 0 : path, limit + 1);
  } catch (cause) {
    if (systemCode(cause) === undefined) throw cause;
    throw refused(`it ${unreadable(cause)}`, remedies.checkPath);
  }
  if (bytes.length > limit) throw refused(`it is larger than ${limit / mebi} MiB`, remedies.fileOfOneCluster);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused('it is not UTF-8 text', remedies.saveAsUtf8);
  }
}

/** Reads a file, a pipe or standard input, and not more than `most` bytes of it. */
function readAtMost(path: string | number, most: number): Buffer {
  const file = typeof path === 'number' ? path : openSync(path, 'r');
  try {
    if (fstatSync(file).isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.min(most - length, mebi));
      const count = chunk.length === 0 ? 0 : readOnce(file, chunk);
      if (count === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, count));
      length += count;
    }
  } finally {
    if (typeof path !== 'number') closeSync(file);
  }
}

function readOnce(file: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(file, chunk);
    } catch (cause) {
      // Standard input of a program that runs in the background or waits for its writer.
      if (systemCode(cause) === 'EOF') return 0;
      if (systemCode(cause) !== 'EAGAIN') throw cause;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** Endings of files of variables, in the order in which Ansible looks for them; it takes the first. */
const endings = ['', '.yml', '.yaml', '.json'];

/**
 * Files of variables of a group or host in a folder, as Ansible finds them: `NAME`, else `NAME.yml`, `.yaml` or `.json`; of a
 * folder `NAME`, every such file in it and below, in order of their names. Throws KbootError E-USAGE if there are too many.
 */
export function variableFiles(folder: string, name: string): readonly string[] {
  if (/[/\0]/.test(name) || name === '.' || name === '..') return [];
  for (const ending of endings) {
    const path = join(folder, `${name}${ending}`);
    const kind = kindOf(path);
    if (kind === 'file') return [path];
    if (kind === 'folder') return filesBelow(path);
  }
  return [];
}

function filesBelow(folder: string): readonly string[] {
  const found: string[] = [];
  const visit = (path: string, depth: number): void => {
    for (const name of namesIn(path)) {
      if (name.startsWith('.') || name.endsWith('~')) continue;
      const below = join(path, name);
      const kind = kindOf(below);
      if (kind === 'folder' && depth < deepest) visit(below, depth + 1);
      if (kind === 'file' && endings.includes(extname(name))) found.push(below);
      if (found.length > mostFiles)
        throw new KbootError('E-USAGE', `${folder} has more than ${mostFiles} files; nothing was written.`, {
          remedy: remedies.mergeByAnsible,
        });
    }
  };
  visit(folder, 0);
  return found;
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return 'folder';
  return found?.isFile() === true ? 'file' : undefined;
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}
