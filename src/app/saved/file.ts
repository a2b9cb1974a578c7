import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { KbootError } from '../../model/error.ts';
import { kbootVersion } from '../../model/kboot-version.ts';
import { digestOf, type SavedPlan } from '../../plan/saved/saved.ts';
import { readText, saveJson } from '../../store/atomic.ts';
import { remedies } from '../remedies.ts';
import type { Text } from '../../model/language/text.ts';

/**
 * Checks where a plan may be written: to a new file, an empty one, or a saved plan. Throws KbootError E-USAGE for
 * anything else, which is not changed.
 */
export async function planTarget(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return resolve(path);
  const refuse = (why: string): KbootError =>
    new KbootError('E-USAGE', `--out ${path}: ${why}; it was not changed`, {
      remedy: remedies.otherPlanFile,
    });
  if (!found.isFile()) throw refuse('this is not a regular file');
  const text = (await readText(path)) ?? '';
  if (text.trim() !== '' && kindOf(text) !== 'SavedPlan') throw refuse('this is not a saved plan of kboot');
  return realpath(path);
}

/** Writes a plan in one rename, readable by its owner only: it has no secrets, but many details of the hosts. */
export async function writePlan(path: string, plan: SavedPlan): Promise<void> {
  const target = await planTarget(path);
  await saveJson(target, plan).catch((cause: unknown) => {
    const why = cause instanceof KbootError ? cause.context.detail : undefined;
    throw new KbootError('E-USAGE', `--out ${path} cannot be written${why === undefined ? '' : `: ${why}`}`, {
      cause,
      remedy: remedies.writableFolder,
    });
  });
}

/** Reads a plan that writePlan wrote. Throws KbootError E-PLAN if it is missing, truncated, modified, or not a plan. */
export async function readPlan(path: string): Promise<SavedPlan> {
  const text = await readText(path).catch(() => undefined);
  if (text === undefined) throw unusable(path, 'cannot be read', remedies.planWritesOne);
  const document = parse(text);
  if (document === undefined) throw unusable(path, 'is truncated, or is not JSON', remedies.makePlanAgain);
  if (kindOf(text) !== 'SavedPlan')
    throw unusable(path, 'is not a saved plan of kboot', remedies.planWritesOne);
  const { apiVersion, digest } = document;
  if (apiVersion !== 'kboot.dev/v1')
    throw unusable(
      path,
      `has the format ${JSON.stringify(apiVersion)}; this is kboot ${kbootVersion()}, which reads kboot.dev/v1`,
      remedies.makePlanAgain,
    );
  if (digest !== digestOf(document))
    throw unusable(
      path,
      'was modified after kboot wrote it: its digest does not match',
      remedies.makePlanAgain,
    );
  const { savedPlanSchema } = await import('../../plan/saved/schema.ts');
  const { error } = savedPlanSchema.safeParse(document);
  if (error === undefined) return document as unknown as SavedPlan;
  const [issue] = error.issues;
  throw unusable(
    path,
    `does not have the form of a saved plan: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    remedies.makePlanAgain,
  );
}

function unusable(path: string, why: string, remedy: Text): KbootError {
  return new KbootError('E-PLAN', `${path} ${why}`, { remedy });
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
