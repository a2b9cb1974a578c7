import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * The files that are part of kboot: package.json, templates, the catalog's data, the page's style and script. They lie
 * on a disk; in the single-file executable this module is another one (scripts/sea.ts).
 */

/** kboot's own folder, with package.json and templates/: found upwards, from sources and from the build alike. */
export const packageRoot: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
})();

/** Text of a file of kboot's own: below `packageRoot`, or a URL beside a module. */
export function readOwn(file: string | URL): string {
  return readFileSync(file, 'utf8');
}

/** Files below a folder of kboot's own, relative to it, with forward slashes. */
export function listOwn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.split(sep).join('/'));
}
