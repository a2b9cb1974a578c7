import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  firewalldIsActive,
  readUnits,
  timeProbe,
  unitsProbe,
  type UnitsSeen,
} from '../../src/observe/units-probe.ts';
import { shells } from '../resource/sandbox.ts';

const nothing: UnitsSeen = {
  kubelet: false,
  resolved: false,
  docker: false,
  timeService: undefined,
  foreign: [],
};
const read = (...entries: string[]): UnitsSeen => {
  const pairs = entries.map((entry) => [entry.split('=')[0], entry.replace(/^[^=]*=/, '')]);
  return readUnits((key) => pairs.flatMap(([name, value]) => (name === key ? [value ?? ''] : [])));
};

describe('what systemd runs', () => {
  it('is what is active; other tools also while they start', () => {
    expect(read()).toEqual(nothing);
    expect(
      read(
        'unit=kubelet.service loaded active sub text',
        'unit=systemd-resolved.service loaded activating sub text',
        'unit=k3s-agent.service loaded activating sub text',
        'unit=k0scontroller.service loaded failed sub text',
        'unit=firewalld.service loaded active sub text',
      ),
    ).toEqual({ ...nothing, kubelet: true, foreign: ['k3s-agent.service'] });
  });

  it.each([
    [
      'chrony',
      ['unit=chrony.service loaded active sub text', 'unit=systemd-timesyncd.service loaded active sub text'],
    ],
    ['chrony', ['unit=chronyd.service loaded active sub text', 'timeProgram=timesyncd']],
    ['timesyncd', ['unit=systemd-timesyncd.service loaded active sub text', 'timeProgram=chrony']],
    ['other', ['unit=ntpsec.service loaded active sub text', 'timeProgram=timesyncd']],
    ['chrony', ['unit=ntpd.service loaded failed sub text', 'timeProgram=chrony']],
    ['timesyncd', ['unit=chrony.service loaded inactive sub text', 'timeProgram=timesyncd']],
    [undefined, ['timeProgram=x']],
  ] as const)('what keeps the time, or could: %s', (expected, entries) => {
    expect(read(...entries).timeService).toBe(expected);
  });

  it.each(shells)('is asked for once, in %s', (shell) => {
    const dir = mkdtempSync(join(tmpdir(), 'kboot-units-'));
    const asked = join(dir, 'asked');
    writeFileSync(
      join(dir, 'systemctl'),
      `#!/bin/sh\necho "$1" >> ${asked}\necho 'kubelet.service  loaded    active     running kubelet: The Node Agent'\necho 'k3s.service loaded activating auto-restart K3s'\n`,
      { mode: 0o755 },
    );
    const { stdout } = spawnSync(shell, ['-c', `${unitsProbe}\n${timeProbe}\ncat ${asked}`], {
      env: { PATH: `${dir}:/usr/bin:/bin` },
      encoding: 'utf8',
    });
    expect(readUnits((key) => (key === 'unit' ? stdout.split('\n') : []))).toEqual({
      ...nothing,
      kubelet: true,
      foreign: ['k3s.service'],
    });
    expect(stdout).toMatch(/list-units\n$/);
    rmSync(dir, { recursive: true });
  });

  it.each(shells)('firewalld is active if it is, and not if only another is, in %s', (shell) => {
    const isActive = (...table: string[]): boolean =>
      spawnSync(shell, ['-c', `units='${table.join('\n')}'\n${firewalldIsActive}`]).status === 0;
    expect(
      isActive('chrony.service loaded active running x', 'firewalld.service   loaded active running *'),
    ).toBe(true);
    expect(
      isActive('firewalld.service loaded inactive dead x', 'kubelet.service loaded active running x'),
    ).toBe(false);
    expect(isActive('firewalld.service.d loaded active running x')).toBe(false);
    expect(isActive('')).toBe(false);
  });

  it('Docker counts if it and the containerd of systemd are active', () => {
    const docker = (...names: string[]): boolean =>
      read(...names.map((name) => `unit=${name}.service loaded active running x`)).docker;
    expect([docker('docker', 'containerd'), docker('docker'), docker('containerd')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
