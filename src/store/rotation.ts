import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { KbootError } from '../model/error.ts';
import { certificatesFor } from '../pki/certlist.ts';
import type { Material } from '../pki/plan.ts';
import { nextStem, rotationStages, stageAfter, type Rotation } from '../pki/rotation.ts';
import type { Cluster } from '../model/cluster.ts';
import { rotatable } from '../model/pki.ts';
import { loadJson, readText, saveJson, writeAtomic } from './atomic.ts';
import { writeStateFile } from './private-files.ts';
import type { State } from './state.ts';
import { remedies } from './remedies.ts';

const schema = z.strictObject({
  cas: z.array(z.enum(rotatable)).min(1),
  stage: z.enum(rotationStages),
  since: z.iso.datetime().exactOptional(),
});

/** The exchange of CAs that has begun; undefined: none. Throws E-STATE if its record cannot be read. */
export async function readRotation(state: State): Promise<Rotation | undefined> {
  const found = await loadJson(state.rotation);
  if (found === undefined) return undefined;
  const parsed = schema.safeParse(found);
  if (parsed.success) return parsed.data;
  throw new KbootError('E-STATE', `${state.rotation} is not the record of a rotation of CAs.`, {
    remedy: remedies.restoreState,
  });
}

/**
 * Before a plan changes hosts: records that an exchange begins, with its new CAs, or checks that the record is as it was when
 * the plan was made. The caller holds the lock. If it is killed, the exchange has begun, or it has not.
 * Throws E-STALE if another run began or continued an exchange since.
 */
export async function holdRotation(
  state: State,
  planned: Rotation | undefined,
  next: Material,
): Promise<void> {
  const begun = await readRotation(state);
  const expected = next.size > 0 ? undefined : planned;
  if (begun?.stage !== expected?.stage || begun?.cas.join() !== expected?.cas.join())
    throw new KbootError('E-STALE', 'another run has exchanged CAs since this plan was made', {
      remedy: remedies.planAgain,
    });
  if (planned === undefined || next.size === 0) return;
  for (const [path, text] of next) await writeStateFile(state, join(state.pki, path), text);
  await saveJson(state.rotation, planned);
}

/**
 * Records that every host has reached a stage: the next one begins; after the last one, the new CAs take the place of the
 * former ones. The caller holds the lock. `now`: RFC 3339, by an API server's clock; stage `roll` needs it. Returns the stage that begins; undefined: the exchange has ended.
 */
export async function advanceRotation(
  state: State,
  cluster: Cluster,
  rotation: Rotation,
  now?: string,
): Promise<Rotation | undefined> {
  const stage = stageAfter(rotation);
  if (stage !== undefined) {
    const next = { ...rotation, stage, ...(stage === 'roll' && now !== undefined && { since: now }) };
    await saveJson(state.rotation, next);
    return next;
  }
  const stems = certificatesFor(cluster).flatMap((spec) =>
    spec.kind !== 'leaf' && rotation.cas.includes(spec.id) ? [spec.path] : [],
  );
  // Until the record is removed, the new CAs are read from where they were: a kill in between changes nothing.
  for (const stem of stems)
    for (const file of ['key', 'crt']) {
      const text = await readText(join(state.pki, `${nextStem(stem)}.${file}`));
      if (text !== undefined) await writeAtomic(join(state.pki, `${stem}.${file}`), text);
    }
  await rm(state.rotation, { force: true });
  await rm(join(state.pki, 'next'), { recursive: true, force: true });
  return undefined;
}
