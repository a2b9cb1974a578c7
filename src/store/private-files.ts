import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { KbootError } from '../model/error.ts';
import type { StateSettings } from '../model/state-settings.ts';
import {
  decryptText,
  encryptText,
  isArmored,
  newIdentity,
  publicKeyOf,
  type AgeAudience,
  type AgeSecret,
} from './age.ts';
import { isLeftover, loadJson, readText, saveJson, writeAtomic } from './atomic.ts';
import { fileError, systemCode } from './file-error.ts';
import { newPassphrase, stateIdentities, statePassphrase } from './state-secret.ts';
import type { State } from './state.ts';
import { remedies } from './remedies.ts';

/*
 * Private keys in the state folder, which may be encrypted: every reader and writer of them comes through here. Each file is
 * encrypted for an identity of the folder's own, and that identity for the people, in key-encryption.json: so a passphrase is
 * needed once per run, and other people need no access to the files. A file says itself whether it is encrypted, so that
 * encrypting and decrypting the folder may stop anywhere.
 */

type Dir = Pick<State, 'dir'>;

const schema = z.strictObject({
  format: z.literal(1),
  /** Public keys that the identity is encrypted for; empty: a passphrase. */
  recipients: z.array(z.string()),
  /** The folder's identity, and former ones while files are re-encrypted; a file of age. */
  identities: z.string(),
});
type KeyRecord = z.infer<typeof schema>;

interface FolderKeys {
  /** The first one is for new files. */
  readonly identities: readonly string[];
  readonly recipient: string;
}

const recordPath = ({ dir }: Dir): string => join(dir, 'key-encryption.json');
const nameOf = ({ dir }: Dir): string => `the private keys in ${dir}`;

/** Decrypted records of this run, by what is on the disk: people are asked once. */
const unlocked = new Map<string, Promise<FolderKeys>>();

/** Whether a file of the state folder is private. */
export const isPrivateFile = (path: string): boolean => path.endsWith('.key');

/** The text of a file, decrypted if it is; undefined if it does not exist. Throws KbootError E-STATE, E-STATE-KEY. */
export async function readStateFile(state: Dir, path: string): Promise<string | undefined> {
  const text = await readText(path);
  if (text === undefined || !isArmored(text)) return text;
  return await decryptText(text, secretOf(state, await unlock(state, path)), path);
}

/** Replaces a file atomically; a private one is encrypted if the folder's are. Throws KbootError E-STATE, E-STATE-KEY. */
export async function writeStateFile(state: Dir, path: string, text: string): Promise<void> {
  const isEncrypted = isPrivateFile(path) && (await readRecord(state)) !== undefined;
  const written = isEncrypted
    ? await encryptText(text, { recipients: [(await unlock(state, path)).recipient] })
    : text;
  await writeAtomic(path, written);
}

/** How many private files there are, and how many of them are encrypted. Needs no secret. Throws KbootError E-STATE. */
export async function countPrivateFiles(
  state: Dir,
): Promise<{ readonly all: number; readonly encrypted: number }> {
  const texts = await Promise.all((await privateFiles(state)).map(readText));
  return {
    all: texts.length,
    encrypted: texts.filter((text) => text !== undefined && isArmored(text)).length,
  };
}

/**
 * Whether the private files are not as spec.state says: encrypted or not, and for whom. Needs no secret.
 * Throws KbootError E-STATE.
 */
export async function isUnsettled(state: Dir, wanted: StateSettings | undefined): Promise<boolean> {
  const record = await readRecord(state);
  if (wanted?.encryptKeys !== true) return record !== undefined;
  const { all, encrypted } = await countPrivateFiles(state);
  return encrypted < all || record === undefined || record.recipients.join() !== wanted.recipients.join();
}

/**
 * Makes the private files as spec.state says. `renew`: a new identity for the folder and, with a passphrase, another one. The
 * caller holds the lock. If it is killed at any point, every file can be read, and the next call completes it.
 * Returns how many files were rewritten. Throws KbootError E-STATE, E-STATE-KEY.
 */
export async function settlePrivateFiles(
  state: Dir,
  wanted: StateSettings | undefined,
  { renew = false } = {},
): Promise<number> {
  if (!renew && !(await isUnsettled(state, wanted))) return 0;
  if (wanted?.encryptKeys === true) return await encryptFiles(state, wanted.recipients, renew);
  const files = await encryptedFiles(state);
  for (const path of files) await writeAtomic(path, (await readStateFile(state, path)) ?? '');
  await rm(recordPath(state), { force: true });
  return files.length;
}

