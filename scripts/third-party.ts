import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Metafile } from 'esbuild';
import { root } from './bundling.ts';

/** A third-party package, by its folder in the repository: node_modules/NAME, or deeper. */
export type PackagePath = string;

/** Allowed licences of packages that kboot ships or needs: all permit redistribution under kboot's own. */
export const allowedLicences: readonly string[] = [
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Unlicense',
];

const licenceFile = /^(?:licen[sc]e|copying|notice|3rd-party-licenses)/i;

/** The packages that esbuild read files from. */
export function bundledPackages({ inputs }: Metafile): readonly PackagePath[] {
  const paths = Object.keys(inputs).flatMap(
    (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  return [...new Set(paths)];
}

/** The packages that npm installs with kboot, from package-lock.json, without optional ones, which npm may omit. */
export function runtimePackages(): readonly PackagePath[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(
      ([path, { dev, optional, devOptional }]) =>
        path !== '' && [dev, optional, devOptional].every((kind) => kind !== true),
    )
    .map(([path]) => path);
}

/**
 * Name, version, licence and licence texts of each package, sorted by name. Throws if a package has no licence, one
 * that is not allowed, or no licence text: such a package cannot be shipped.
 */
export function notices(packages: readonly PackagePath[]): string {
  const entries = new Map(packages.map((path) => noticeOf(path)));
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  return [`kboot contains or needs the ${sorted.length} third-party packages below.\n`, ...sorted].join(
    `\n${'='.repeat(80)}\n\n`,
  );
}

function noticeOf(path: PackagePath): readonly [title: string, text: string] {
  const folder = join(root, path);
  const { name, version, license, licenses } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as { name: string; version: string; license?: string; licenses?: readonly { type: string }[] };
  const stated = license ?? licenses?.map(({ type }) => type).join(' OR ') ?? '';
  const chosen = stated
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .find((each) => allowedLicences.includes(each));
  if (chosen === undefined) throw new Error(`${path}: the licence "${stated}" is not allowed`);
  const texts = licenceTexts(folder);
  if (texts.length === 0) throw new Error(`${path}: there is no file with the text of its licence`);
  const title = `${name} ${version}`;
  return [title, `${title}\nLicence: ${chosen}\n\n${texts.join('\n\n')}\n`];
}

/** Licence files in a package, without those of other packages below it. */
function licenceTexts(folder: string): readonly string[] {
  const texts = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && licenceFile.test(basename(entry.name)))
    .filter((entry) => !entry.parentPath.slice(folder.length).includes('/node_modules'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').replaceAll('\r', '').trim());
  return [...new Set(texts)];
}
