import { createPrivateKey, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { decryptCms, isCms } from './cms.ts';
import { readSecretFile } from './state-secret.ts';
import type { State } from './state.ts';
import { remedies } from './remedies.ts';

/** The name of an encrypted snapshot once it is decrypted. */
export const plainName = (name: string): string => name.replace(/\.cms$/, '');

/** Passes a snapshot on, decrypted if it is encrypted: only then is `key` asked for. Throws KbootError E-SNAPSHOT. */
export async function* decrypted(
  bytes: AsyncIterable<Uint8Array>,
  key: () => KeyObject,
  name: string,
): AsyncGenerator<Uint8Array> {
  const from = bytes[Symbol.asyncIterator]();
  const first = await from.next();
  if (first.done === true) return;
  const all = (async function* () {
    yield first.value;
    for (;;) {
      const next = await from.next();
      if (next.done === true) return;
      yield next.value;
    }
  })();
  yield* isCms(first.value) ? decryptCms(all, key(), name) : all;
}

/**
 * The key that decrypts snapshots: the file `given`, else KBOOT_BACKUP_KEY, else backup.key in the state folder.
 * Throws KbootError E-SNAPSHOT if there is none, or if it is not an RSA key; E-STATE-KEY if others can read it.
 */
export function backupKey({ dir }: Pick<State, 'dir'>, given: string | undefined): KeyObject {
  const named = given ?? process.env['KBOOT_BACKUP_KEY'] ?? '';
  const kept = join(dir, 'backup.key');
  const file = named === '' && existsSync(kept) ? kept : named;
  if (file === '')
    throw new KbootError(
      'E-SNAPSHOT',
      'the snapshot is encrypted, and the key that decrypts it was not named',
      {
        remedy: remedies.keyOfBackup({ kept }),
      },
    );
  const text = readSecretFile(file, 'the key');
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // Said below.
  }
  throw new KbootError(
    'E-SNAPSHOT',
    `${file} does not contain an RSA private key in PEM, without a passphrase`,
    {
      remedy: remedies.removePassphrase,
    },
  );
}
