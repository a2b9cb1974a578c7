import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { readdirSync, readFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { KbootError } from '../model/error.ts';
import { fileError, systemCode, unreadable } from './file-error.ts';
import type { State } from './state.ts';
import { remedies } from './remedies.ts';

const mostRuns = 10;
const mostBytes = 1 << 20;

/** The ends of the logs of the last runs, by file name; none if there were none. */
export function lastRunLogs({ runs }: State): ReadonlyMap<string, string> {
  let names: readonly string[] = [];
  try {
    names = readdirSync(runs).sort().slice(-mostRuns);
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw cause;
  }
  return new Map(
    names.map((name) => {
      const text = readFileSync(join(runs, name), 'utf8');
      const end = text.slice(-mostBytes);
      return [name, end.length < text.length ? end.slice(end.indexOf('\n') + 1) : end];
    }),
  );
}

/**
 * Writes a new .tar.gz that only its owner can read, with the files below a folder `name`. Returns its size in bytes. Throws
 * KbootError E-USAGE if the path exists or cannot be created, E-STATE if it cannot be written to its end.
 */
export async function writeSupportArchive(
  path: string,
  name: string,
  files: ReadonlyMap<string, string>,
  now: Date,
): Promise<number> {
  const tar = pack();
  const read = buffer(tar);
  for (const [file, text] of files) tar.entry({ name: `${name}/${file}`, mode: 0o600, mtime: now }, text);
  tar.finalize();
  const bytes = gzipSync(await read);
  const handle = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    const why = systemCode(cause) === 'EEXIST' ? 'already exists' : unreadable(cause);
    throw new KbootError('E-USAGE', `${path} ${why}; nothing was written.`, {
      remedy: remedies.otherArchive,
      cause,
    });
  });
  try {
    await handle.writeFile(bytes);
    await handle.close();
  } catch (cause) {
    await rm(path, { force: true });
    throw fileError('The file cannot be written', path, cause);
  }
  return bytes.length;
}
