import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { getAsset, getRawAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';

/*
 * The files that are part of kboot: package.json, templates, the catalog's data, the page's style and script, and in a build
 * kboot's own script. They are on disk, or embedded in the executable (scripts/sea.ts).
 */

/** The embedded file that lists the names of the others, as a JSON array. */
export const embeddedNames = 'files.json';

/** kboot's own folder, with package.json and templates/: the nearest such parent folder, in sources and builds alike. */
export const packageRoot: string = (() => {
  if (isSea()) return 'kboot:';
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
})();

/** Text of one of kboot's own files: a path below `packageRoot`, or a URL beside a module. */
export function readOwn(file: string | URL): string {
  return isSea() ? getAsset(embeddedName(file), 'utf8') : readFileSync(file, 'utf8');
}

/** Returns the bytes of one of kboot's own files, or undefined if it does not exist. */
export function readOwnBytes(file: URL): Buffer | undefined {
  if (!isSea()) return existsSync(file) ? readFileSync(file) : undefined;
  const name = embeddedName(file);
  return embedded().includes(name) ? Buffer.from(getRawAsset(name) as ArrayBuffer) : undefined;
}

/** Files below one of kboot's own folders, relative to it, with forward slashes. */
export function listOwn(folder: string): readonly string[] {
  if (isSea()) {
    const start = `${embeddedName(folder)}/`;
    return embedded().flatMap((name) => (name.startsWith(start) ? name.slice(start.length) : []));
  }
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.split(sep).join('/'));
}

/** The name of a file below `packageRoot`, or beside a module: all modules of a build are one script, in `/`. */
function embeddedName(file: string | URL): string {
  return typeof file === 'string' ? file.slice(packageRoot.length + 1) : file.pathname.slice(1);
}

function embedded(): readonly string[] {
  return JSON.parse(getAsset(embeddedNames, 'utf8')) as string[];
}
