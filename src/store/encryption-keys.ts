import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../model/cluster.ts';
import { keyPath, missingKeys, type KeyMaterial, type StoredAs } from '../model/encryption.ts';
import { KbootError } from '../model/error.ts';
import { readText } from './atomic.ts';
import { fileError, systemCode } from './file-error.ts';
import { readStateFile, writeStateFile } from './private-files.ts';
import type { State } from './state.ts';
import { remedies } from './remedies.ts';

/** `encryption/secretbox-key1.key`, with 32 bytes in base64. */
const fileName = /^(secretbox|aescbc|aesgcm)-([a-z0-9.-]+)\.key$/;

/** The keys in the state folder, and the plugin of the inventory. The folder need not exist. Throws E-STATE. */
export async function loadEncryptionKeys(
  state: Pick<State, 'dir'>,
  { encryption }: Cluster,
): Promise<Map<StoredAs, KeyMaterial>> {
  const folder = join(state.dir, 'encryption');
  const names = await readdir(folder).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return [];
    throw fileError('The folder cannot be read', folder, cause);
  });
  const keys = new Map<StoredAs, KeyMaterial>();
  for (const name of names.sort()) {
    const [, provider = '', key = ''] = fileName.exec(name) ?? [];
    if (provider === '') continue;
    const secret = ((await readStateFile(state, join(folder, name))) ?? '').trim();
    if (Buffer.from(secret, 'base64').length !== 32)
      throw new KbootError('E-STATE', `${join(folder, name)} does not contain a key.`, {
        remedy: remedies.keyIsOneLine,
      });
    keys.set(`${provider}:${key}`, { kind: 'key', secret });
  }
  if (encryption?.kms !== undefined) keys.set(`kms:${encryption.key}`, { kind: 'kms', ...encryption.kms });
  return keys;
}

/**
 * Makes the keys that the inventory names and that do not exist yet, and saves all keys in the state folder, also those
 * that were read back from hosts. Adds the new ones to `keys`. The caller holds the lock. Throws E-STATE.
 */
export async function saveEncryptionKeys(
  state: Pick<State, 'dir'>,
  cluster: Cluster,
  keys: Map<StoredAs, KeyMaterial>,
): Promise<void> {
  for (const key of missingKeys(cluster, keys))
    keys.set(key, { kind: 'key', secret: randomBytes(32).toString('base64') });
  for (const [key, material] of keys) {
    const path = join(state.dir, keyPath(key));
    if (material.kind === 'key' && (await readText(path)) === undefined)
      await writeStateFile(state, path, `${material.secret}\n`);
  }
}
