import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { KbootError } from '../../model/error.ts';
import { kbootVersion } from '../../model/kboot-version.ts';
import { digestOf, type SavedPlan } from '../../plan/saved/saved.ts';
import { readText, saveJson } from '../../store/atomic.ts';

/**
 * Where a plan may be written: a new file, an empty one, or one that is a saved plan. Throws KbootError E-USAGE for
 * anything else, which is left alone.
 */
export async function planTarget(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return resolve(path);
  const refuse = (why: string): KbootError =>
    new KbootError('E-USAGE', `--out ${path}: ${why}; it was left alone`, {
      remedy: 'Name another file. `-o json` prints the plan to stdout.',
    });
  if (!found.isFile()) throw refuse('this is no file');
  const text = (await readText(path)) ?? '';
  if (text.trim() !== '' && kindOf(text) !== 'SavedPlan') throw refuse('this is no saved plan of kboot');
  return realpath(path);
}

/** Writes a plan in one rename, for its owner only: it holds no secret, and says much about the hosts. */
export async function writePlan(path: string, plan: SavedPlan): Promise<void> {
  const target = await planTarget(path);
  await saveJson(target, plan).catch((cause: unknown) => {
    const why = cause instanceof KbootError ? cause.context.detail : undefined;
    throw new KbootError('E-USAGE', `--out ${path} cannot be written${why === undefined ? '' : `: ${why}`}`, {
      cause,
      remedy: 'Name a file in a folder that you may write to.',
    });
  });
}

/** Reads a plan that writePlan wrote. Throws KbootError E-PLAN when it is missing, cut off, changed, or none. */
export async function readPlan(path: string): Promise<SavedPlan> {
  const text = await readText(path).catch(() => undefined);
  if (text === undefined)
    throw unusable(path, 'cannot be read', '`kboot plan INVENTORY --out FILE` writes one.');
  const document = parse(text);
  if (document === undefined) throw unusable(path, 'is not whole: it is no JSON', makeAnew);
  if (kindOf(text) !== 'SavedPlan')
    throw unusable(path, 'is no saved plan of kboot', '`kboot plan INVENTORY --out FILE` writes one.');
  const { apiVersion, digest } = document;
  if (apiVersion !== 'kboot.dev/v1')
    throw unusable(
      path,
      `is of the format ${JSON.stringify(apiVersion)}; this is kboot ${kbootVersion()}, which reads kboot.dev/v1`,
      makeAnew,
    );
  if (digest !== digestOf(document))
    throw unusable(path, 'was changed after kboot wrote it: its digest is another', makeAnew);
  const { savedPlanSchema } = await import('../../plan/saved/schema.ts');
  const { error } = savedPlanSchema.safeParse(document);
  if (error === undefined) return document as unknown as SavedPlan;
  const [issue] = error.issues;
  throw unusable(
    path,
    `does not have the form of a saved plan: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    makeAnew,
  );
}

const makeAnew = 'Make it anew: `kboot plan INVENTORY --out FILE`.';

function unusable(path: string, why: string, remedy: string): KbootError {
  return new KbootError('E-PLAN', `${path} ${why}`, { remedy: `Nothing was contacted. ${remedy}` });
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return undefined;
  }
}

const kindOf = (text: string): unknown => parse(text)?.['kind'];
