import { readOwn } from '../model/own-files.ts';
import type { Architecture } from './data.ts';

/** Where a distribution publishes the packages of a version, and who signs them. */
export type PackageSource = AptSource | DnfSource;

export interface AptSource {
  readonly manager: 'apt';
  /** `Debian 12` */
  readonly title: string;
  /** Lines of sources.list without options: URL, suite, components. A mirror has the URL's path below it. */
  readonly sources: readonly (readonly [url: string, suite: string, components: string])[];
  /** The keys that sign its indexes, as its package of keys installs them, and that package. */
  readonly keyring: { readonly file: string; readonly package: string };
}

export interface DnfSource {
  readonly manager: 'dnf';
  /** `Rocky Linux 9` */
  readonly title: string;
  /** `x86_64` */
  readonly machine: string;
  /** `platform:el9`, which modules of packages ask for. */
  readonly platform: string;
  readonly url: string;
  /** What a mirror has below it instead of the URL. */
  readonly folder: string;
  /** Paths below the URL. */
  readonly repositories: readonly string[];
  /** The public keys that sign its packages, with ASCII armor. */
  readonly key: () => string;
}

const debian = (version: string, suite: string): AptSource => ({
  manager: 'apt',
  title: `Debian ${version}`,
  sources: [
    ['http://deb.debian.org/debian', suite, 'main'],
    ['http://deb.debian.org/debian', `${suite}-updates`, 'main'],
    ['http://deb.debian.org/debian-security', `${suite}-security`, 'main'],
  ],
  keyring: { file: '/usr/share/keyrings/debian-archive-keyring.gpg', package: 'debian-archive-keyring' },
});

/** keepalived is in universe. */
const ubuntu = (version: string, suite: string, arch: Architecture): AptSource => ({
  manager: 'apt',
  title: `Ubuntu ${version}`,
  sources: ['', '-updates', '-security'].map((pocket) => [
    arch === 'amd64' ? 'http://archive.ubuntu.com/ubuntu' : 'http://ports.ubuntu.com/ubuntu-ports',
    `${suite}${pocket}`,
    'main universe',
  ]),
  keyring: { file: '/usr/share/keyrings/ubuntu-archive-keyring.gpg', package: 'ubuntu-keyring' },
});

const machines: Readonly<Record<Architecture, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

const el9 = (
  system: string,
  arch: Architecture,
  from: Pick<DnfSource, 'title' | 'url' | 'folder' | 'repositories'>,
): DnfSource => ({
  manager: 'dnf',
  machine: machines[arch],
  platform: 'platform:el9',
  ...from,
  repositories: from.repositories.map((path) => path.replace('$basearch', machines[arch])),
  key: () => readOwn(new URL(`./${system}.asc`, import.meta.url)),
});

/**
 * There is no version 10: its nodes need kernel-modules-extra, which has to be of the kernel that a host runs. RHEL's own
 * packages need a subscription; those of openEuler differ between service packs that name themselves alike.
 */
const known: Readonly<Record<string, (arch: Architecture) => PackageSource>> = {
  'debian-12': () => debian('12', 'bookworm'),
  'debian-13': () => debian('13', 'trixie'),
  'ubuntu-22.04': (arch) => ubuntu('22.04', 'jammy', arch),
  'ubuntu-24.04': (arch) => ubuntu('24.04', 'noble', arch),
  'ubuntu-26.04': (arch) => ubuntu('26.04', 'resolute', arch),
  'rocky-9': (arch) =>
    el9('rocky-9', arch, {
      title: 'Rocky Linux 9',
      url: 'https://dl.rockylinux.org/pub/rocky',
      folder: 'rocky',
      repositories: ['9/BaseOS/$basearch/os', '9/AppStream/$basearch/os'],
    }),
  'almalinux-9': (arch) =>
    el9('almalinux-9', arch, {
      title: 'AlmaLinux 9',
      url: 'https://repo.almalinux.org/almalinux',
      folder: 'almalinux',
      repositories: ['9/BaseOS/$basearch/os', '9/AppStream/$basearch/os'],
    }),
  'centos-9': (arch) =>
    el9('centos-9', arch, {
      title: 'CentOS Stream 9',
      url: 'https://mirror.stream.centos.org',
      folder: 'centos-stream',
      repositories: ['9-stream/BaseOS/$basearch/os', '9-stream/AppStream/$basearch/os'],
    }),
  'ol-9': (arch) =>
    el9('ol-9', arch, {
      title: 'Oracle Linux 9',
      url: 'https://yum.oracle.com/repo/OracleLinux',
      folder: 'OracleLinux',
      repositories: ['OL9/baseos/latest/$basearch', 'OL9/appstream/$basearch'],
    }),
};

/** The distributions whose packages a bundle can have: `debian-12`. */
export const packagedSystems: readonly string[] = Object.keys(known);

/** Where a distribution's packages are. Throws an Error for one that is not in packagedSystems. */
export function packageSource(system: string, arch: Architecture): PackageSource {
  const source = known[system]?.(arch);
  if (source === undefined) throw new Error(`no package source of ${system} is known`);
  return source;
}
