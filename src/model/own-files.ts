import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * The files that are part of kboot: package.json, templates, the catalog's data, the page's style and script. They are
 * on disk; the single-file executable replaces this module with another one (scripts/sea.ts).
 */

/** kboot's own folder, with package.json and templates/: the nearest such parent folder, in sources and builds alike. */
export const packageRoot: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
})();

/** Text of one of kboot's own files: a path below `packageRoot`, or a URL beside a module. */
export function readOwn(file: string | URL): string {
  return readFileSync(file, 'utf8');
}

/** Files below one of kboot's own folders, relative to it, with forward slashes. */
export function listOwn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.split(sep).join('/'));
}
