import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { askVagrant, machineIdentity } from '../../src/store/vagrant.ts';
import { failure } from '../transport/failure.ts';
import { fakeVagrant, type FakeVagrant } from './fake-vagrant.ts';

let vagrant: FakeVagrant;
beforeEach(() => {
  vagrant = fakeVagrant();
});
afterEach(() => {
  rmSync(join(vagrant.dir, '..'), { recursive: true });
  vi.unstubAllEnvs();
});
const ask = (...names: string[]): ReturnType<typeof askVagrant> =>
  askVagrant(vagrant.dir, '/inventories/own.yaml', names);

describe('askVagrant', () => {
  it('asks once if all machines are running, and passes the inventory', async () => {
    vagrant.set({ 'cp-1': { state: 'running', port: 2222 }, 'w-1': { state: 'running', port: 2200 } });
    const said = await ask('cp-1', 'w-1');
    expect(said.get('cp-1')).toMatchObject({ address: '127.0.0.1', port: 2222, user: 'vagrant' });
    expect(said.get('w-1')).toMatchObject({ port: 2200 });
    expect(vagrant.calls()).toEqual(['ssh-config cp-1 w-1 | /inventories/own.yaml']);
  });

  it('gives Vagrant no secret of kboot', async () => {
    vi.stubEnv('KBOOT_SUDO_PASSWORD', 'hunter2');
    vagrant.set({ 'cp-1': { state: 'running', port: 2222 } });
    await ask('cp-1');
    expect(vagrant.environment()).toContain('KBOOT_INVENTORY=/inventories/own.yaml');
    expect(vagrant.environment()).not.toContain('hunter2');
  });

  it('a machine that is not running is reported as such, and the others are reached', async () => {
    vagrant.set({
      'cp-1': { state: 'not_created' },
      'w-1': { state: 'poweroff' },
      'w-2': { state: 'running', port: 2201 },
    });
    const said = await ask('cp-1', 'w-1', 'w-2', 'w-3');
    expect(said.get('w-2')).toMatchObject({ port: 2201 });
    expect(said.get('cp-1')).toMatchObject({
      code: 'E-VAGRANT',
      message: "Vagrant's machine cp-1 is not created yet",
      context: {
        host: 'cp-1',
        remedy: `Start it: cd ${vagrant.dir} && KBOOT_INVENTORY=/inventories/own.yaml vagrant up cp-1`,
      },
    });
    expect(said.get('w-1')).toMatchObject({ message: "Vagrant's machine w-1 is not running: poweroff" });
    expect(said.get('w-3')).toMatchObject({
      message: `the Vagrantfile in ${vagrant.dir} has no machine w-3`,
      context: { host: 'w-3', remedy: 'It has cp-1, w-1, w-2. Give the host and the machine the same name.' },
    });
  });

  it("fails when the Vagrantfile fails, with Vagrant's own output", async () => {
    writeFileSync(join(vagrant.dir, '../data/broken'), 'There was an error loading a Vagrantfile.\n');
    const error = await failure(ask('cp-1'));
    expect(error).toMatchObject({ code: 'E-VAGRANT', exit: 4 });
    expect(error.context).toMatchObject({ detail: 'There was an error loading a Vagrantfile.' });
    expect(error.context.host).toBeUndefined();
  });

  it('says that Vagrant or its folder is missing', async () => {
    expect((await failure(askVagrant(join(vagrant.dir, 'no'), '/i', ['cp-1']))).message).toBe(
      `the folder of ssh.vagrant does not exist: ${vagrant.dir}/no`,
    );
    vi.stubEnv('PATH', vagrant.dir);
    expect((await failure(ask('cp-1'))).message).toMatch(/^vagrant is not installed/);
  });
});

describe('machineIdentity', () => {
  it('changes when the machine is recreated, and is empty if nothing is known', async () => {
    expect(await machineIdentity(vagrant.dir, 'cp-1')).toBe('');
    vagrant.set({ 'cp-1': { state: 'running', id: 'a' } });
    const first = await machineIdentity(vagrant.dir, 'cp-1');
    vagrant.set({ 'cp-1': { state: 'running', id: 'b' } });
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(await machineIdentity(vagrant.dir, 'cp-1')).not.toBe(first);
  });

  it('is read from VAGRANT_DOTFILE_PATH if that is set', async () => {
    vi.stubEnv('VAGRANT_DOTFILE_PATH', '../elsewhere');
    const own = join(vagrant.dir, '../elsewhere/machines/cp-1/libvirt');
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'id'), 'x');
    expect(await machineIdentity(vagrant.dir, 'cp-1')).not.toBe('');
  });
});
