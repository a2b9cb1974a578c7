import type * as Age from 'age-encryption';
import { KbootError } from '../model/error.ts';
import { remedies } from './remedies.ts';

/** What decrypts a file of age: a passphrase, or identities (`AGE-SECRET-KEY-1…`). */
export type AgeSecret =
  { readonly passphrase: string } | { readonly identities: readonly string[]; readonly from: string };

/** Who can decrypt: age public keys (`age1…`), or everybody who knows the passphrase. */
export type AgeAudience = { readonly recipients: readonly string[] } | { readonly passphrase: string };

const firstLine = 'age-encryption.org/v1\n';

// The library is loaded only when something is encrypted: most runs do without it.
const library = async (): Promise<typeof Age> => await import('age-encryption');

/** Encrypts `bytes` as `age` does (age-encryption.org/v1). Throws KbootError E-STATE-KEY for a key that is not valid. */
export async function encrypt(bytes: Uint8Array | string, audience: AgeAudience): Promise<Uint8Array> {
  const { Encrypter } = await library();
  const encrypter = new Encrypter();
  if ('passphrase' in audience) encrypter.setPassphrase(audience.passphrase);
  else
    for (const recipient of audience.recipients)
      try {
        encrypter.addRecipient(recipient);
      } catch (cause) {
        throw new KbootError('E-STATE-KEY', `${recipient} is not a public key of age`, {
          cause,
          remedy: remedies.agePublicKey,
        });
      }
  return await encrypter.encrypt(bytes);
}

type Damage = 'E-STATE' | 'E-STATE-COPY';

/** What is in a file of age. `name` is that of the file in errors: E-STATE-KEY for a wrong secret, `damage` for damage. */
export async function decrypt(
  bytes: Uint8Array,
  secret: AgeSecret,
  name: string,
  damage: Damage = 'E-STATE-COPY',
): Promise<Uint8Array> {
  const { Decrypter } = await library();
  const decrypter = new Decrypter();
  if ('passphrase' in secret) decrypter.addPassphrase(secret.passphrase);
  else
    for (const identity of secret.identities)
      try {
        decrypter.addIdentity(identity);
      } catch (cause) {
        throw new KbootError('E-STATE-KEY', `${secret.from} contains an identity that is not valid`, {
          cause,
          remedy: remedies.ageIdentity,
        });
      }
  try {
    return await decrypter.decrypt(bytes);
  } catch (cause) {
    throw whyNot(cause, secret, name, damage);
  }
}

/** The library tells its reasons only in words; no decision but the choice of these two rests on them. */
function whyNot(cause: unknown, secret: AgeSecret, name: string, damage: Damage): KbootError {
  const isSecret = cause instanceof Error && cause.message.startsWith('no identity matched');
  if (!isSecret) return damaged(name, damage, cause);
  const [message, remedy] =
    'passphrase' in secret
      ? [`the passphrase is not that of ${name}`, remedies.nothingWrittenAgain]
      : [`${name} is not encrypted for ${secret.from}`, remedies.becomeRecipient];
  return new KbootError('E-STATE-KEY', message, { cause, remedy });
}

function damaged(name: string, code: Damage, cause: unknown): KbootError {
  return new KbootError(code, `${name} is damaged: it was truncated or changed`, {
    cause,
    remedy: remedies.fromBackupOrGit,
  });
}

/** Whether the bytes begin like a binary file of age. */
export function isAge(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, firstLine.length)).toString('latin1') === firstLine;
}

/** Whether a file of age needs a passphrase; such a file has no other recipients (age-encryption.org/v1). */
export function needsPassphrase(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 256)).toString('latin1').startsWith(`${firstLine}-> scrypt `);
}

/** Whether a text is a file of age in its form for text files. */
export const isArmored = (text: string): boolean => text.startsWith('-----BEGIN AGE ENCRYPTED FILE-----');

/** Encrypts to a text. Throws like encrypt. */
export async function encryptText(text: string, audience: AgeAudience): Promise<string> {
  const { armor } = await library();
  return `${armor.encode(await encrypt(text, audience)).trimEnd()}\n`;
}

/** Decrypts a text of encryptText. Throws KbootError E-STATE-KEY for a wrong secret, E-STATE for damage. */
export async function decryptText(text: string, secret: AgeSecret, name: string): Promise<string> {
  const { armor } = await library();
  let bytes: Uint8Array;
  try {
    bytes = armor.decode(text);
  } catch (cause) {
    throw damaged(name, 'E-STATE', cause);
  }
  return Buffer.from(await decrypt(bytes, secret, name, 'E-STATE')).toString();
}

/** A new identity, and the public key that belongs to one. */
export async function newIdentity(): Promise<string> {
  return await (await library()).generateX25519Identity();
}
export async function publicKeyOf(identity: string): Promise<string> {
  return await (await library()).identityToRecipient(identity);
}
