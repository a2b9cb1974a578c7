import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepLines } from '../lab/kboot.ts';
import type { KbootOptions, KbootResult } from '../lab/kboot.ts';
import { identityFile, newPerson } from '../app/state/site.ts';
import { bundleProgram, clusterSite, hasClusterBundle, running, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

const hosts = [{ name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.79.44.11' }];
const encryption = { provider: 'secretbox' };

describe.skipIf(!hasClusterBundle)(`a state folder with encrypted keys, and its copy${unlessSkipped}`, () => {
  let site: ClusterSite;
  let folder: string;
  let copy: string;
  let recipients: readonly string[];
  let env: Record<string, string>;
  let stranger: Record<string, string>;

  beforeAll(async () => {
    const [alice, bob, carol] = [await newPerson(), await newPerson(), await newPerson()];
    recipients = [alice.recipient, bob.recipient];
    site = await clusterSite('state', hosts, {
      spec: { encryption, state: { recipients, encryptKeys: true, copy: 'copy.age' } },
    });
    folder = join(site.dir, '.kboot/state');
    copy = join(site.dir, 'copy.age');
    env = { KBOOT_STATE_IDENTITY: identityFile(join(site.dir, 'bob'), bob) };
    stranger = { KBOOT_STATE_IDENTITY: identityFile(join(site.dir, 'carol'), carol) };
  }, 600_000);
  afterAll(() => site.close());

  const kboot = (
    verb: string,
    rest: readonly string[] = [],
    options: KbootOptions = {},
  ): Promise<KbootResult> => site.kboot(verb, rest, { env, ...options });
  const done = async (
    verb: string,
    rest: readonly string[] = [],
    options: KbootOptions = {},
  ): Promise<KbootResult> => {
    const result = await kboot(verb, rest, options);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    process.stderr.write(
      `  ${verb} ${rest.join(' ')}: ${(result.stderr.trim() || result.stdout.trim()).split('\n').slice(-2).join(' | ')}\n`,
    );
    return result;
  };
  /** Files anywhere beside the inventory that have a private key, or the key of encryption in etcd, as plain text. */
  const plain = (): readonly string[] =>
    readdirSync(site.dir, { recursive: true, withFileTypes: true })
      .filter(
        (entry) => entry.isFile() && !['bob', 'carol'].includes(entry.name) && !entry.name.startsWith('id'),
      )
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => {
        const text = readFileSync(path, 'latin1');
        return (
          /PRIVATE KEY|client-key-data/.test(text) ||
          (path.endsWith('.key') && !text.startsWith('-----BEGIN AGE'))
        );
      })
      .map((path) => path.slice(site.dir.length + 1));
  const expectNothing = async (): Promise<void> => {
    const result = await done('up', ['--yes', '-o', 'json']);
    expect(stepLines(result)).toEqual([]);
  };

  it('is made without a private key ever lying there in plain text, and pushed by up', async () => {
    await done('up', ['--yes']);
    const keys = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.key'),
    );
    expect(keys.length).toBeGreaterThan(10);
    expect(keys).toContain('encryption/secretbox-key1.key');
    expect(plain()).toEqual([]);
    const shown = await done('state show', ['-o', 'json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      ...{ comparison: 'same', settled: true, keys: keys.length, encryptedKeys: keys.length },
    });
    const { mtimeMs } = statSync(copy);
    await expectNothing();
    expect(statSync(copy).mtimeMs).toBe(mtimeMs);
  });

  it('serves every command with an identity, and none that needs a key without', async () => {
    await done('plan', ['--detailed-exitcode']);
    await done('drift');
    await done('certs');
    const { stdout } = await kboot('kubeconfig');
    writeFileSync(join(site.dir, 'id.conf'), stdout, { mode: 0o600 });
    const nodes = await site.lab.exec([
      bundleProgram('kubectl'),
      '--kubeconfig',
      join(site.dir, 'id.conf'),
      'get',
      'nodes',
      '-o',
      'name',
    ]);
    expect(nodes.stdout.trim()).toBe('node/cp-1');
    for (const other of [stranger, { KBOOT_STATE_IDENTITY: '' }])
      for (const [verb, rest] of [
        ['up', ['--yes']],
        ['plan', []],
        ['kubeconfig', []],
        ['status', []],
      ] as const) {
        const refused = await site.kboot(verb, rest, { env: other });
        expect([verb, refused.exitCode, refused.stdout]).toEqual([verb, 3, '']);
        expect(refused.stderr).toContain('E-STATE-KEY');
      }
    for (const [verb, rest] of [
      ['validate', []],
      ['certs', []],
      ['state show', []],
    ] as const)
      expect(await site.kboot(verb, rest, { env: stranger }), verb).toMatchObject({ exitCode: 0 });
  });

  it('comes back from the copy after it was lost, and nothing is left to do', async () => {
    const before = await running(site, 'cp-1');
    rmSync(folder, { recursive: true });
    const refused = await kboot('up', ['--yes']);
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain('kboot state pull INVENTORY');
    expect((await site.kboot('state pull', [], { env: stranger })).stderr).toContain('is not encrypted for');
    await done('state pull');
    expect(plain()).toEqual([]);
    await done('plan', ['--detailed-exitcode']);
    await expectNothing();
    expect(await running(site, 'cp-1')).toEqual(before);
  });

  it('comes back from the hosts too, encrypted', async () => {
    rmSync(folder, { recursive: true });
    await done('adopt');
    expect(plain()).toEqual([]);
    await done('plan', ['--detailed-exitcode']);
    // It was never pushed there: other certificates may have been issued.
    expect((await kboot('state push')).stderr).toContain('E-STATE-COPY');
    await done('state pull', ['--force', '--yes']);
    await expectNothing();
  });

  it('gets another identity for its keys, is decrypted, and encrypted again by up', async () => {
    await done('state rekey');
    expect(plain()).toEqual([]);
    expect((await kboot('plan')).stderr).toContain('has changed since it was last pushed');
    await expectNothing();
    const spec = { encryption, state: { recipients, copy: 'copy.age' } };
    const inventory = await site.write('plain', { spec });
    expect((await kboot('plan', [], { inventory })).stdout).toContain('decrypts the private keys');
    await done('up', ['--yes'], { inventory });
    expect(plain().length).toBeGreaterThan(10);
    await expectNothing();
    expect(plain()).toEqual([]);
  });

  it('is renewed with its certificates, which are pushed', async () => {
    const before = readFileSync(copy);
    await done('up', ['--yes', '--renew-certs']);
    expect(plain()).toEqual([]);
    expect(readFileSync(copy).equals(before)).toBe(false);
    await done('state show');
  });
});
