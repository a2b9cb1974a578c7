import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import type { BundleIndex } from '../../src/store/bundle.ts';
import { compiledKboot, makeSite, stepLines, type KbootResult, type Site } from '../lab/kboot.ts';
import { createLab } from '../lab/lab.ts';
import { $ } from '../lab/shell.ts';
import { output } from '../lab/traces.ts';
import { hasClusterBundle, unlessSkipped } from './cluster.ts';

/* Hosts get nothing of a bundle that nobody has vouched for: the bundle of the lab is built here. */

const name = 'cp-1';
const pause = 'images/linux-amd64/pause.tar';
let site: Site;
let folder: string;
let own: string;

const up = (rest: readonly string[] = [], inventory = site.inventory): Promise<KbootResult> =>
  site.kboot('up', ['--until', 'runtime', '--yes', '-o', 'json', '--bundle', own, ...rest], {
    inventory,
    env: { KBOOT_ALLOW_UNOFFICIAL: '' },
  });
const changed = (): Promise<string> =>
  output(site.lab, name, '[ -e /usr/local/sbin/runc ] && echo changed || echo untouched');
const flip = (path: string): void => {
  const bytes = readFileSync(join(own, path));
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(join(own, path), bytes);
};

describe.skipIf(!hasClusterBundle)(`a bundle of one's own builds${unlessSkipped}`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kboot-origin-'));
    own = join(folder, 'bundle');
    await $`cp -r ${process.env['KBOOT_BUNDLE'] ?? ''} ${own}`;
    await $`${process.execPath} ${compiledKboot()} bundle index ${own}`;
    await $`ssh-keygen -q -t ed25519 -N ${''} -C builder@example -f ${join(folder, 'key')}`;
    const lab = await createLab({ name: 'origin', hosts: [{ name, address: '10.77.64.11' }] });
    site = await makeSite(lab, 'origin', [{ name, roles: ['control-plane'], address: '10.77.64.11' }]);
  });

  afterAll(async () => {
    await site.close();
    rmSync(folder, { recursive: true });
  });

  test('is refused without a word for it, and no host is touched', async () => {
    const { exitCode, stdout } = await up();
    expect([exitCode, await changed()]).toEqual([3, 'untouched']);
    expect(stdout).toContain('has other builds than the official ones: archives/linux-amd64/cni-plugins');
    expect(stdout).toContain('--allow-unofficial');
  });

  test('with an archive that its index does not describe is refused, even with the flag', async () => {
    const index = readFileSync(join(own, 'bundle.json'), 'utf8');
    const archive = readFileSync(join(own, pause));
    await $`cp ${join(own, 'images/linux-amd64/coredns.tar')} ${join(own, pause)}`;
    const bytes = readFileSync(join(own, pause));
    const { files, ...rest } = JSON.parse(index) as BundleIndex;
    const forged = files.map((each) =>
      each.path === pause ? { ...each, size: bytes.length, sha256: sha256(bytes) } : each,
    );
    writeFileSync(join(own, 'bundle.json'), JSON.stringify({ ...rest, files: forged }));
    const { exitCode, stdout } = await up(['--allow-unofficial']);
    expect([exitCode, await changed()]).toEqual([3, 'untouched']);
    expect(stdout).toContain(
      `${pause} has registry.k8s.io/coredns/coredns:v1.14.2, but the index does not say so`,
    );
    writeFileSync(join(own, 'bundle.json'), index);
    writeFileSync(join(own, pause), archive);
  });

  test('is used with the flag; the next run asks for nothing', async () => {
    const first = await up(['--allow-unofficial']);
    expect(first, first.stderr + first.stdout.slice(-3000)).toMatchObject({ exitCode: 0 });
    expect(await changed()).toBe('changed');
    const second = await up();
    expect([second.exitCode, stepLines(second)]).toEqual([0, []]);
  });

  test('that is signed is used without the flag, and not if one byte differs', async () => {
    const key = join(folder, 'key');
    const inventory = await site.write('signed', {
      spec: { artifacts: { bundleSigners: [readFileSync(`${key}.pub`, 'utf8').trim()] } },
    });
    const state = join(folder, 'state');
    await $`cp -r ${join(site.dir, '.kboot/origin')} ${state}`;
    await $`rm ${join(state, 'allowed-builds.json')}`;
    const flags = ['--state', state];
    const unsigned = await up([...flags, '--allow-unofficial'], inventory);
    expect([unsigned.exitCode, unsigned.stdout]).toEqual([3, expect.stringContaining('is not signed')]);
    await $`ssh-keygen -q -Y sign -f ${key} -n kboot-bundle ${join(own, 'bundle.json')}`;
    const signed = await up(flags, inventory);
    expect(signed, signed.stdout).toMatchObject({ exitCode: 0 });
    const verify =
      await $`${process.execPath} ${compiledKboot()} bundle verify ${own} --signers ${`${key}.pub`}`;
    expect(verify.stdout).toContain('signed by builder@example');
    await output(site.lab, name, `ctr -n k8s.io images rm registry.k8s.io/pause:3.10.2`);
    flip(pause);
    const damaged = await up(flags, inventory);
    expect([damaged.exitCode, damaged.stdout]).toEqual([3, expect.stringContaining(`${pause} has SHA-256`)]);
    flip(pause);
    flip('bundle.json');
    const altered = await up(flags, inventory);
    expect([altered.exitCode, altered.stdout]).toEqual([3, expect.stringMatching(/E-BUNDLE/)]);
    flip('bundle.json');
    const repaired = await up(flags, inventory);
    expect(stepLines(repaired)).toEqual([`${name} create image registry.k8s.io/pause:3.10.2`]);
  });
});
