import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sshArguments } from '../../../src/foreign/ansible/ssh-arguments.ts';

describe('arguments of ssh', () => {
  it.each([
    ['-o ProxyJump=ubuntu@1.2.3.4', { address: '1.2.3.4', user: 'ubuntu' }],
    ['-J gw.example.com:2222', { address: 'gw.example.com', port: 2222 }],
    ['-o "ProxyJump [fd00::1]:22"', { address: 'fd00::1', port: 22 }],
    [
      '-o ProxyCommand="ssh -i ~/.ssh/k -p 2222 -W %h:%p -q ubuntu@gw"',
      { address: 'gw', user: 'ubuntu', port: 2222, identityFile: '~/.ssh/k' },
    ],
    [
      `-o ProxyCommand='ssh -o StrictHostKeyChecking=no -o User=ops gw -W [%h]:%p -p 23'`,
      { address: 'gw', user: 'ops', port: 23 },
    ],
    ['-oProxyCommand="ssh -l ops gw nc -w 5 %h %p"', undefined],
    ['-oProxyCommand="ssh -l ops gw nc -q0 %h %p"', { address: 'gw', user: 'ops' }],
  ])('%s', (text, bastion) => {
    expect(sshArguments(text).bastion).toEqual(bastion);
  });

  it('keeps user, port and key, and names what kboot does not do', () => {
    expect(
      sshArguments('-vv -C -l ops -p 2222 -i k -o IdentitiesOnly=yes -o ControlMaster=auto -F f'),
    ).toEqual({
      ...{ user: 'ops', port: 2222, identityFile: 'k' },
      left: [
        { option: 'IdentitiesOnly', why: 'kboot has no such option of SSH' },
        { option: 'ControlMaster', why: 'kboot keeps one connection to each host by itself' },
        { option: '-F', why: 'kboot has no such option of SSH' },
      ],
    });
    const [checking] = sshArguments('-o StrictHostKeyChecking=no').left;
    expect(checking?.why).toContain('always verifies host keys');
    expect(sshArguments('-J a,b').left[0]?.why).toContain('one bastion');
    expect(sshArguments('-o ProxyCommand="aws ssm start-session"').left[0]?.why).toContain('only if it is');
    expect(sshArguments('-o ProxyCommand="ssh gw"').bastion).toBeUndefined();
    expect(sshArguments('"open').left).toHaveLength(1);
    expect(sshArguments(`a ${'-b a '.repeat(200_000)}`).left[0]?.why).toBe('they are too long');
  });

  it('any text is read', () => {
    const pieces = fc.constantFrom(
      '-o ',
      '-J',
      'ProxyCommand=',
      '"',
      "'",
      'ssh ',
      '-W %h:%p ',
      'u@h',
      ' ',
      '=',
      ',',
      '-p ',
      '22',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const { bastion } = sshArguments(parts.join(''));
        expect(bastion?.address).not.toBe('');
      }),
    );
  });
});
