import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectHost } from '../../src/transport/connect.ts';
import { runOnOperator } from '../../src/transport/operator.ts';
import { connectOptions, host } from './sshd.ts';

/** Everything that kboot reads a secret from, and what another version may. */
const secrets = [
  'KBOOT_SUDO_PASSWORD',
  'KBOOT_SSH_PASSWORD',
  'KBOOT_BASTION_PASSWORD',
  'KBOOT_STATE_PASSPHRASE',
  'KBOOT_STATE_NEW_PASSPHRASE',
  'KBOOT_STATE_PASSPHRASE_FILE',
  'KBOOT_STATE_IDENTITY',
  'kboot_of_tomorrow',
];

describe('the environment of a program that kboot starts', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'kboot-child-'));
    for (const name of secrets) vi.stubEnv(name, `value-${name}`);
    vi.stubEnv('OF_THE_OPERATOR', 'kept');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(cwd, { recursive: true });
  });

  it('has no secret of kboot in a hook on this machine', async () => {
    const { output } = await runOnOperator('env', {
      cwd,
      environment: { KBOOT_CLUSTER: 'mine' },
      timeoutSeconds: 20,
    });
    expect(output).toContain('KBOOT_CLUSTER=mine');
    expect(output).toContain('OF_THE_OPERATOR=kept');
    expect(output).not.toContain('value-');
  });

  it.skipIf(userInfo().uid !== 0)('has none on a host with `connection: local`', async () => {
    const connection = await connectHost(host({ kind: 'local' }), connectOptions());
    const { stdout } = await connection.reader.read('env', { timeoutMs: 20_000 });
    await connection.close();
    expect(stdout).toContain('OF_THE_OPERATOR=kept');
    expect(stdout).not.toContain('value-');
  });
});
