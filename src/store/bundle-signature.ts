import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { allowedSigners, keyIn, type Signer } from './allowed-signers.ts';
import { writeAtomic } from './atomic.ts';
import type { Bundle } from './bundle.ts';
import { systemCode, unreadable } from './file-error.ts';
import {
  keyType,
  signatureNamespace,
  signerOf,
  signingKey,
  sshSignature,
  type SigningKey,
} from './ssh-signature.ts';
import { sentences, type Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

export const signatureName = 'bundle.json.sig';

/** The command that signs a bundle without kboot. */
export const signCommand = (directory: string, key = '~/.ssh/id_ed25519'): string =>
  `ssh-keygen -Y sign -f ${key} -n ${signatureNamespace} ${join(directory, 'bundle.json')}`;

const mostBytes = 1 << 20;

/**
 * Throws KbootError E-BUNDLE unless bundle.json, as it was read, is signed by one of the signers: public keys
 * (`ssh-ed25519 AAAA…`), or files of them. Returns the name of the one who signed.
 */
export function holdToSigners(bundle: Bundle, signers: readonly string[]): string {
  const path = join(bundle.directory, signatureName);
  const trusted = signers.flatMap(readSigners);
  const signature = textOf(path);
  if (signature === undefined)
    throw refusal(
      `the bundle ${bundle.directory} is not signed`,
      remedies.makerSigns({ command: signCommand(bundle.directory) }),
    );
  let key: Buffer;
  try {
    key = signerOf(bundle.text ?? '', signature);
  } catch (cause) {
    throw refusal(
      `the bundle ${bundle.directory} is not signed as it is: ${signatureName} ${cause instanceof Error ? cause.message : ''}`,
      remedies.getBundleAgain,
      cause,
    );
  }
  const now = new Date();
  const own = trusted.filter((signer) => signer.key.equals(key));
  const valid = own.find(
    ({ validFrom, validUntil }) =>
      (validFrom === undefined || validFrom <= now) && (validUntil === undefined || now < validUntil),
  );
  if (valid !== undefined) return valid.name;
  throw refusal(
    own.length > 0
      ? `the bundle ${bundle.directory} is signed with a key that is not valid now`
      : `the bundle ${bundle.directory} is signed by somebody else: the key is ${keyType} ${key.toString('base64')}`,
    remedies.trustedKey,
  );
}

function readSigners(given: string): readonly Signer[] {
  if (given.startsWith(`${keyType} `)) {
    const [, base64 = '', ...comment] = given.split(/\s+/);
    return [{ name: comment.join(' '), key: keyIn(base64) }];
  }
  const text = textOf(given);
  if (text === undefined)
    throw refusal(`the signers in ${given} cannot be read: it does not exist`, remedies.correctSigners);
  try {
    const found = allowedSigners(text);
    if (found.length > 0) return found;
    throw new Error(`has no ${keyType} key for ${signatureNamespace}`);
  } catch (cause) {
    throw refusal(
      `the signers in ${given} cannot be read: ${cause instanceof Error ? cause.message : ''}`,
      remedies.signersFile,
      cause,
    );
  }
}

/** Reads a key to sign with. Throws KbootError E-USAGE, with the command that signs by itself. */
export function readSigningKey(path: string, directory: string): SigningKey {
  const text = textOf(path);
  try {
    if (text === undefined) throw new Error('does not exist');
    return signingKey(text);
  } catch (cause) {
    throw new KbootError('E-USAGE', `--sign-key: ${path} ${cause instanceof Error ? cause.message : ''}`, {
      cause,
      remedy: remedies.signOutside({ command: signCommand(directory, path) }),
    });
  }
}

/** Signs a bundle's index. Throws KbootError E-STATE. */
export async function signBundle(directory: string, key: SigningKey): Promise<void> {
  const text = readFileSync(join(directory, 'bundle.json'), 'utf8');
  await writeAtomic(join(directory, signatureName), sshSignature(text, key), 0o644);
}

/** Removes a signature of another index: it would only mislead. Returns whether there was one. */
export function removeOldSignature(directory: string): boolean {
  const signature = textOf(join(directory, signatureName));
  if (signature === undefined) return false;
  try {
    signerOf(readFileSync(join(directory, 'bundle.json'), 'utf8'), signature);
    return false;
  } catch {
    rmSync(join(directory, signatureName));
    return true;
  }
}

/** The text of a small file; undefined if it does not exist. Throws KbootError E-BUNDLE if it cannot be read. */
function textOf(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    if (size > mostBytes) throw refusal(`${path} has ${size} bytes`, remedies.notThatFile);
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof KbootError) throw cause;
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw refusal(`${path} ${unreadable(cause)}`, remedies.asReader, cause);
  }
}

function refusal(what: string, remedy: Text, cause?: unknown): KbootError {
  return new KbootError('E-BUNDLE', what, {
    remedy: sentences(remedies.noHostContacted, remedy),
    ...(cause !== undefined && { cause }),
  });
}
