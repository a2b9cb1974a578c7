import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readUnits, unitsProbe, type UnitsSeen } from '../../src/observe/units-probe.ts';
import { shells } from '../resource/sandbox.ts';

const nothing: UnitsSeen = { kubelet: false, resolved: false, timeService: undefined, foreign: [] };
const read = (...entries: string[]): UnitsSeen => {
  const pairs = entries.map((entry) => [entry.split('=')[0], entry.replace(/^[^=]*=/, '')]);
  return readUnits((key) => pairs.flatMap(([name, value]) => (name === key ? [value ?? ''] : [])));
};

describe('what systemd runs', () => {
  it('is what is active; other tools also while they start', () => {
    expect(read()).toEqual(nothing);
    expect(
      read(
        'unit=kubelet.service active',
        'unit=systemd-resolved.service activating',
        'unit=k3s-agent.service activating',
        'unit=k0scontroller.service failed',
        'unit=firewalld.service active',
      ),
    ).toEqual({ ...nothing, kubelet: true, foreign: ['k3s-agent.service'] });
  });

  it.each([
    ['chrony', ['unit=chrony.service active', 'unit=systemd-timesyncd.service active']],
    ['chrony', ['unit=chronyd.service active', 'timeProgram=timesyncd']],
    ['timesyncd', ['unit=systemd-timesyncd.service active', 'timeProgram=chrony']],
    ['other', ['unit=ntpsec.service active', 'timeProgram=timesyncd']],
    ['chrony', ['unit=ntpd.service failed', 'timeProgram=chrony']],
    ['timesyncd', ['unit=chrony.service inactive', 'timeProgram=timesyncd']],
    [undefined, ['timeProgram=x']],
  ] as const)('what keeps the time, or could: %s', (expected, entries) => {
    expect(read(...entries).timeService).toBe(expected);
  });

  it.each(shells)('is asked for once, in %s', (shell) => {
    const dir = mkdtempSync(join(tmpdir(), 'kboot-units-'));
    const asked = join(dir, 'asked');
    writeFileSync(
      join(dir, 'systemctl'),
      `#!/bin/sh\necho "$1" >> ${asked}\necho 'kubelet.service loaded active running kubelet: The Node Agent'\necho 'k3s.service loaded activating auto-restart K3s'\n`,
      { mode: 0o755 },
    );
    const { stdout } = spawnSync(shell, ['-c', `${unitsProbe}\ncat ${asked}`], {
      env: { PATH: `${dir}:/usr/bin:/bin` },
      encoding: 'utf8',
    });
    expect(stdout).toContain('unit=kubelet.service active\nunit=k3s.service activating\n');
    expect(stdout).toMatch(/list-units\n$/);
    rmSync(dir, { recursive: true });
  });
});
