import { join } from 'node:path';
import * as z from 'zod';
import { KbootError } from '../model/error.ts';
import { loadJson, saveJson } from './atomic.ts';
import type { State } from './state.ts';
import { remedies } from './remedies.ts';

/** SHA-256 of files that are no official builds, and that the operator vouched for, with the paths that they had. */
export type AllowedBuilds = Readonly<Record<string, string>>;

const schema = z.object({ builds: z.record(z.string().regex(/^[0-9a-f]{64}$/), z.string()) });

const fileOf = ({ dir }: Pick<State, 'dir'>): string => join(dir, 'allowed-builds.json');

/** The builds that were vouched for; empty if none was. Throws KbootError E-STATE. */
export async function readAllowed(state: Pick<State, 'dir'>): Promise<AllowedBuilds> {
  const found = await loadJson(fileOf(state));
  if (found === undefined) return {};
  const parsed = schema.safeParse(found);
  if (parsed.success) return parsed.data.builds;
  throw new KbootError('E-STATE', `${fileOf(state)} is not a list of builds.`, {
    remedy: remedies.removeItAsksAgain,
  });
}

/** Adds builds. The caller holds the lock. Throws KbootError E-STATE. */
export async function recordAllowed(state: Pick<State, 'dir'>, more: AllowedBuilds): Promise<void> {
  const builds = { ...(await readAllowed(state)), ...more };
  const sorted = Object.entries(builds).sort(([a], [b]) => (a < b ? -1 : 1));
  await saveJson(fileOf(state), { builds: Object.fromEntries(sorted) });
}
