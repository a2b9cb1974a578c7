import { describe, expect, it } from 'vitest';
import { assumedFacts } from '../../../src/model/facts.ts';
import type { Inspection } from '../../../src/model/inspection.ts';
import {
  architectureShortcoming,
  distributionShortcoming,
  kernelShortcoming,
} from '../../../src/plan/preflight/system.ts';
import { good } from '../../samples/inspection.ts';
import { host, single } from '../../samples/text.ts';

const worker = host('w-1', '10.0.0.21', ['worker']);
const seen = (change: Partial<Inspection>): Inspection => ({ ...good(worker), ...change });
const os = (
  id: string,
  versionId: string,
  like: readonly string[],
  packageManagers: Inspection['packageManagers'],
): Inspection => seen({ facts: { ...assumedFacts, os: { id, versionId, like } }, packageManagers });

describe('the distribution', () => {
  it.each<[string, Inspection, string | undefined]>([
    ['known', os('almalinux', '9.5', ['rhel'], ['dnf']), undefined],
    [
      'a relative',
      os('linuxmint', '22', ['ubuntu', 'debian'], ['apt']),
      'warning: linuxmint 22 is not known; it is treated as Ubuntu, since it says that it is like that (ID_LIKE: ubuntu debian)',
    ],
    [
      'a relative without its package manager',
      os('amzn', '2', ['centos', 'rhel', 'fedora'], []),
      'error: amzn 2 (ID_LIKE: centos rhel fedora) has no dnf, with which kboot installs packages on RHEL',
    ],
    [
      'a relative with the package manager of others',
      os('mixed', '1', ['fedora'], ['apt']),
      'error: mixed 1 (ID_LIKE: fedora) has no dnf, with which kboot installs packages on RHEL',
    ],
    [
      'Debian without apt',
      os('debian', '12', [], []),
      'error: debian 12 has no apt-get, with which kboot installs packages on Debian',
    ],
    [
      'a relative of Arch',
      os('manjaro', '', ['arch'], []),
      'error: manjaro (ID_LIKE: arch) is not supported',
    ],
    [
      'a relative of SUSE',
      os('opensuse-leap', '15.6', ['suse', 'opensuse'], ['dnf']),
      'error: opensuse-leap 15.6 (ID_LIKE: suse opensuse) is not supported',
    ],
    [
      'another version',
      os('rhel', '8.10', ['fedora'], ['dnf']),
      'warning: rhel 8.10 was not tested with kboot',
    ],
  ])('%s', (_title, inspection, expected) => {
    const finding = distributionShortcoming(worker, inspection);
    expect(finding && `${finding.level}: ${finding.message}`).toBe(expected);
  });
});

describe('the architecture', () => {
  it.each<[string, 32 | 64, string | undefined]>([
    ['x86_64', 64, undefined],
    ['aarch64', 64, undefined],
    [
      'armv7l',
      32,
      'its architecture is armv7l; kboot has release files for x86_64 (amd64) and aarch64 (arm64)',
    ],
    ['armv6l', 32, 'its architecture is armv6l; '],
    ['i686', 32, 'its architecture is i686; '],
    ['riscv64', 64, 'its architecture is riscv64; '],
    ['ppc64le', 64, 'its architecture is ppc64le; '],
    ['s390x', 64, 'its architecture is s390x; '],
    ['', 64, 'its architecture is unknown; '],
    ['aarch64', 32, 'its kernel is for aarch64, but its programs are of 32 bits'],
  ])('%s with %s bits', (machine, bits, expected) => {
    const finding = architectureShortcoming(worker, seen({ machine, bits }));
    if (expected === undefined) expect(finding).toBeUndefined();
    else expect([finding?.level, finding?.message]).toEqual(['error', expect.stringContaining(expected)]);
    expect(finding?.remedy.includes('64-bit') ?? false).toBe(/^(arm|i6)/.test(machine) || bits === 32);
  });
});

describe('the kernel', () => {
  it.each<[string, string, string | undefined]>([
    ['5.4.0-1', '', undefined],
    ['5.10.0-216.0.0.115.oe2203sp4.x86_64', 'iptables', undefined],
    ['6.6.0', 'nftables', undefined],
    ['5.13.0', 'nftables', undefined],
    ['5.10.0', 'nftables', 'Set spec.kubeProxy.config.mode to iptables'],
    ['4.18.0-553.el8_10.x86_64', '', '--ignore-preflight KernelVersion'],
    ['5.3.9', '', 'spec.preflight.ignore: [KernelVersion]'],
    ['', '', 'Install a newer kernel'],
  ])('%s with mode "%s"', (kernel, mode, remedy) => {
    const finding = kernelShortcoming(worker, seen({ kernel }), single({ kubeProxy: { config: { mode } } }));
    if (remedy === undefined) expect(finding).toBeUndefined();
    else expect(finding?.remedy ?? '').toContain(remedy);
  });
});
