import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kernelFeatures } from '../../src/model/kernel-feature.ts';
import { kernelProbe, readKernel } from '../../src/observe/kernel-probe.ts';

/** The probe's answer on a machine with this configuration of its kernel, and these modules on its disk. */
function asked(config: string, onDisk: readonly string[]): ReturnType<typeof readKernel> {
  const dir = mkdtempSync(join(tmpdir(), 'kboot-kernel-'));
  try {
    const program = (name: string, text: string): void => {
      writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    };
    program('uname', 'echo no-such-kernel');
    program('gzip', config === '' ? 'exit 1' : `cat <<'X'\n${config}\nX`);
    mkdirSync(join(dir, 'no-such-kernel'));
    const list = onDisk.map((name) => `kernel/drivers/net/${name}.ko.xz: kernel/net/other.ko.xz\n`).join('');
    if (list !== '') writeFileSync(join(dir, 'no-such-kernel/modules.dep'), list);
    const env = { PATH: `${dir}:${process.env['PATH'] ?? ''}` };
    const script = kernelProbe.replaceAll('/lib/modules/', `${dir}/`);
    const lines = execFileSync('sh', ['-c', script], { encoding: 'utf8', env }).trim().split('\n');
    return readKernel(lines.map((line) => line.replace(/^kernel=/, '')));
  } finally {
    rmSync(dir, { recursive: true });
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

it('a module that is not on the disk cannot be loaded, whatever the configuration is', () => {
  expect(asked('', ['dummy', 'ip_vs_rr'])).toMatchObject({ dummy: true, ip_vs: isLoaded('ip_vs') });
});

it('knows nothing without either, and leaves out what is no answer', () => {
  expect(Object.values(asked('', []))).not.toContain(false);
  expect(readKernel(['yes', 'no such', 'unknown vxlan', 'yes constructor'])).toEqual({});
  expect(readKernel(Object.keys(kernelFeatures).map((name) => `yes ${name}`))).toEqual(
    Object.fromEntries(Object.keys(kernelFeatures).map((name) => [name, true])),
  );
});
