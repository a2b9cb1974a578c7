import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { KbootError } from '../model/error.ts';
import { child } from '../transport/child.ts';
import { kustomizationNames } from './manifest-files.ts';
import { remedies } from './remedies.ts';

/** Fields of a kustomization that name files, folders, or places elsewhere. */
const sources = ['resources', 'bases', 'components', 'crds', 'generators', 'transformers', 'validators'];

/** Folders that a kustomization may lead to, one after another. */
const mostFolders = 200;

const seconds = 60;
const mostBytes = 32 * 1024 * 1024;

/**
 * The manifest that a folder with a kustomization builds: by kustomize, or by kubectl, which has it. Throws KbootError
 * E-ADDON if neither is installed, the build fails, or the kustomization names something that is not on this machine.
 */
export async function buildKustomization(folder: string): Promise<string> {
  refuseElsewhere(folder);
  const run = child({ stdio: ['ignore', 'pipe', 'pipe'], timeout: `${seconds}s` });
  let answer = await run`kustomize build ${folder}`;
  if (answer.exitCode === 127) answer = await run`kubectl kustomize ${folder}`;
  const { exitCode, stdout, stderr } = answer;
  if (exitCode === 127)
    throw new KbootError(
      'E-ADDON',
      `${folder} has a kustomization, and neither kustomize nor kubectl is installed`,
      {
        remedy: remedies.installKustomize,
      },
    );
  if (exitCode !== 0)
    throw new KbootError('E-ADDON', `kustomize could not build ${folder}`, {
      detail: stderr.trim(),
      remedy: remedies.runKustomize({ folder }),
    });
  if (stdout.length > mostBytes)
    throw new KbootError('E-ADDON', `kustomize built more than ${mostBytes / 1024 / 1024} MiB of ${folder}`);
  return stdout;
}

/**
 * kustomize would clone repositories and fetch URLs that a kustomization names, without a digest. Throws KbootError
 * E-ADDON for an entry that is not a file or folder on this machine.
 */
function refuseElsewhere(start: string): void {
  const left = [resolve(start)];
  const seen = new Set<string>();
  for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    if (seen.size > mostFolders)
      throw new KbootError(
        'E-ADDON',
        `${start}: its kustomization leads to more than ${mostFolders} folders`,
      );
    for (const entry of entriesOf(folder)) {
      const path = resolve(folder, entry);
      if (!existsSync(path))
        throw new KbootError(
          'E-ADDON',
          `${folder}: its kustomization names ${entry}, which is not on this machine`,
          {
            remedy: remedies.noRemoteParts,
          },
        );
      if (statSync(path).isDirectory()) left.push(path);
    }
  }
}

function entriesOf(folder: string): readonly string[] {
  const file = kustomizationNames.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined) return [];
  let read: unknown;
  try {
    read = parse(readFileSync(file, 'utf8'), { logLevel: 'error' });
  } catch {
    // kustomize says what is wrong with it.
    return [];
  }
  const fields = (typeof read === 'object' && read !== null ? read : {}) as Readonly<Record<string, unknown>>;
  return sources.flatMap((field) => {
    const list: readonly unknown[] = Array.isArray(fields[field]) ? fields[field] : [];
    // An entry of several lines is an object in place.
    return list.filter((entry): entry is string => typeof entry === 'string' && !entry.includes('\n'));
  });
}
