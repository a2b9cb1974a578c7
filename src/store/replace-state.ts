import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { loadJson, saveJson, writeAtomic } from './atomic.ts';
import { recordSeen, seenCopy, type SeenCopy } from './copy-record.ts';
import { fileError } from './file-error.ts';
import { isCopied, type StateFiles } from './state-files.ts';
import type { State } from './state.ts';

const schema = z.object({
  /** Names at the top of the new files. */
  names: z.array(z.string()),
  /** Folder that keeps the former files; absent: they go. */
  keep: z.string().optional(),
  seen: seenCopy,
});

type Dir = Pick<State, 'dir' | 'replacing'>;
const stageOf = ({ dir }: Dir): string => join(dir, '.pull.new');
const formerOf = ({ dir }: Dir): string => join(dir, '.pull.former');

/**
 * Puts files into the place of all that a copy contains; `keep` is a folder for the former ones. The caller holds the lock.
 * If it is killed before the record pull.json is there, nothing has changed; after that, continueReplacing completes it.
 * Throws KbootError E-STATE.
 */
export async function replaceState(
  state: Dir,
  files: StateFiles,
  seen: SeenCopy,
  keep?: string,
): Promise<void> {
  const stage = stageOf(state);
  await rm(stage, { recursive: true, force: true });
  for (const [path, bytes] of files) await writeAtomic(join(stage, path), bytes);
  const names = [...new Set([...files.keys()].map((path) => path.split('/')[0] ?? ''))];
  await saveJson(state.replacing, { names, ...(keep !== undefined && { keep }), seen });
  await continueReplacing(state);
}

/** Completes a replacement that has begun; false if none has. The caller holds the lock. Throws KbootError E-STATE. */
export async function continueReplacing(state: Dir): Promise<boolean> {
  const found = await loadJson(state.replacing);
  if (found === undefined) return false;
  const { names, keep, seen } = schema.parse(found);
  const [stage, former] = [stageOf(state), formerOf(state)];
  try {
    await mkdir(former, { recursive: true, mode: 0o700 });
    for (const name of await readdir(state.dir))
      // What is staged no longer has taken its place already.
      if (isCopied(name) && (!names.includes(name) || existsSync(join(stage, name))))
        await rename(join(state.dir, name), join(former, name));
    for (const name of names)
      if (existsSync(join(stage, name))) await rename(join(stage, name), join(state.dir, name));
    await recordSeen(state, seen);
    // Killed after this, the next call finds them kept.
    if (keep !== undefined && !existsSync(join(state.dir, keep))) await rename(former, join(state.dir, keep));
    await rm(former, { recursive: true, force: true });
    await rm(stage, { recursive: true, force: true });
    await rm(state.replacing);
  } catch (cause) {
    throw fileError('The state folder cannot be replaced', state.dir, cause);
  }
  return true;
}