async function encryptFiles(state: Dir, recipients: readonly string[], renew: boolean): Promise<number> {
  const record = await readRecord(state);
  const isOther = record !== undefined && (renew || record.recipients.join() !== recipients.join());
  let audience: AgeAudience | undefined;
  if (record === undefined || isOther) {
    const former = record === undefined ? [] : (await unlock(state, recordPath(state))).identities;
    audience = await audienceFor(state, recipients, { other: record?.recipients.length === 0 });
    await saveRecord(state, recipients, audience, [await newIdentity(), ...former]);
  }
  const keys = await unlock(state, recordPath(state));
  const [current = ''] = keys.identities;
  let count = 0;
  for (const path of await privateFiles(state)) {
    const text = (await readText(path)) ?? '';
    if (isArmored(text) && (keys.identities.length === 1 || (await isFor(text, current, path)))) continue;
    await writeStateFile(state, path, (await readStateFile(state, path)) ?? '');
    count++;
  }
  if (keys.identities.length > 1)
    await saveRecord(state, recipients, audience ?? (await audienceFor(state, recipients)), [current]);
  return count;
}

async function isFor(text: string, identity: string, path: string): Promise<boolean> {
  try {
    await decryptText(text, { identities: [identity], from: path }, path);
    return true;
  } catch (error) {
    if (error instanceof KbootError && error.code === 'E-STATE-KEY') return false;
    throw error;
  }
}

async function audienceFor(
  state: Dir,
  recipients: readonly string[],
  { other = false } = {},
): Promise<AgeAudience> {
  return recipients.length > 0
    ? { recipients }
    : { passphrase: await newPassphrase(nameOf(state), { other }) };
}

async function saveRecord(
  state: Dir,
  recipients: readonly string[],
  audience: AgeAudience,
  identities: readonly string[],
): Promise<void> {
  const encrypted = await encryptText(`${identities.join('\n')}\n`, audience);
  unlocked.set(encrypted, keysOf(identities));
  const record: KeyRecord = { format: 1, recipients: [...recipients], identities: encrypted };
  await saveJson(recordPath(state), record);
}

async function readRecord(state: Dir): Promise<KeyRecord | undefined> {
  const found = await loadJson(recordPath(state));
  if (found === undefined) return undefined;
  const parsed = schema.safeParse(found);
  if (parsed.success) return parsed.data;
  throw new KbootError('E-STATE', `${recordPath(state)} does not say how the private keys are encrypted.`, {
    remedy: remedies.damagedOrNewer,
  });
}

/** The folder's identities; asks for the passphrase once per run. `path`: what they are needed for. */
async function unlock(state: Dir, path: string): Promise<FolderKeys> {
  const record = await readRecord(state);
  if (record === undefined)
    throw new KbootError('E-STATE', `${path} is encrypted, and ${recordPath(state)} is missing`, {
      remedy: remedies.restoreFromCopy,
    });
  const known = unlocked.get(record.identities) ?? decryptRecord(state, record);
  unlocked.set(record.identities, known);
  return await known;
}

async function decryptRecord(state: Dir, { recipients, identities }: KeyRecord): Promise<FolderKeys> {
  try {
    const secret =
      recipients.length > 0 ? stateIdentities(nameOf(state)) : await statePassphrase(nameOf(state));
    const text = await decryptText(identities, secret, nameOf(state));
    return await keysOf(text.trimEnd().split('\n'));
  } catch (error) {
    unlocked.delete(identities);
    throw error;
  }
}

async function keysOf(identities: readonly string[]): Promise<FolderKeys> {
  return { identities, recipient: await publicKeyOf(identities[0] ?? '') };
}

const secretOf = (state: Dir, { identities }: FolderKeys): AgeSecret => ({ identities, from: nameOf(state) });

async function encryptedFiles(state: Dir): Promise<readonly string[]> {
  const files: string[] = [];
  for (const path of await privateFiles(state)) if (isArmored((await readText(path)) ?? '')) files.push(path);
  return files;
}

/** Absolute paths, in every folder that has private files. */
async function privateFiles({ dir }: Dir): Promise<readonly string[]> {
  const found = await Promise.all(
    ['pki', 'encryption'].map(async (name) => {
      const folder = join(dir, name);
      try {
        const entries = await readdir(folder, { recursive: true, withFileTypes: true });
        return entries.flatMap((entry) =>
          !entry.isDirectory() && isPrivateFile(entry.name) && !isLeftover(entry.name)
            ? [join(entry.parentPath, entry.name)]
            : [],
        );
      } catch (cause) {
        if (systemCode(cause) === 'ENOENT') return [];
        throw fileError('The folder cannot be read', folder, cause);
      }
    }),
  );
  return found.flat().sort();
}
