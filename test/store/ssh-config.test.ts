import { describe, expect, it } from 'vitest';
import { KbootError } from '../../src/model/error.ts';
import { parseSshConfig } from '../../src/store/ssh-config.ts';

/** As Vagrant 2.3.4 prints it (templates/commands/ssh_config/config.erb). */
const printed = `Host cp-1
  HostName 127.0.0.1
  User vagrant
  Port 2222
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile /srv/v/.vagrant/machines/cp-1/docker/private_key
  IdentitiesOnly yes
  LogLevel FATAL

Host w-1
  HostName 192.168.121.7
  User debian
  Port 22
  PasswordAuthentication no
  IdentityFile "/srv/my machines/w-1/private_key"
  IdentityFile /home/op/.vagrant.d/insecure_private_keys/vagrant.key.rsa
  IdentitiesOnly yes
  PubkeyAcceptedKeyTypes +ssh-rsa
  LogLevel FATAL

`;

describe('parseSshConfig', () => {
  it("reads every machine's address, port, user and keys", () => {
    expect([...parseSshConfig(printed)]).toEqual([
      [
        'cp-1',
        {
          address: '127.0.0.1',
          port: 2222,
          user: 'vagrant',
          identityFiles: ['/srv/v/.vagrant/machines/cp-1/docker/private_key'],
        },
      ],
      [
        'w-1',
        {
          address: '192.168.121.7',
          port: 22,
          user: 'debian',
          identityFiles: [
            '/srv/my machines/w-1/private_key',
            '/home/op/.vagrant.d/insecure_private_keys/vagrant.key.rsa',
          ],
        },
      ],
    ]);
  });

  it('reads lines with Windows line endings', () => {
    expect(parseSshConfig(printed.replaceAll('\n', '\r\n'))).toEqual(parseSshConfig(printed));
  });

  it.each([
    [
      'another way than its address',
      '  ProxyCommand ssh gateway nc %h %p',
      '"proxycommand ssh gateway nc %h %p"',
    ],
    ['settings of another file', '  Include ~/more', '"include ~/more"'],
  ])('refuses %s, for that machine only', (_what, line, named) => {
    const found = parseSshConfig(printed.replace('  LogLevel FATAL', line));
    expect(found.get('cp-1')).toBeInstanceOf(KbootError);
    expect((found.get('cp-1') as KbootError).message).toContain(named);
    expect(found.get('w-1')).not.toBeInstanceOf(KbootError);
  });

  it.each(['HostName', 'User', 'Port'])('refuses a machine without %s', (key) => {
    const found = parseSshConfig(printed.replace(new RegExp(`  ${key} .*\n`), ''));
    expect(found.get('cp-1')).toMatchObject({ code: 'E-VAGRANT' });
  });

  it('finds no machine in any other text', () => {
    expect(parseSshConfig('Vagrant has detected a new version\n').size).toBe(0);
  });
});
