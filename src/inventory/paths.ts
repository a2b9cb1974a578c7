import { join, resolve } from 'node:path';

export interface Folders {
  /** The inventory's folder, absolute. */
  readonly inventory: string;
  readonly home: string;
}

/** An absolute path: `~` is the home directory, a relative path is resolved from the inventory's folder. */
export function absolutePath(path: string, folders: Folders): string {
  if (path === '~') return folders.home;
  return path.startsWith('~/') ? join(folders.home, path.slice(2)) : resolve(folders.inventory, path);
}
