import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as Atomic from '../../src/store/atomic.ts';
import type * as PrivateFiles from '../../src/store/private-files.ts';
import { identityFile, newPerson, sample, tree, write, type Person } from '../app/state/site.ts';
import { freshFolder } from '../cli/folder.ts';

/** Writes until the process is killed; undefined: it is not. */
const life = vi.hoisted(() => ({ writes: undefined as number | undefined }));
vi.mock('../../src/store/atomic.ts', async (original) => {
  const real = await original<typeof Atomic>();
  const spend = (): void => {
    if (life.writes === undefined) return;
    if (life.writes === 0) throw new Error('killed');
    life.writes -= 1;
  };
  return {
    ...real,
    writeAtomic: async (...args: Parameters<typeof real.writeAtomic>) => {
      spend();
      await real.writeAtomic(...args);
    },
    saveJson: async (...args: Parameters<typeof real.saveJson>) => {
      spend();
      await real.saveJson(...args);
    },
  };
});

/** A new process: it remembers nothing. */
async function run(): Promise<typeof PrivateFiles> {
  vi.resetModules();
  return await import('../../src/store/private-files.ts');
}

const at = freshFolder();
let alice: Person;
let bob: Person;
beforeAll(async () => {
  [alice, bob] = [await newPerson(), await newPerson()];
});
const state = { dir: '' };
const secrets = ['pki/ca.key', 'pki/hosts/cp-1/apiserver.key', 'encryption/secretbox-key1.key'];
beforeEach(() => {
  state.dir = at('state');
  write(state.dir, sample);
  vi.stubEnv('KBOOT_STATE_IDENTITY', identityFile(at('id'), alice));
});
afterEach(() => {
  life.writes = undefined;
  vi.unstubAllEnvs();
});
const on = (...people: Person[]): { recipients: string[]; encryptKeys: true } => ({
  recipients: people.map(({ recipient }) => recipient).sort(),
  encryptKeys: true,
});
const off = { recipients: [], encryptKeys: false };
/** Every private file as it is read, in a new process. */
async function readAll(): Promise<Record<string, string | undefined>> {
  const { readStateFile } = await run();
  const texts: Record<string, string | undefined> = {};
  for (const path of secrets) texts[path] = await readStateFile(state, at(`state/${path}`));
  return texts;
}
const plain = Object.fromEntries(secrets.map((path) => [path, sample[path]]));
const grep = (): readonly string[] =>
  Object.entries(tree(state.dir)).flatMap(([path, text]) =>
    Object.values(plain).some((secret) => text.includes(secret ?? '')) ? [path] : [],
  );

