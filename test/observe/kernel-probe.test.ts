import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kernelFeatures } from '../../src/model/kernel-feature.ts';
import { kernelLines, kernelParts, kernelProbe, readKernel } from '../../src/observe/kernel-probe.ts';
import { foundLine, foundPart, searchLines, searchParts } from '../../src/observe/search.ts';

/** The probe's answer on a machine with this configuration of its kernel, and these modules on its disk. */
function asked(config: string, onDisk: readonly string[]): ReturnType<typeof readKernel> {
  const dir = mkdtempSync(join(tmpdir(), 'kboot-kernel-'));
  try {
    const program = (name: string, text: string): void => {
      writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    };
    program('gzip', config === '' ? 'exit 1' : `cat <<'X'\n${config}\nX`);
    mkdirSync(join(dir, 'no-such-kernel'));
    const list = onDisk.map((name) => `kernel/drivers/net/${name}.ko.xz: kernel/net/other.ko.xz\n`).join('');
    if (list !== '') writeFileSync(join(dir, 'no-such-kernel/modules.dep'), list);
    const env = { PATH: `${dir}:${process.env['PATH'] ?? ''}` };
    const script = `release=no-such-kernel\n${searchLines([kernelLines])}\n${searchParts([kernelParts])}\necho config\n${kernelProbe}\n:`;
    const output = execFileSync('sh', ['-c', script.replaceAll('/lib/modules/', `${dir}/`)], {
      encoding: 'utf8',
      env,
    });
    const [found = '', seen = ''] = output.split('config\n');
    const lines = found.split('\n');
    return readKernel({
      config: seen.split('\n'),
      lines: lines.flatMap(foundLine),
      parts: lines.flatMap(foundPart),
      hasModules: list !== '',
    });
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
  const nothing = { config: [], lines: [], parts: [], hasModules: false };
  expect(
    readKernel({ ...nothing, config: ['CONFIG_VXLAN_X=y', 'x'], parts: [{ file: '/a', text: '/ko' }] }),
  ).toEqual({});
  const loaded = Object.keys(kernelFeatures).map((name, index) => ({
    ...{ file: '/proc/modules', line: index + 1, text: `${name} 16384 0 - Live 0x0` },
  }));
  expect(readKernel({ ...nothing, lines: loaded })).toEqual(
    Object.fromEntries(Object.keys(kernelFeatures).map((name) => [name, true])),
  );
  expect(readKernel({ ...nothing, hasModules: true })).toEqual(
    Object.fromEntries(Object.keys(kernelFeatures).map((name) => [name, false])),
  );
});
