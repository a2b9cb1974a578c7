import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inventoryWith } from '../samples/inventory-options.ts';
import { has, needing } from '../programs.ts';
import { inventories, vagrantDir } from './tools.ts';

/*
 * Vagrant itself reads the Vagrantfile. It asks a provider's program for its version before it looks at the
 * provider's settings; fake programs answer that.
 */
describe.skipIf(!has('vagrant'))(needing('vagrant', 'vagrant/Vagrantfile'), () => {
  const root = mkdtempSync(join(tmpdir(), 'kboot-vagrantfile-'));
  afterAll(() => {
    rmSync(root, { recursive: true });
  });
  const bin = join(root, 'bin');
  mkdirSync(bin);
  for (const program of ['VBoxManage', 'docker']) {
    writeFileSync(join(bin, program), '#!/bin/sh\necho 7.0.12r159484\n');
    chmodSync(join(bin, program), 0o755);
  }
  const vagrant = (provider: string, inventory: string | undefined, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('vagrant', args, {
      encoding: 'utf8',
      cwd: vagrantDir,
      env: {
        ...{ PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: root, VAGRANT_HOME: join(root, 'home') },
        ...{ VAGRANT_DOTFILE_PATH: join(root, 'dot'), VAGRANT_DEFAULT_PROVIDER: provider },
        ...{
          VAGRANT_CHECKPOINT_DISABLE: '1',
          ...(inventory !== undefined && { KBOOT_INVENTORY: inventory }),
        },
      },
    });
    return { status, said: stdout + stderr };
  };

  it.each(readdirSync(inventories).filter((name) => name.endsWith('.yaml')))('is valid for %s', (name) => {
    expect(vagrant('virtualbox', join(inventories, name), 'validate')).toEqual({
      status: 0,
      said: 'Vagrantfile validated successfully.\n',
    });
  });

  it('is valid for the docker provider', () => {
    expect(vagrant('docker', undefined, 'validate').status).toBe(0);
  });

  it('uses inventories/vagrant.yaml unless KBOOT_INVENTORY is set to another one', () => {
    const names = (inventory: string | undefined): string[] =>
      [
        ...vagrant('virtualbox', inventory, 'status', '--machine-readable').said.matchAll(/,([^,]+),state,/g),
      ].map(([, name = '']) => name);
    expect(names(undefined)).toEqual(['cp-1', 'w-1', 'w-2']);
    expect(names(join(inventories, 'ha.yaml'))).toEqual(['cp-1', 'cp-2', 'cp-3', 'w-1', 'w-2']);
  });

  it('reports in one line the problem with an inventory', () => {
    const file = join(root, 'bad.yaml');
    writeFileSync(file, inventoryWith(['vagrant: {box: arch}']));
    const { status, said } = vagrant('virtualbox', file, 'validate');
    expect(status).not.toBe(0);
    expect(said).toContain(`${file}: cp-1: box arch is not one of debian-12`);
  });
});
