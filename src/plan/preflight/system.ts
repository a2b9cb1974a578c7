import { acquaintance, knownSystems } from '../../catalog/systems.ts';
import type { Cluster, Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

type Shortcoming = Omit<Finding, 'host'>;

/** What is wrong with the distribution: not known, only known by its relatives, or without its package manager. */
export function distributionShortcoming(_host: Host, seen: Inspection): Shortcoming | undefined {
  const { os } = seen.facts;
  const { known, system } = acquaintance(seen.facts);
  const name = `${os.id} ${os.versionId}`.trim();
  const like = os.like === undefined || os.like.length === 0 ? '' : ` (ID_LIKE: ${os.like.join(' ')})`;
  if (known === 'unknown')
    return {
      check: 'OS',
      level: 'error',
      message: `${name}${like} is not supported`,
      ...remedyFields(remedies.useKnown({ systems: knownSystems })),
    };
  const command = system.packageManager === 'apt' ? 'apt-get' : 'dnf';
  if (!seen.packageManagers.includes(system.packageManager))
    return {
      check: 'OS',
      level: 'error',
      message: `${name}${like} has no ${command}, with which kboot installs packages on ${system.name}`,
      ...remedyFields(remedies.useKnownNotImages({ systems: knownSystems })),
    };
  if (known === 'relative')
    return {
      check: 'OS',
      level: 'warning',
      message: `${name} is not known; it is treated as ${system.name}, since it says that it is like that${like}`,
      ...remedyFields(remedies.known({ systems: knownSystems })),
    };
  if (known === 'unknown version')
    return {
      check: 'OS',
      level: 'warning',
      message: `${name} was not tested with kboot`,
      ...remedyFields(remedies.tested({ versions: system.versions.join(', ') })),
    };
  return undefined;
}

/** Kubernetes' and kboot's release files are for 64-bit x86 and ARM; programs of the host run beside them. */
export function architectureShortcoming(_host: Host, { machine, bits }: Inspection): Shortcoming | undefined {
  const supported = ['x86_64', 'aarch64'].includes(machine);
  if (supported && bits !== 32) return undefined;
  return {
    check: 'Architecture',
    level: 'error',
    message: supported
      ? `its kernel is for ${machine}, but its programs are of 32 bits`
      : `its architecture is ${machine === '' ? 'unknown' : machine}; kboot has release files for x86_64 (amd64) and aarch64 (arm64)`,
    ...remedyFields(
      supported || /^(arm|i\d86)/.test(machine) ? remedies.use64Bit : remedies.otherArchitecture,
    ),
  };
}

/**
 * Kernels before 5.4 are not in kubeadm's list (k8s.io/system-validators v1.12, types_unix.go), which warns about them.
 * kube-proxy's mode nftables does not start before 5.13 (pkg/proxy/nftables/supported.go).
 */
export function kernelShortcoming(_host: Host, seen: Inspection, cluster: Cluster): Shortcoming | undefined {
  const [major = 0, minor = 0] = seen.kernel.split('.').map((part) => Number(/^\d+/.exec(part)?.[0] ?? 0));
  const before = (otherMajor: number, otherMinor: number): boolean =>
    major < otherMajor || (major === otherMajor && minor < otherMinor);
  const mode = cluster.kubeProxy?.config['mode'];
  if (mode === 'nftables' && before(5, 13))
    return {
      check: 'KernelVersion',
      level: 'error',
      message: `Linux ${seen.kernel}; kube-proxy needs 5.13 or later for its mode nftables`,
      ...remedyFields(remedies.proxyMode),
    };
  return before(5, 4)
    ? {
        check: 'KernelVersion',
        level: 'error',
        message: `Linux ${seen.kernel}; Kubernetes supports 5.4 or later`,
        ...remedyFields(remedies.newerKernel),
      }
    : undefined;
}
