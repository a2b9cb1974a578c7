import { either } from '../model/either.ts';
import type { HostFacts } from '../model/facts.ts';

/** A distribution that kboot installs on: everything that differs between them, in one place. */
export interface System {
  readonly name: string;
  /** Values of VERSION_ID in /etc/os-release, or what they begin with before a point: `9` is 9.6, too. */
  readonly versions: readonly string[];
  readonly packageManager: 'apt' | 'dnf';
  /** Packages that every node needs besides what a minimal install has. */
  readonly nodePackages: readonly string[];
  /** Packages that make downloads work; not needed with a bundle. */
  readonly downloadPackages: readonly string[];
  /** Where an operator states flags of the kubelet, as the packages of Kubernetes have it (.deb, .rpm). */
  readonly kubeletDefaults: string;
  /** The service of its package haproxy makes /run/haproxy. */
  readonly haproxyFolder: boolean;
  /** SELinux is on unless somebody turned it off. */
  readonly selinux: boolean;
}

const debian: System = {
  name: 'Debian',
  versions: ['12', '13'],
  packageManager: 'apt',
  nodePackages: ['iptables', 'kmod', 'mount', 'util-linux'],
  downloadPackages: ['ca-certificates', 'curl'],
  kubeletDefaults: '/etc/default/kubelet',
  haproxyFolder: true,
  selinux: false,
};

/** By ID in /etc/os-release. */
const systems: Readonly<Record<string, System>> = {
  debian,
  ubuntu: { ...debian, name: 'Ubuntu', versions: ['22.04', '24.04', '26.04'] },
  rocky: {
    name: 'Rocky Linux',
    versions: ['9'],
    packageManager: 'dnf',
    nodePackages: ['iptables-nft', 'kmod', 'util-linux'],
    downloadPackages: ['ca-certificates', 'curl'],
    kubeletDefaults: '/etc/sysconfig/kubelet',
    haproxyFolder: false,
    selinux: true,
  },
};

/** The distribution of a host; an unknown one is taken for Debian, and preflight refuses it by name. */
export function systemOf({ os }: Pick<HostFacts, 'os'>): System {
  return systems[os.id] ?? debian;
}

/** How well kboot knows a distribution and its version. */
export function acquaintance({ os }: Pick<HostFacts, 'os'>): 'known' | 'unknown version' | 'unknown' {
  const system = systems[os.id];
  if (system === undefined) return 'unknown';
  const known = system.versions.some((each) => os.versionId === each || os.versionId.startsWith(`${each}.`));
  return known ? 'known' : 'unknown version';
}

/** `Debian 12 or 13, Ubuntu 22.04, 24.04 or 26.04, or Rocky Linux 9` */
export const knownSystems = either(
  Object.values(systems).map(({ name, versions }) => `${name} ${either(versions)}`),
  ', or ',
);
