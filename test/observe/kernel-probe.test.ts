import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kernelFeatures } from '../../src/model/kernel-feature.ts';
import { kernelProbe, readKernel } from '../../src/observe/kernel-probe.ts';

/** The probe's answer on a machine whose programs print this. `loadable`: what `modprobe -n` finds. */
function asked(config: string, loadable: readonly string[]): ReturnType<typeof readKernel> {
  const bin = mkdtempSync(join(tmpdir(), 'kboot-kernel-'));
  try {
    const program = (name: string, text: string): void => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    };
    program('uname', 'echo no-such-kernel');
    program('zcat', config === '' ? 'exit 1' : `cat <<'X'\n${config}\nX`);
    program('modprobe', `case $3 in ${[...loadable, 'nothing'].join(' | ')}) exit 0 ;; esac; exit 1`);
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    const lines = execFileSync('sh', ['-c', kernelProbe], { encoding: 'utf8', env }).trim().split('\n');
    return readKernel(lines.map((line) => line.replace(/^kernel=/, '')));
  } finally {
    rmSync(bin, { recursive: true });
  }
}

/** Of this machine: the probe looks there, too. */
const modules = existsSync('/proc/modules') ? readFileSync('/proc/modules', 'utf8') : '';
const isLoaded = (name: string): boolean => `\n${modules}`.includes(`\n${name} `);

it('reads what a kernel has from its configuration, and modules that can be loaded', () => {
  const config =
    'CONFIG_VXLAN=y\n# CONFIG_WIREGUARD is not set\nCONFIG_IP_VS=m\nCONFIG_DUMMY=m\n# CONFIG_DUMMY_IRQ is not set';
  const found = asked(config, ['dummy']);
  expect(found).toMatchObject({ vxlan: true, dummy: true });
  expect(found).toMatchObject({ wireguard: isLoaded('wireguard'), ip_vs: isLoaded('ip_vs') });
});

it('knows nothing without either, and leaves out what is no answer', () => {
  expect(Object.values(asked('', []))).not.toContain(false);
  expect(readKernel(['yes', 'no such', 'unknown vxlan', 'yes constructor'])).toEqual({});
  expect(readKernel(Object.keys(kernelFeatures).map((name) => `yes ${name}`))).toEqual(
    Object.fromEntries(Object.keys(kernelFeatures).map((name) => [name, true])),
  );
});
