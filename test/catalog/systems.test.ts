import { describe, expect, it } from 'vitest';
import { acquaintance, knownSystems, nodePackagesOf, systemOf } from '../../src/catalog/systems.ts';

const on = (id: string, versionId: string, like = '') => ({
  os: { id, versionId, ...(like !== '' && { like: like.split(' ') }) },
});

describe('systems', () => {
  // ID, VERSION_ID and ID_LIKE as in the /etc/os-release of each.
  it.each([
    ['debian', '12', '', 'known', 'Debian'],
    ['debian', '11', '', 'unknown version', 'Debian'],
    ['ubuntu', '24.04', 'debian', 'known', 'Ubuntu'],
    ['ubuntu', '24', 'debian', 'unknown version', 'Ubuntu'],
    ['rocky', '9.6', 'rhel centos fedora', 'known', 'Rocky Linux'],
    ['rocky', '9', '', 'known', 'Rocky Linux'],
    ['rocky', '90.1', 'rhel centos fedora', 'unknown version', 'Rocky Linux'],
    ['rocky', '10.0', 'rhel centos fedora', 'known', 'Rocky Linux'],
    ['almalinux', '9.5', 'rhel centos fedora', 'known', 'AlmaLinux'],
    ['almalinux', '10.0', 'rhel centos fedora', 'known', 'AlmaLinux'],
    ['ol', '9.4', 'fedora', 'known', 'Oracle Linux'],
    ['rhel', '9.4', 'fedora', 'known', 'RHEL'],
    ['rhel', '10.0', 'centos fedora', 'known', 'RHEL'],
    ['rhel', '8.10', 'fedora', 'unknown version', 'RHEL'],
    ['centos', '9', 'rhel fedora', 'known', 'CentOS Stream'],
    ['openEuler', '22.03', '', 'known', 'openEuler'],
    ['openEuler', '24.03', '', 'known', 'openEuler'],
    ['raspbian', '12', 'debian', 'relative', 'Debian'],
    ['linuxmint', '22', 'ubuntu debian', 'relative', 'Ubuntu'],
    ['pop', '22.04', 'ubuntu debian', 'relative', 'Ubuntu'],
    ['amzn', '2023', 'fedora', 'relative', 'RHEL'],
    ['anolis', '8.9', 'rhel fedora centos', 'relative', 'RHEL'],
    ['fedora', '43', '', 'unknown', 'Debian'],
    ['arch', '', '', 'unknown', 'Debian'],
    ['manjaro', '', 'arch', 'unknown', 'Debian'],
    ['opensuse-leap', '15.6', 'suse opensuse', 'unknown', 'Debian'],
    ['constructor', '1', 'constructor', 'unknown', 'Debian'],
  ])('%s %s (%s) is %s, as %s', (id, version, like, known, name) => {
    const seen = acquaintance(on(id, version, like));
    expect([seen.known, seen.system.name]).toEqual([known, name]);
  });

  it('are listed in one phrase', () => {
    expect(knownSystems).toBe(
      'Debian 12 or 13, Ubuntu 22.04, 24.04 or 26.04, Rocky Linux 9 or 10, AlmaLinux 9 or 10, Oracle Linux 9 or 10, RHEL 9 or 10, CentOS Stream 9 or 10, or openEuler 22.03 or 24.03',
    );
  });

  it('differ in their packages', () => {
    expect(systemOf(on('rocky', '9.6'))).toMatchObject({ packageManager: 'dnf', selinux: true });
    expect(systemOf(on('ubuntu', '24.04'))).toMatchObject({ packageManager: 'apt', selinux: false });
    expect(systemOf(on('arch', ''))).toBe(systemOf(on('debian', '12')));
    expect(nodePackagesOf(on('openEuler', '22.03'))).toContain('iptables');
  });

  it('have the modules of br_netfilter and iptables in a package of their own from RHEL 10 on', () => {
    const has = (id: string, version: string): boolean =>
      nodePackagesOf(on(id, version, 'rhel')).includes('kernel-modules-extra');
    expect([has('rhel', '9.4'), has('rocky', '9')]).toEqual([false, false]);
    expect([has('rhel', '10.0'), has('almalinux', '10'), has('other', '10.1')]).toEqual([true, true, true]);
    expect([has('debian', '10'), has('rhel', '1')]).toEqual([false, false]);
  });
});
