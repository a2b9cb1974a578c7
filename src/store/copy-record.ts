import { join } from 'node:path';
import * as z from 'zod';
import { KbootError } from '../model/error.ts';
import { loadJson, saveJson } from './atomic.ts';
import type { State } from './state.ts';
import { remedies } from './remedies.ts';

const seen = z.object({
  /** Of the copy as it was last pushed or pulled here. */
  generation: z.int().min(1),
  /** SHA-256 of that file. */
  sha256: z.string(),
  /** Digest of the state folder's files in it. */
  content: z.string(),
  recipients: z.array(z.string()),
});
const schema = seen.extend({
  /** A push that has begun: what the copy is if it was completed. */
  pushing: seen.optional(),
});

/** A copy that was seen. */
export type SeenCopy = z.infer<typeof seen>;

const fileOf = ({ dir }: Pick<State, 'dir'>): string => join(dir, 'copy.json');

/**
 * The copy that this folder was last pushed to or pulled from; `now` is the SHA-256 of the copy as it is, which tells whether
 * a push that was killed had come to its end. Throws KbootError E-STATE.
 */
export async function readSeen(
  state: Pick<State, 'dir'>,
  now: string | undefined,
): Promise<SeenCopy | undefined> {
  const found = await loadJson(fileOf(state));
  if (found === undefined) return undefined;
  const parsed = schema
    .partial({ generation: true, sha256: true, content: true, recipients: true })
    .safeParse(found);
  if (!parsed.success)
    throw new KbootError('E-STATE', `${fileOf(state)} is not the record of a copy.`, {
      remedy: remedies.removeAndPull,
    });
  const { pushing, ...last } = parsed.data;
  if (pushing !== undefined && pushing.sha256 === now) return pushing;
  return seen.safeParse(last).data;
}

/** Before a push writes the copy. The caller holds the lock. Throws KbootError E-STATE. */
export async function recordPushing(
  state: Pick<State, 'dir'>,
  last: SeenCopy | undefined,
  pushing: SeenCopy,
): Promise<void> {
  await saveJson(fileOf(state), { ...last, pushing });
}

/** After a push or a pull. The caller holds the lock. Throws KbootError E-STATE. */
export async function recordSeen(state: Pick<State, 'dir'>, copy: SeenCopy): Promise<void> {
  await saveJson(fileOf(state), copy);
}

/** Checks a record of recordSeen. */
export const seenCopy = seen;
