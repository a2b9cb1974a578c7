import { readdirSync, readFileSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { unreadable } from './file-error.ts';

/** What a path of spec.addons leads to on this machine. */
export type LocalManifests =
  | { readonly kind: 'texts'; readonly files: readonly ManifestFile[] }
  /** A folder that kustomize or kubectl builds. */
  | { readonly kind: 'kustomization'; readonly folder: string };

export interface ManifestFile {
  readonly path: string;
  readonly text: string;
}

/** Bounds for all files of one path, so that a wrong folder does not fill the memory. */
const mostFiles = 1000;
const mostBytes = 32 * 1024 * 1024;
const mostChartFiles = 10_000;

const manifestName = /\.(ya?ml|json)$/;

/** The names of a kustomization, as kustomize looks for them. */
export const kustomizationNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

/**
 * Reads the manifests at a path: one file, or those of a folder and the folders in it, without hidden ones. Returns a
 * phrase that follows the path if that is not possible. A link inside a folder may not lead out of it.
 */
export function readManifestFiles(path: string): LocalManifests | string {
  try {
    const stat = statSync(path);
    if (stat.isFile()) return withinBounds([path], '');
    if (!stat.isDirectory()) return 'is not a file or folder';
    const names = new Set(readdirSync(path));
    if (kustomizationNames.some((name) => names.has(name))) return { kind: 'kustomization', folder: path };
    const found = listManifests(path, realpathSync(path));
    if (typeof found === 'string') return found;
    return found.length === 0 ? 'has no manifest (.yaml, .yml or .json)' : withinBounds(found, path);
  } catch (cause) {
    return unreadable(cause);
  }
}

function withinBounds(paths: readonly string[], folder: string): LocalManifests | string {
  const files: ManifestFile[] = [];
  let bytes = 0;
  for (const path of paths) {
    bytes += statSync(path).size;
    if (bytes > mostBytes) return `has more than ${mostBytes / 1024 / 1024} MiB of manifests`;
    const text = textOf(readFileSync(path));
    if (text === undefined)
      return `${folder === '' ? '' : `has ${relative(folder, path)}, which `}is not UTF-8 text`;
    files.push({ path, text });
  }
  return { kind: 'texts', files };
}

function listManifests(folder: string, root: string): string[] | string {
  const left = [folder];
  const found: string[] = [];
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    for (const entry of readdirSync(next, { withFileTypes: true }).toSorted(byName)) {
      const path = join(next, entry.name);
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) left.push(path);
      else if (manifestName.test(entry.name)) {
        if (entry.isSymbolicLink() && !isInside(realpathSync(path), root))
          return `has the link ${relative(folder, path)}, which leads out of it`;
        if (statSync(path).isFile()) found.push(path);
      }
      if (found.length + left.length > mostFiles) return `has more than ${mostFiles} files and folders`;
    }
  }
  return found;
}

const byName = (one: Dirent, other: Dirent): number => (one.name < other.name ? -1 : 1);

function isInside(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Why a path is no chart that helm may render, as a phrase that follows it: a link in its folder leads out of it, and a
 * template could show what it leads to. undefined: it may.
 */
export function wrongChart(path: string): string | undefined {
  try {
    const stat = statSync(path);
    if (stat.isFile()) return /\.t(ar\.)?gz$/.test(path) ? undefined : 'is not an archive of a chart (.tgz)';
    if (!stat.isDirectory()) return 'is not a file or folder';
    if (!readdirSync(path).includes('Chart.yaml')) return 'has no Chart.yaml';
    const root = realpathSync(path);
    let count = 0;
    const left = [path];
    for (let next = left.pop(); next !== undefined; next = left.pop())
      for (const entry of readdirSync(next, { withFileTypes: true })) {
        const own = join(next, entry.name);
        if (++count > mostChartFiles) return `has more than ${mostChartFiles} files and folders`;
        if (entry.isDirectory()) left.push(own);
        if (entry.isSymbolicLink() && !isInside(realpathSync(own), root))
          return `has the link ${relative(path, own)}, which leads out of it`;
      }
    return undefined;
  } catch (cause) {
    return unreadable(cause);
  }
}
