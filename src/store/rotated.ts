import { rm } from 'node:fs/promises';
import * as z from 'zod';
import type { Cluster } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { rotatable, type Rotatable } from '../model/pki.ts';
import { loadJson, readText, saveJson } from './atomic.ts';
import type { State } from './state.ts';
import { remedies } from './remedies.ts';

/*
 * An inventory is a state, an exchange of CAs an act: what spec.pki.rotate lists is exchanged once. The record lies beside
 * the CAs that it is about, and is part of every copy of the folder.
 */

const schema = z.strictObject({ done: z.array(z.enum(rotatable)) });

/** What spec.pki.rotate lists and was not exchanged yet; nothing while there is no cluster. Throws KbootError E-STATE. */
export async function dueRotation(state: State, { rotate }: Cluster): Promise<readonly Rotatable[]> {
  if (rotate.length === 0 || (await readText(state.clusterId)) === undefined) return [];
  const done = await doneOf(state);
  return rotate.filter((each) => !done.includes(each));
}

/** What spec.pki.rotate lists and was exchanged. Throws KbootError E-STATE. */
export async function rotatedOf(state: State, { rotate }: Cluster): Promise<readonly Rotatable[]> {
  const done = await doneOf(state);
  return rotate.filter((each) => done.includes(each));
}

/** Records that what spec.pki.rotate lists of `cas` is as it asks. The caller holds the lock. Throws KbootError E-STATE. */
export async function recordRotated(
  state: State,
  cluster: Cluster,
  cas: readonly Rotatable[] = cluster.rotate,
): Promise<void> {
  const done = await doneOf(state);
  await save(
    state,
    cluster.rotate.filter((each) => done.includes(each) || cas.includes(each)),
  );
}

/**
 * Forgets what the inventory no longer lists: if it comes back, it is exchanged again. The caller holds the lock.
 * Throws KbootError E-STATE.
 */
export async function forgetRotated(state: State, { rotate }: Cluster): Promise<void> {
  const done = await doneOf(state);
  const kept = done.filter((each) => rotate.includes(each));
  if (kept.length < done.length) await save(state, kept);
}

async function save(state: State, done: readonly Rotatable[]): Promise<void> {
  if (done.length > 0) await saveJson(state.rotated, { done });
  else await rm(state.rotated, { force: true });
}

async function doneOf(state: State): Promise<readonly Rotatable[]> {
  const found = await loadJson(state.rotated);
  if (found === undefined) return [];
  const parsed = schema.safeParse(found);
  if (parsed.success) return parsed.data.done;
  throw new KbootError('E-STATE', `${state.rotated} is not the record of what spec.pki.rotate asked for.`, {
    remedy: remedies.restoreState,
  });
}
