import { existsSync } from 'node:fs';
import { KbootError } from '../../model/error.ts';
import { plural } from '../../model/plural.ts';
import { recordSeen } from '../../store/copy-record.ts';
import { acquireLock } from '../../store/lock.ts';
import { continueReplacing, replaceState } from '../../store/replace-state.ts';
import type { AboutCopy } from '../../store/state-archive.ts';
import { digestOf, type StateFiles } from '../../store/state-files.ts';
import { openState, peekState, type State } from '../../store/state.ts';
import { compare, formerName, openCopy, readCopy, type CopySite, type ReadCopy } from './copy.ts';
import type { MayOverwrite } from './push.ts';
import { remedies } from '../remedies.ts';

export interface Pulled {
  /** false: the folder has exactly this already. */
  readonly written: boolean;
  readonly generation: number;
  readonly files: number;
  /** Who pushed it, and when; absent: it was not decrypted, since nothing has changed. */
  readonly about?: AboutCopy;
  /** Folder with the files that were overwritten by force. */
  readonly kept?: string;
}

/**
 * Puts the copy into the place of the state folder's files. Overwrites only what was pushed or pulled last; `force` is asked
 * about anything else, and what it overwrites is kept. Returns undefined if it answered no. A pull that was killed is
 * completed first. Throws KbootError E-STATE-COPY, E-STATE-KEY, E-STATE, E-LOCKED, before anything is written.
 */
export async function pullState(
  site: CopySite,
  {
    identity,
    force,
  }: { readonly identity?: string | undefined; readonly force?: MayOverwrite | undefined } = {},
): Promise<Pulled | undefined> {
  await completePull(site);
  const read = await readCopy(site);
  if (read.bytes === undefined)
    throw new KbootError('E-STATE-COPY', `there is no copy ${site.target}`, {
      remedy: remedies.noCopy,
    });
  // What cannot be used leaves no empty folder behind.
  if (read.files.size === 0) await openCopy(site, read.bytes, read, identity);
  return await underLock(site, (state) => pull(site, state, identity, force));
}

/** Whether the copy is there or not: files of a pull that was killed are on this disk. */
async function completePull(site: CopySite): Promise<void> {
  const { replacing } = await peekState(site.dir, { pulling: true });
  if (existsSync(replacing)) await underLock(site, continueReplacing);
}

async function underLock<T>(site: CopySite, act: (state: State) => Promise<T>): Promise<T> {
  const state = await openState(site.dir, { pulling: true });
  const lock = await acquireLock(state, `kboot state pull ${site.inventoryFile}`);
  try {
    return await act(state);
  } finally {
    await lock.release();
  }
}

async function pull(
  site: CopySite,
  state: State,
  identity: string | undefined,
  force: MayOverwrite | undefined,
): Promise<Pulled | undefined> {
  const read = await readCopy(site);
  const { bytes = Buffer.alloc(0), sha256: sum = '', seen, files, content } = read;
  const comparison = compare(read, site.recipients);
  if (seen !== undefined && (comparison === 'same' || comparison === 'recipients-changed'))
    return { written: false, generation: seen.generation, files: files.size };
  const copy = await openCopy(site, bytes, read, identity);
  const { about } = copy;
  const now = {
    generation: about.generation,
    sha256: sum,
    content: digestOf(copy.files),
    recipients: about.recipients,
  };
  const done = { generation: about.generation, files: copy.files.size, about };
  if (now.content === content) {
    await recordSeen(state, now);
    return { written: false, ...done };
  }
  const unpushed = files.size > 0 && content !== seen?.content;
  const older = seen !== undefined && about.generation < seen.generation;
  if (!unpushed && !older) {
    await replaceState(state, copy.files, now);
    return { written: true, ...done };
  }
  if (force === undefined) throw unpushed ? lossOf(site, read, copy.files) : rollback(site, read, about);
  const kept = formerName(new Date());
  const question = `Overwrite ${plural(differing(files, copy.files).length, 'file')} of ${site.dir}? The former ones are kept in ${kept}`;
  if (!(await force(question))) return undefined;
  await replaceState(state, copy.files, now, kept);
  return { written: true, ...done, kept };
}

/** Paths of files that are not equal on both sides. */
function differing(here: StateFiles, there: StateFiles): readonly string[] {
  return [...new Set([...here.keys(), ...there.keys()])].filter(
    (path) => there.get(path)?.equals(here.get(path) ?? Buffer.alloc(0)) !== true || !here.has(path),
  );
}

function lossOf(
  { dir, target }: CopySite,
  { seen, files, sha256: sum }: ReadCopy,
  there: StateFiles,
): KbootError {
  const what = plural(differing(files, there).length, 'file');
  const isNewer = seen !== undefined && sum !== seen.sha256;
  return new KbootError(
    'E-STATE-COPY',
    seen === undefined
      ? `${dir} was never pushed to ${target}, and differs from it in ${what}`
      : `${dir} was changed since it was last pushed or pulled, and differs from ${target} in ${what}`,
    {
      remedy: isNewer ? remedies.bothChanged : remedies.folderChanged,
    },
  );
}

function rollback({ target }: CopySite, { seen }: ReadCopy, about: AboutCopy): KbootError {
  return new KbootError(
    'E-STATE-COPY',
    `${target} is older than what was last pushed or pulled here: generation ${about.generation}, not ${seen?.generation ?? 0}`,
    {
      remedy: remedies.olderCopy,
    },
  );
}
