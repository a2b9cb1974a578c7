import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import * as z from 'zod';
import { KbootError } from '../model/error.ts';
import { isCopied, type StateFiles } from './state-files.ts';
import { remedies } from './remedies.ts';

/** The format that this kboot writes, and the newest that it reads. */
const format = 1;
const aboutName = 'kboot-state.json';
const limit = 256 * 1024 * 1024;

const schema = z.object({
  format: z.literal(format),
  cluster: z.string(),
  clusterId: z.string().optional(),
  /** Counts the pushes. */
  generation: z.int().min(1),
  /** Public keys that it is encrypted for; empty: a passphrase. */
  recipients: z.array(z.string()),
  at: z.string(),
  by: z.string(),
});

/** What a copy says of itself. */
export type AboutCopy = Omit<z.infer<typeof schema>, 'format'>;

/** A tar archive of the files, after what it says of itself: `age -d FILE | tar t` lists it without kboot. */
export async function packState(about: AboutCopy, files: StateFiles): Promise<Buffer> {
  const tar = pack();
  const read = buffer(tar);
  const add = (name: string, bytes: string | Buffer): void => {
    tar.entry({ name, mode: 0o600, mtime: new Date(0) }, bytes);
  };
  add(aboutName, `${JSON.stringify({ format, ...about }, null, 2)}\n`);
  for (const [path, bytes] of files) add(path, bytes);
  tar.finalize();
  return await read;
}

/**
 * What packState packed. Throws KbootError E-STATE-COPY for anything that it would not have: nothing but files of a state
 * folder, with paths that stay inside of it. `name` is that of the copy.
 */
export async function unpackState(
  archive: Uint8Array,
  name: string,
): Promise<{ readonly about: AboutCopy; readonly files: StateFiles }> {
  const entries = await entriesOf(archive, name);
  const about = aboutOf(entries.get(aboutName), name);
  entries.delete(aboutName);
  const odd = [...entries.keys()].find((path) => !isPath(path, entries));
  if (odd !== undefined)
    throw refused(name, `contains ${JSON.stringify(odd)}, which is not a file of a state folder`);
  return { about, files: entries };
}

async function entriesOf(archive: Uint8Array, name: string): Promise<Map<string, Buffer>> {
  const entries = new Map<string, Buffer>();
  const tar = extract();
  Readable.from([archive]).pipe(tar);
  try {
    for await (const entry of tar) {
      const { name: path, type, size } = entry.header;
      if (type !== 'file')
        throw refused(name, `contains ${JSON.stringify(path)}, which is not a file but a ${type}`);
      if (entries.has(path)) throw refused(name, `contains ${JSON.stringify(path)} twice`);
      if (size > limit) throw refused(name, `contains ${JSON.stringify(path)}, which is too large`);
      entries.set(path, await buffer(entry));
    }
  } catch (cause) {
    throw cause instanceof KbootError ? cause : refused(name, 'does not contain an archive', cause);
  }
  return entries;
}

function aboutOf(bytes: Buffer | undefined, name: string): AboutCopy {
  let stated: unknown;
  try {
    stated = JSON.parse(bytes?.toString() ?? '');
  } catch (cause) {
    throw refused(name, 'is not a copy of a state folder', cause);
  }
  const parsed = schema.safeParse(stated);
  if (parsed.success) return parsed.data;
  const newer = z.object({ format: z.number().gt(format) }).safeParse(stated);
  if (newer.success)
    throw new KbootError(
      'E-STATE-COPY',
      `${name} was written by a newer kboot: its format is ${newer.data.format}`,
      {
        remedy: remedies.newerFormat({ format }),
      },
    );
  throw refused(name, 'is not a copy of a state folder');
}

/** Whether a path is one of a file below a folder, which no other path needs as a folder. */
function isPath(path: string, all: ReadonlyMap<string, unknown>): boolean {
  const parts = path.split('/');
  const [top = ''] = parts;
  return (
    isCopied(top) &&
    !path.includes('\0') &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..') &&
    parts.every((_part, index) => index === 0 || !all.has(parts.slice(0, index).join('/')))
  );
}

function refused(name: string, why: string, cause?: unknown): KbootError {
  return new KbootError('E-STATE-COPY', `${name} ${why}`, {
    cause,
    remedy: remedies.notAnArchive,
  });
}
