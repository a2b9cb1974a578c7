import { copyFile, link, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { writeAtomic } from './atomic.ts';
import type { Bundle, BundleIndex } from './bundle.ts';
import { fileError } from './file-error.ts';

/*
 * A delta is a bundle without the files that another bundle has. Its bundle.json is that of the whole, so that the delta, copied
 * over a copy of the other bundle, is the whole; `since` there says what the rest is in.
 */

/** Puts those of `paths` that the base has, and a folder lacks, into the folder; they are not copied if a link will do. */
export async function borrow(directory: string, base: Bundle, paths: readonly string[]): Promise<void> {
  const held = new Set(base.files.map(({ path }) => path));
  for (const path of paths) {
    const [from, to] = [join(base.directory, path), join(directory, path)];
    if (!held.has(path) || (await stat(to).catch(() => undefined)) !== undefined) continue;
    try {
      await mkdir(dirname(to), { recursive: true });
      await link(from, to).catch(() => copyFile(from, to));
    } catch (cause) {
      throw fileError('Cannot write the bundle', to, cause);
    }
  }
}

/** Makes a complete bundle a delta: removes the files that the base has, and says so in bundle.json. */
export async function cutDelta(directory: string, index: BundleIndex, base: Bundle): Promise<BundleIndex> {
  const { kubernetesVersion } = base;
  const delta: BundleIndex = { ...index, since: { kubernetesVersion } };
  await writeAtomic(join(directory, 'bundle.json'), `${JSON.stringify(delta, undefined, 2)}\n`, 0o644);
  const held = new Map(base.files.map(({ path, sha256 }) => [path, sha256]));
  for (const { path, sha256 } of index.files)
    if (held.get(path) === sha256) await rm(join(directory, path), { force: true });
  return delta;
}

/** Whether two folders are the same. */
export function isSameFolder(a: string, b: string): boolean {
  return resolve(a) === resolve(b);
}
