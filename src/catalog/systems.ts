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
  /** Packages that every node of a version, as in `versions`, needs as well. */
  readonly versionPackages: Readonly<Record<string, readonly string[]>>;
  /** Packages needed for downloads; not needed with a bundle. */
  readonly downloadPackages: readonly string[];
  /** File in which an operator can set flags of the kubelet, as in the Kubernetes packages (.deb, .rpm). */
  readonly kubeletDefaults: string;
  /** Whether the service of its haproxy package creates /run/haproxy. */
  readonly haproxyFolder: boolean;
  /** The service of its package chrony. */
  readonly chrony: 'chrony' | 'chronyd';
  /** Whether SELinux is enabled by default. */
  readonly selinux: boolean;
}

const debian: System = {
  name: 'Debian',
  versions: ['12', '13'],
  packageManager: 'apt',
  nodePackages: ['iptables', 'kmod', 'mount', 'util-linux'],
  versionPackages: {},
  downloadPackages: ['ca-certificates', 'curl'],
  kubeletDefaults: '/etc/default/kubelet',
  haproxyFolder: true,
  chrony: 'chrony',
  selinux: false,
};
const ubuntu: System = { ...debian, name: 'Ubuntu', versions: ['22.04', '24.04', '26.04'] };

/**
 * Red Hat Enterprise Linux and what is built from its sources. In version 10, br_netfilter and the modules behind
 * rules of iptables are in a package of their own, which images do not have (kubernetes/kops#18724).
 */
const rhel: System = {
  name: 'RHEL',
  versions: ['9', '10'],
  packageManager: 'dnf',
  nodePackages: ['iptables-nft', 'kmod', 'util-linux'],
  versionPackages: { 10: ['kernel-modules-extra'] },
  downloadPackages: ['ca-certificates', 'curl'],
  kubeletDefaults: '/etc/sysconfig/kubelet',
  haproxyFolder: false,
  chrony: 'chronyd',
  selinux: true,
};

/** By ID in /etc/os-release. */
const systems: Readonly<Record<string, System>> = {
  debian,
  ubuntu,
  rocky: { ...rhel, name: 'Rocky Linux' },
  almalinux: { ...rhel, name: 'AlmaLinux' },
  // Its own kernel has the modules of version 10 in a package of another name.
  ol: { ...rhel, name: 'Oracle Linux', versionPackages: {} },
  rhel,
  centos: { ...rhel, name: 'CentOS Stream' },
  // iptables is one package there, without the suffix of a variant.
  openEuler: {
    ...rhel,
    name: 'openEuler',
    versions: ['22.03', '24.03'],
    nodePackages: ['iptables', 'kmod', 'util-linux'],
    versionPackages: {},
  },
};

/** What a relative is treated as, by a word of its ID_LIKE. */
const relatives: Readonly<Record<string, string>> = {
  debian: 'debian',
  ubuntu: 'ubuntu',
  rhel: 'rhel',
  centos: 'rhel',
  fedora: 'rhel',
  almalinux: 'rhel',
  rocky: 'rhel',
  openEuler: 'openEuler',
  openeuler: 'openEuler',
};

/** A distribution, what it is treated as, and how well kboot knows it. */
export interface Acquaintance {
  /** `relative`: only by ID_LIKE; `unknown`: not even so. */
  readonly known: 'known' | 'unknown version' | 'relative' | 'unknown';
  /** Debian if it is unknown, and preflight refuses it by name. */
  readonly system: System;
}

/** What kboot knows about the distribution of a host. */
export function acquaintance({ os }: Pick<HostFacts, 'os'>): Acquaintance {
  const system = Object.hasOwn(systems, os.id) ? systems[os.id] : undefined;
  if (system !== undefined)
    return { known: versionOf(system, os.versionId) === undefined ? 'unknown version' : 'known', system };
  for (const word of os.like ?? []) {
    const relative = Object.hasOwn(relatives, word) ? systems[relatives[word] ?? ''] : undefined;
    if (relative !== undefined) return { known: 'relative', system: relative };
  }
  return { known: 'unknown', system: debian };
}

/** The entry of `versions` that a VERSION_ID belongs to. */
function versionOf(system: System, versionId: string): string | undefined {
  return system.versions.find((each) => versionId === each || versionId.startsWith(`${each}.`));
}

/** What the distribution of a host is treated as. */
export function systemOf(facts: Pick<HostFacts, 'os'>): System {
  return acquaintance(facts).system;
}

/** The packages that a node of this distribution and version needs. */
export function nodePackagesOf(facts: Pick<HostFacts, 'os'>): readonly string[] {
  const system = systemOf(facts);
  const version = versionOf(system, facts.os.versionId);
  return [...system.nodePackages, ...(version === undefined ? [] : (system.versionPackages[version] ?? []))];
}

/** `Debian 12 or 13, Ubuntu 22.04, 24.04 or 26.04, …, or openEuler 22.03 or 24.03` */
export const knownSystems = orList(
  Object.values(systems).map(({ name, versions }) => `${name} ${orList(versions)}`),
  ', or ',
);

/** Every package that kboot may install on a distribution, `debian-12`, by roles and settings. Throws an Error if it is not known. */
export function packagesOf(system: string): readonly string[] {
  const [id = '', versionId = ''] = system.split('-');
  const facts = { os: { id, versionId } };
  if (acquaintance(facts).known !== 'known')
    throw new Error(`${system} is not a distribution that kboot knows`);
  return [
    ...new Set([...nodePackagesOf(facts), ...systemOf(facts).downloadPackages, ...otherPackages]),
  ].sort();
}

/** Of load balancers, time and backups; their names are the same everywhere. */
const otherPackages = ['haproxy', 'keepalived', 'chrony', 'curl', 'openssl'];

/** `debian-12`, as packagesOf takes it; undefined for a distribution or a version that kboot does not know. */
export function systemName({ os }: Pick<HostFacts, 'os'>): string | undefined {
  if (acquaintance({ os }).known !== 'known') return undefined;
  const version = versionOf(systemOf({ os }), os.versionId);
  return version === undefined ? undefined : `${os.id}-${version}`;
}
