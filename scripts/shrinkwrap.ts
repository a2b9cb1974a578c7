import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bundling.ts';

/** An entry of package-lock.json. */
export interface LockedPackage {
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
  readonly [field: string]: unknown;
}

interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
  readonly [field: string]: unknown;
}

export const shrinkwrapFile = 'npm-shrinkwrap.json';

/** The packages that npm may install with kboot, optional ones too, by their folder. */
export function installedPackages(): Readonly<Record<string, LockedPackage>> {
  const { packages } = read('package-lock.json') as unknown as Lock;
  return Object.fromEntries(
    Object.entries(packages).filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional),
  );
}

/**
 * Writes npm-shrinkwrap.json, which npm obeys when somebody installs kboot: the versions and checksums of package-lock.json for
 * what is installed with it. Only the published package has one: in a repository, it would override package-lock.json.
 */
export function writeShrinkwrap(folder: string): void {
  const { name, version, license, dependencies, bin, engines } = read('package.json');
  const own = { name, version, license, dependencies, bin, engines };
  const lock = { ...read('package-lock.json'), packages: { '': own, ...installedPackages() } };
  writeFileSync(join(folder, shrinkwrapFile), `${JSON.stringify(lock, null, 2)}\n`);
}

function read(file: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(root, file), 'utf8')) as Readonly<Record<string, unknown>>;
}

// As a command of npm's prepack and postpack.
if (process.argv[1]?.endsWith('shrinkwrap.ts') === true) {
  if (process.argv.includes('--remove')) rmSync(join(root, shrinkwrapFile), { force: true });
  else writeShrinkwrap(root);
}
