import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { packagedSystems, packageSource } from '../../src/catalog/package-sources.ts';
import { packagesOf, systemName } from '../../src/catalog/systems.ts';

describe('packages of distributions', () => {
  it.each(packagedSystems)(
    'of %s are known: where they are, who signs them, which kboot installs',
    (system) => {
      for (const arch of ['amd64', 'arm64'] as const) {
        const source = packageSource(system, arch);
        if (source.manager === 'apt') expect(source.keyring.file).toMatch(/\.gpg$/);
        else {
          expect(source.key()).toMatch(/^-----BEGIN PGP PUBLIC KEY BLOCK-----\n/);
          for (const path of source.repositories) expect(path).toContain(`/${source.machine}`);
        }
      }
      expect(packagesOf(system)).toEqual(expect.arrayContaining(['haproxy', 'keepalived', 'chrony']));
      const [id = '', versionId = ''] = system.split('-');
      expect(systemName({ os: { id, versionId } })).toBe(system);
    },
  );

  it.each([
    // https://rockylinux.org/keys
    ['rocky-9', '21CB256AE16FC54C6E652949702D426D350D275D'],
    // https://almalinux.org/security
    ['almalinux-9', 'BF18AC2876178908D6E71267D36CB86CB86B3716'],
    // https://www.centos.org/keys
    ['centos-9', '99DB70FAE1D7CE227FB6488205B555B38483C65D'],
    // https://linux.oracle.com/security/gpg
    ['ol-9', '3E6D826D3FBAB389C2F38E34BC4D06A08D8B756F'],
  ])('the key of %s is the published one', (system, fingerprint) => {
    const source = packageSource(system, 'amd64');
    expect(source.manager === 'dnf' && fingerprintOf(source.key())).toBe(fingerprint);
  });

  it('are named by what /etc/os-release says, without minor versions', () => {
    expect(systemName({ os: { id: 'rocky', versionId: '9.6' } })).toBe('rocky-9');
    expect(systemName({ os: { id: 'debian', versionId: '11' } })).toBeUndefined();
    expect(systemName({ os: { id: 'linuxmint', versionId: '22', like: ['ubuntu'] } })).toBeUndefined();
    expect(() => packagesOf('debian-11')).toThrow('debian-11 is not a distribution that kboot knows');
  });
});

/** Of the first key in a text with ASCII armor (RFC 4880, 4.2, 6.2 and 12.2): its packet comes first, of an old or a new format. */
function fingerprintOf(armored: string): string {
  const [, base64 = ''] = /\n\n([^-=]+=*)\n=/.exec(armored) ?? [];
  const [tag, a = 0, b = 0, ...rest] = Buffer.from(base64, 'base64');
  const body = Buffer.from(rest).subarray(0, tag === 0x99 ? a * 256 + b : (a - 192) * 256 + b + 192);
  const head = Buffer.from([0x99, body.length >> 8, body.length & 0xff]);
  return createHash('sha1').update(head).update(body).digest('hex').toUpperCase();
}
