import { orList } from '../model/or-list.ts';
import type { HostFacts } from '../model/facts.ts';

/** A distribution that kboot supports: everything that differs between distributions, in one place. */
export interface System {
  readonly name: string;
  /** Values of VERSION_ID in /etc/os-release, or their part before a dot: `9` also matches 9.6. */
  readonly versions: readonly string[];
  readonly packageManager: 'apt' | 'dnf';
  /** Packages that every node needs in addition to a minimal install. */
  readonly nodePackages: readonly string[];
  /** Packages needed for downloads; not needed with a bundle. */
  readonly downloadPackages: readonly string[];
  /** File in which an operator can set flags of the kubelet, as in the Kubernetes packages (.deb, .rpm). */
  readonly kubeletDefaults: string;
  /** Whether the service of its haproxy package creates /run/haproxy. */
  readonly haproxyFolder: boolean;
  /** Whether SELinux is enabled by default. */
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

/** The distribution of a host; an unknown one is treated as Debian, and preflight refuses it by name. */
export function systemOf({ os }: Pick<HostFacts, 'os'>): System {
  return systems[os.id] ?? debian;
}

/** Whether kboot supports a distribution and its version. */
export function acquaintance({ os }: Pick<HostFacts, 'os'>): 'known' | 'unknown version' | 'unknown' {
  const system = systems[os.id];
  if (system === undefined) return 'unknown';
  const known = system.versions.some((each) => os.versionId === each || os.versionId.startsWith(`${each}.`));
  return known ? 'known' : 'unknown version';
}

/** `Debian 12 or 13, Ubuntu 22.04, 24.04 or 26.04, or Rocky Linux 9` */
export const knownSystems = orList(
  Object.values(systems).map(({ name, versions }) => `${name} ${orList(versions)}`),
  ', or ',
);
