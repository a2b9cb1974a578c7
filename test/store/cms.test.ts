import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decryptCms, isCms } from '../../src/store/cms.ts';
import { backupKey, decrypted } from '../../src/store/encrypted-snapshot.ts';

/* What the openssl of this machine encrypted, as the program on hosts does. */

let folder: string;
const at = (name: string): string => join(folder, name);
const openssl = (...args: readonly string[]): Buffer => execFileSync('openssl', args, { stdio: 'pipe' });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-cms-'));
  for (const name of ['one', 'two', 'other'])
    openssl(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '9', '-subj', `/CN=${name}`],
      ...['-keyout', at(`${name}.key`), '-out', at(`${name}.crt`)],
    );
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const key = (name: string): ReturnType<typeof createPrivateKey> =>
  createPrivateKey(readFileSync(at(`${name}.key`)));

function encrypted(bytes: Buffer, ...more: readonly string[]): Buffer {
  writeFileSync(at('plain'), bytes);
  const oaep = ['-keyopt', 'rsa_padding_mode:oaep', '-keyopt', 'rsa_oaep_md:sha256'];
  return openssl(
    ...['cms', '-encrypt', '-binary', '-outform', 'DER', '-aes-256-cbc', '-in', at('plain'), ...more],
    ...['one', 'two'].flatMap((name) => ['-recip', at(`${name}.crt`), ...oaep]),
  );
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size)
    yield await Promise.resolve(bytes.subarray(from, from + size));
}
async function all(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const list: Uint8Array[] = [];
  for await (const piece of pieces) list.push(piece);
  return Buffer.concat(list);
}

describe.each([['a stream', ['-stream']] as const, ['one piece', []] as const])('as %s', (_title, flags) => {
  it.each([0, 1, 16, 5000, 300_000])(
    '%d bytes are decrypted by each recipient, in pieces of any size',
    async (size) => {
      const plain = randomBytes(size);
      const file = encrypted(plain, ...flags);
      expect(isCms(file)).toBe(true);
      for (const [name, piece] of [
        ['one', 1000],
        ['two', 7],
        ['one', 1 << 20],
      ] as const)
        expect((await all(decryptCms(inPieces(file, piece), key(name), 'f'))).equals(plain)).toBe(true);
    },
  );

  it('for another key it says so, before anything is decrypted', async () => {
    await expect(
      all(decryptCms(inPieces(encrypted(randomBytes(99), ...flags), 64), key('other'), 'f.cms')),
    ).rejects.toMatchObject({ code: 'E-SNAPSHOT', message: 'f.cms is not encrypted for this key' });
  });

  it('whatever is cut off or changed is an error, or other content, never a crash', async () => {
    const plain = randomBytes(2000);
    const file = encrypted(plain, ...flags);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(file.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (place, by, cut) => {
          const broken = cut ? file.subarray(0, place) : Buffer.from(file);
          if (!cut) broken[place] = (broken[place] ?? 0) ^ by;
          const result = await all(decryptCms(inPieces(broken, 512), key('one'), 'f')).catch(
            (error: unknown) => error,
          );
          if (Buffer.isBuffer(result)) {
            // AES-CBC: the SHA-256 at the end of a snapshot tells.
            if (cut) expect(file.length - place).toBeLessThan(16);
          } else expect(result).toMatchObject({ code: 'E-SNAPSHOT' });
        },
      ),
      { numRuns: 150 },
    );
  });
});

it('passes on what is not encrypted, and asks for no key', async () => {
  const plain = randomBytes(5000);
  const none = (): never => {
    throw new Error('asked');
  };
  expect(await all(decrypted(inPieces(plain, 900), none, 'f'))).toEqual(plain);
  await expect(all(decrypted(inPieces(encrypted(plain), 900), none, 'f'))).rejects.toThrow('asked');
});

it('the key is named, or in the state folder; others must not read it', async () => {
  const state = { dir: folder };
  expect(() => backupKey(state, undefined)).toThrow(/the key that decrypts it was not named/);
  execFileSync('chmod', ['644', at('one.key')]);
  expect(() => backupKey(state, at('one.key'))).toThrow(/can be read by others/);
  execFileSync('chmod', ['600', at('one.key')]);
  expect(() => backupKey(state, at('one.crt'))).toThrow();
  writeFileSync(at('backup.key'), readFileSync(at('one.key')), { mode: 0o600 });
  const plain = randomBytes(100);
  const found = await all(decrypted(inPieces(encrypted(plain), 99), () => backupKey(state, undefined), 'f'));
  expect(createHash('sha256').update(found).digest()).toEqual(createHash('sha256').update(plain).digest());
});
