import { describe, expect, it } from 'vitest';
import { packagedSystems, packageSource } from '../../src/catalog/package-sources.ts';
import { packagesOf, systemName } from '../../src/catalog/systems.ts';

describe('packages of distributions', () => {
  it.each(packagedSystems)(
    'of %s are known: where they are, who signs them, which kboot installs',
    (system) => {
      for (const arch of ['amd64', 'arm64'] as const)
        expect(packageSource(system, arch)).toMatchObject({
          keyring: { file: expect.stringMatching(/\.gpg$/) as string },
        });
      expect(packagesOf(system)).toEqual(
        expect.arrayContaining(['haproxy', 'iptables', 'keepalived', 'chrony']),
      );
      const [id = '', versionId = ''] = system.split('-');
      expect(systemName({ os: { id, versionId } })).toBe(system);
    },
  );

  it('are named by what /etc/os-release says, without minor versions', () => {
    expect(systemName({ os: { id: 'rocky', versionId: '9.6' } })).toBe('rocky-9');
    expect(systemName({ os: { id: 'debian', versionId: '11' } })).toBeUndefined();
    expect(systemName({ os: { id: 'linuxmint', versionId: '22', like: ['ubuntu'] } })).toBeUndefined();
    expect(() => packagesOf('debian-11')).toThrow('debian-11 is not a distribution that kboot knows');
  });
});
