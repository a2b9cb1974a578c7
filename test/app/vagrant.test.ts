import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectAll } from '../../src/app/observe/connect.ts';
import { consentAs } from '../../src/app/consent.ts';
import { openWorkspace } from '../../src/app/workspace.ts';
import type { KbootError } from '../../src/model/error.ts';
import { kboot } from '../cli/run.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { fakeVagrant, type FakeVagrant } from '../store/fake-vagrant.ts';
import { failure } from '../transport/failure.ts';
import { fakeServer, type FakeServer } from '../transport/fake-server.ts';
import { connectOptions, makeKey } from '../transport/sshd.ts';

const cleanup: (() => unknown)[] = [];
let vagrant: FakeVagrant;
let inventory: string;
let identityFile: string;
beforeEach(() => {
  consentAs({ always: true });
  vagrant = fakeVagrant();
  inventory = join(vagrant.dir, 'mine.yaml');
  identityFile = join(vagrant.dir, 'key');
  makeKey(identityFile);
  writeFileSync(inventory, inventoryWith(['ssh: {vagrant: .}']));
});
afterEach(() => {
  consentAs({ always: false });
  for (const step of cleanup.splice(0).reverse()) step();
  vi.unstubAllEnvs();
  rmSync(join(vagrant.dir, '..'), { recursive: true });
});

const machine = async (...behaviour: Parameters<typeof fakeServer>): Promise<FakeServer> => {
  const server = await fakeServer(...behaviour);
  cleanup.push(() => {
    server.stop();
  });
  return server;
};
const running = (server: FakeServer, id: string) => ({
  state: 'running',
  port: server.port,
  identityFile,
  id,
});
const keptKeys = (): string => readFileSync(join(vagrant.dir, '.kboot/test/vagrant_known_hosts'), 'utf8');

/** One run of a command that connects to all hosts; returns the errors of hosts that could not be reached. */
async function run(): Promise<ReadonlyMap<string, KbootError>> {
  const workspace = await openWorkspace({ inventory });
  const options = connectOptions({ sshPassword: 'secret' });
  const connections = await connectAll(workspace, workspace.cluster.hosts, options, 10, () =>
    Promise.resolve(),
  );
  // A command may connect again; Vagrant has already been run.
  await (await connectAll(workspace, workspace.cluster.hosts, options, 10, () => Promise.resolve())).close();
  await connections.close();
  return connections.failed;
}

describe('hosts that Vagrant makes', () => {
  it('are not asked for before somebody has agreed: a Vagrantfile is a program', async () => {
    consentAs({ always: false });
    vagrant.set({ 'cp-1': { state: 'running' }, 'w-1': { state: 'running' } });
    const failed = await run();
    expect([...failed.values()].map(({ code }) => code)).toEqual(['E-CONSENT', 'E-CONSENT']);
    for (const verb of ['plan', 'drift', 'status', 'certs', 'verify']) await kboot(verb, inventory);
    expect(await kboot('up', inventory, '--yes')).toMatchObject({ error: { code: 'E-CONSENT' } });
    expect(vagrant.calls()).toEqual([]);
  });

  it('are queried once per run, and pinned to the first host key that they present', async () => {
    const [plane, worker] = [await machine({}), await machine({})];
    vagrant.set({ 'cp-1': running(plane, 'a'), 'w-1': running(worker, 'b') });
    expect([...(await run())]).toEqual([]);
    expect(vagrant.calls()).toEqual([`ssh-config cp-1 w-1 | ${inventory}`]);
    expect(keptKeys()).toMatch(/^(cp-1|w-1)@[0-9a-f]{16} ecdsa-sha2-nistp256 \S+\n(cp-1|w-1)@\S+ \S+ \S+\n$/);
    expect(keptKeys()).toContain(plane.hostKey);
    expect(statSync(join(vagrant.dir, '.kboot/test')).mode & 0o777).toBe(0o700);

    const before = keptKeys();
    expect([...(await run())]).toEqual([]);
    expect(keptKeys()).toBe(before);

    // Another server behind the same machine.
    const impostor = await machine({});
    vagrant.set({ 'cp-1': running(impostor, 'a'), 'w-1': running(worker, 'b') });
    const failed = await run();
    expect([...failed.keys()]).toEqual(['cp-1']);
    expect(failed.get('cp-1')).toMatchObject({ code: 'E-HOST-KEY-CHANGED' });
    expect(failed.get('cp-1')?.message).toContain('vagrant_known_hosts:');
    expect(impostor.methods).toEqual([]);
    expect(keptKeys()).toBe(before);

    // Vagrant recreated the machine.
    vagrant.set({ 'cp-1': running(impostor, 'c'), 'w-1': running(worker, 'b') });
    expect([...(await run())]).toEqual([]);
    expect(keptKeys()).toContain(impostor.hostKey);
  });

  it("are offered Vagrant's keys and no password, and a key is kept only after the login", async () => {
    const closed = await machine({
      auth: (context) => {
        context.reject(['publickey', 'password']);
      },
    });
    const open = await machine({});
    vagrant.set({ 'cp-1': running(closed, 'a'), 'w-1': running(open, 'b') });
    const failed = await run();
    expect(failed.get('cp-1')).toMatchObject({
      code: 'E-AUTH',
      context: {
        remedy: 'These are the keys that Vagrant reports. Check whether `vagrant ssh cp-1` works.',
      },
    });
    expect(closed.methods).not.toContain('password');
    expect(closed.methods).toContain('publickey');
    expect(keptKeys()).not.toContain('cp-1');
  });

  it('a machine that is not running does not affect the others', async () => {
    vagrant.set({ 'cp-1': { state: 'poweroff' }, 'w-1': running(await machine({}), 'b') });
    const failed = await run();
    expect([...failed]).toMatchObject([['cp-1', { code: 'E-VAGRANT' }]]);
  });

  it('a failure of Vagrant itself ends the command', async () => {
    vi.stubEnv('PATH', vagrant.dir);
    expect(await failure(run())).toMatchObject({ code: 'E-VAGRANT' });
  });

  it('are not queried by commands that contact nothing', async () => {
    vagrant.set({ 'cp-1': { state: 'not_created' }, 'w-1': { state: 'not_created' } });
    for (const command of [
      ['validate', inventory],
      ['plan', inventory, '--offline'],
      ['render', inventory, '--out', join(vagrant.dir, 'out')],
    ]) {
      const { error, exit } = await kboot(...command);
      expect([command[0], exit, error]).toEqual([command[0], 0, undefined]);
    }
    expect(vagrant.calls()).toEqual([]);
  });
});
