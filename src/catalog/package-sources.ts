import type { Architecture } from './data.ts';

/** Where a distribution publishes the packages of a version. */
export interface PackageSource {
  /** `Debian 12` */
  readonly title: string;
  /** Lines of sources.list without options: URL, suite, components. */
  readonly sources: readonly (readonly [url: string, suite: string, components: string])[];
  /** The keys that sign its indexes, as its package of keys installs them, and that package. */
  readonly keyring: { readonly file: string; readonly package: string };
}

const debian = (version: string, suite: string): PackageSource => ({
  title: `Debian ${version}`,
  sources: [
    ['http://deb.debian.org/debian', suite, 'main'],
    ['http://deb.debian.org/debian', `${suite}-updates`, 'main'],
    ['http://deb.debian.org/debian-security', `${suite}-security`, 'main'],
  ],
  keyring: { file: '/usr/share/keyrings/debian-archive-keyring.gpg', package: 'debian-archive-keyring' },
});

/** keepalived is in universe. */
const ubuntu = (version: string, suite: string, arch: Architecture): PackageSource => ({
  title: `Ubuntu ${version}`,
  sources: ['', '-updates', '-security'].map((pocket) => [
    arch === 'amd64' ? 'http://archive.ubuntu.com/ubuntu' : 'http://ports.ubuntu.com/ubuntu-ports',
    `${suite}${pocket}`,
    'main universe',
  ]),
  keyring: { file: '/usr/share/keyrings/ubuntu-archive-keyring.gpg', package: 'ubuntu-keyring' },
});

const known: Readonly<Record<string, (arch: Architecture) => PackageSource>> = {
  'debian-12': () => debian('12', 'bookworm'),
  'debian-13': () => debian('13', 'trixie'),
  'ubuntu-22.04': (arch) => ubuntu('22.04', 'jammy', arch),
  'ubuntu-24.04': (arch) => ubuntu('24.04', 'noble', arch),
  'ubuntu-26.04': (arch) => ubuntu('26.04', 'resolute', arch),
};

/** The distributions whose packages a bundle can have: `debian-12`. */
export const packagedSystems: readonly string[] = Object.keys(known);

/** Where a distribution's packages are. Throws an Error for one that is not in packagedSystems. */
export function packageSource(system: string, arch: Architecture): PackageSource {
  const source = known[system]?.(arch);
  if (source === undefined) throw new Error(`no package source of ${system} is known`);
  return source;
}