describe('private keys in the state folder', () => {
  it('are encrypted and decrypted again', async () => {
    const { settlePrivateFiles, isUnsettled } = await run();
    expect(await settlePrivateFiles(state, undefined)).toBe(0);
    expect(await isUnsettled(state, on(alice))).toBe(true);
    expect(await settlePrivateFiles(state, on(alice))).toBe(3);
    expect([await isUnsettled(state, on(alice)), grep()]).toEqual([false, []]);
    expect(readFileSync(at('state/pki/ca.crt'), 'utf8')).toBe(sample['pki/ca.crt']);
    expect(await readAll()).toEqual(plain);
    const before = tree(state.dir);
    expect(await settlePrivateFiles(state, on(alice))).toBe(0);
    expect(tree(state.dir)).toEqual(before);
    expect(await settlePrivateFiles(state, off)).toBe(3);
    expect(tree(state.dir)).toEqual(sample);
  });

  it('are written encrypted from the first one on', async () => {
    rmSync(state.dir, { recursive: true });
    const { settlePrivateFiles, writeStateFile } = await run();
    expect(await settlePrivateFiles(state, on(alice))).toBe(0);
    for (const [path, text] of Object.entries(sample)) await writeStateFile(state, at(`state/${path}`), text);
    expect(grep()).toEqual([]);
    expect(await readAll()).toEqual(plain);
  });

  it('are for nobody else, and no longer for who was removed', async () => {
    await (await run()).settlePrivateFiles(state, on(alice, bob));
    const former = tree(state.dir);
    expect(await (await run()).settlePrivateFiles(state, on(alice))).toBe(3);
    vi.stubEnv('KBOOT_STATE_IDENTITY', identityFile(at('bob'), bob));
    await expect(readAll()).rejects.toMatchObject({ code: 'E-STATE-KEY' });
    // Bob kept the former record, but the files are for another identity.
    writeFileSync(at('state/key-encryption.json'), former['key-encryption.json'] ?? '');
    await expect(readAll()).rejects.toMatchObject({ code: 'E-STATE-KEY' });
  });

  it('have a passphrase, which is exchanged', async () => {
    for (const name of ['IDENTITY', 'PASSPHRASE_FILE', 'NEW_PASSPHRASE'])
      vi.stubEnv(`KBOOT_STATE_${name}`, '');
    vi.stubEnv('KBOOT_STATE_PASSPHRASE', 'one');
    await (await run()).settlePrivateFiles(state, on());
    const again = (await run()).settlePrivateFiles;
    await expect(again(state, on(), { renew: true })).rejects.toMatchObject({
      code: 'E-STATE-KEY',
      context: { remedy: expect.stringContaining('KBOOT_STATE_NEW_PASSPHRASE') as string },
    });
    vi.stubEnv('KBOOT_STATE_NEW_PASSPHRASE', 'two');
    expect(await again(state, on(), { renew: true })).toBe(3);
    await expect(readAll()).rejects.toMatchObject({
      message: `the passphrase is not that of the private keys in ${state.dir}`,
    });
    vi.stubEnv('KBOOT_STATE_PASSPHRASE', 'two');
    expect(await readAll()).toEqual(plain);
    vi.stubEnv('KBOOT_STATE_PASSPHRASE', '');
    await expect(readAll()).rejects.toMatchObject({
      message: expect.stringContaining('no terminal to ask') as string,
    });
  });

  it('need no secret to be counted', async () => {
    await (await run()).settlePrivateFiles(state, on(alice));
    vi.stubEnv('KBOOT_STATE_IDENTITY', '');
    const { countPrivateFiles, isUnsettled } = await run();
    expect(await countPrivateFiles(state)).toEqual({ all: 3, encrypted: 3 });
    expect(await isUnsettled(state, on(alice))).toBe(false);
    expect(await isUnsettled(state, on(alice, bob))).toBe(true);
  });

  it('that are damaged, or whose record is lost, are told by their paths', async () => {
    await (await run()).settlePrivateFiles(state, on(alice));
    const path = at('state/pki/ca.key');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, 200));
    await expect(readAll()).rejects.toMatchObject({
      code: 'E-STATE',
      message: `${path} is damaged: it was truncated or changed`,
    });
    writeFileSync(path, text);
    const record = readFileSync(at('state/key-encryption.json'), 'utf8');
    writeFileSync(at('state/key-encryption.json'), record.replace('"format": 1', '"format": 2'));
    await expect(readAll()).rejects.toMatchObject({ code: 'E-STATE' });
    rmSync(at('state/key-encryption.json'));
    await expect(readAll()).rejects.toMatchObject({
      code: 'E-STATE',
      message: expect.stringContaining('is missing') as string,
    });
  });

  it('and links stay readable by their owner only', async () => {
    chmodSync(at('state/pki/ca.key'), 0o644);
    await (await run()).settlePrivateFiles(state, on(alice));
    expect(() => tree(state.dir)).not.toThrow();
  });
});

describe('a change that is killed at any write', () => {
  const changes = {
    'encrypting the keys': [undefined, () => on(alice)],
    'decrypting them': [() => on(alice), () => off],
    'other recipients': [() => on(alice, bob), () => on(alice)],
  } as const;
  it.each(Object.entries(changes))(
    '%s: everything can be read, and the next run completes it',
    async (_name, [before, after]) => {
      for (let writes = 0; ; writes++) {
        rmSync(state.dir, { recursive: true });
        write(state.dir, sample);
        life.writes = undefined;
        if (before !== undefined) await (await run()).settlePrivateFiles(state, before());
        life.writes = writes;
        const killed = await (await run()).settlePrivateFiles(state, after()).then(
          () => false,
          (error: unknown) => error instanceof Error && error.message === 'killed',
        );
        life.writes = undefined;
        expect(await readAll(), String(writes)).toEqual(plain);
        const { settlePrivateFiles, isUnsettled } = await run();
        await settlePrivateFiles(state, after());
        expect(await isUnsettled(state, after())).toBe(false);
        expect(await readAll(), String(writes)).toEqual(plain);
        expect(grep().length > 0).toBe(!after().encryptKeys);
        expect(existsSync(at('state/key-encryption.json'))).toBe(after().encryptKeys);
        if (!killed) {
          expect(writes).toBeGreaterThan(2);
          break;
        }
      }
    },
  );
});
