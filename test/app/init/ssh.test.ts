import { describe, expect, it } from 'vitest';
import { bastionOf, portOf, sshOf } from '../../../src/app/init/ssh.ts';
import { KbootError } from '../../../src/model/error.ts';

/** The error for a value. */
function said(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof KbootError && error.code === 'E-USAGE') return error.message;
    throw error;
  }
  return '';
}

describe('--bastion', () => {
  it('names a host, and perhaps its user and port', () => {
    expect(bastionOf('gw.example.com')).toEqual({ address: 'gw.example.com' });
    expect(bastionOf('ops@10.0.0.1:2222')).toEqual({ address: '10.0.0.1', user: 'ops', port: 2222 });
    expect(bastionOf('ops@[fd00::1]:2222')).toEqual({ address: 'fd00::1', user: 'ops', port: 2222 });
    expect(bastionOf('fd00::1')).toEqual({ address: 'fd00::1' });
  });

  it.each(['', '@gw', 'ops@', 'gw:0', 'gw:ssh', 'gw_1', 'a,b', 'ssh://gw', '10.0.0.256', 'fd00::1%eth0'])(
    '%j names none',
    (text) => {
      expect(said(() => bastionOf(text))).toMatch(/^--bastion .*; nothing was written\.$/);
    },
  );

  it('uses the same user as the hosts, unless another is named', () => {
    expect(sshOf({ user: 'ops' })).toEqual({ user: 'ops' });
    expect(sshOf({ user: 'ops', identityFile: 'k', port: 2222, bastion: { address: 'gw' } })).toEqual({
      ...{ user: 'ops', identityFile: 'k', port: 2222 },
      bastion: { address: 'gw', user: 'ops', identityFile: 'k' },
    });
    expect(sshOf({ user: 'ops', bastion: { address: 'gw', user: 'jump', port: 23 } })).toEqual({
      ...{ user: 'ops', bastion: { address: 'gw', user: 'jump', port: 23 } },
    });
  });
});

it('--port is a valid TCP port', () => {
  expect([portOf('22'), portOf('65535')]).toEqual([22, 65535]);
  for (const text of ['0', '65536', '-1', '22.5', '0x16', 'ssh', ' '])
    expect(said(() => portOf(text))).toContain(
      `--port must be a whole number from 1 to 65535, not "${text}"`,
    );
});
