import { readFileSync, statSync } from 'node:fs';
import { KbootError } from '../model/error.ts';
import type { AgeSecret } from './age.ts';
import { unreadable } from './file-error.ts';
import { remedies } from './remedies.ts';

type Ask = (question: string) => Promise<string | undefined>;

/** How a command asks for a secret: undefined without a terminal. */
let ask: Ask = () => Promise.resolve(undefined);
/** What was answered: a run asks once. */
let answered: string | undefined;

/** The terminal tells how to ask; without it, secrets come from the environment only. */
export function askSecretsWith(asker: Ask): void {
  ask = asker;
}

const given = (name: string): string | undefined => {
  const value = process.env[name];
  return value === '' ? undefined : value;
};

/** The passphrase: KBOOT_STATE_PASSPHRASE, the file KBOOT_STATE_PASSPHRASE_FILE, or a prompt. Throws KbootError E-STATE-KEY. */
export async function statePassphrase(name: string): Promise<AgeSecret & { readonly passphrase: string }> {
  const known = stated() ?? answered;
  if (known !== undefined) return { passphrase: refuseEmpty(known) };
  const passphrase = await ask(`Passphrase of ${name}`);
  if (passphrase === undefined) throw noPassphrase(name);
  return { passphrase: (answered = refuseEmpty(passphrase)) };
}

/** A passphrase for something new: a prompt asks twice. `other`: not the one that was answered before. Throws KbootError E-STATE-KEY. */
export async function newPassphrase(name: string, { other = false } = {}): Promise<string> {
  const known = other ? given('KBOOT_STATE_NEW_PASSPHRASE') : (stated() ?? answered);
  if (known !== undefined) return refuseEmpty(known);
  const first = await ask(`New passphrase for ${name}`);
  if (first === undefined) throw noPassphrase(name, other ? 'KBOOT_STATE_NEW_PASSPHRASE' : undefined);
  if ((await ask('The same again')) !== first)
    throw new KbootError('E-STATE-KEY', 'the two passphrases differ', {
      remedy: remedies.nothingWrittenAgain,
    });
  return (answered = refuseEmpty(first));
}

function stated(): string | undefined {
  const file = given('KBOOT_STATE_PASSPHRASE_FILE');
  return (
    given('KBOOT_STATE_PASSPHRASE') ??
    (file === undefined ? undefined : readSecretFile(file, 'KBOOT_STATE_PASSPHRASE_FILE').split(/\r?\n/)[0])
  );
}

/** The identities in the file `file`, else KBOOT_STATE_IDENTITY. Throws KbootError E-STATE-KEY. */
export function stateIdentities(name: string, file = given('KBOOT_STATE_IDENTITY')): AgeSecret {
  if (file === undefined)
    throw new KbootError('E-STATE-KEY', `an identity of age is needed for ${name}, and none was given`, {
      remedy: remedies.setIdentity,
    });
  const identities = readSecretFile(file, 'the identity file')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (identities.length > 0 && identities.every((line) => /^AGE-SECRET-KEY-[A-Z0-9-]+$/.test(line)))
    return { identities, from: file };
  throw new KbootError('E-STATE-KEY', `${file} is not an identity file of age`, {
    remedy: remedies.identityFile,
  });
}

/** Throws KbootError E-STATE-KEY if a passphrase would be needed, but could neither be read nor asked for. */
export function refuseWithoutPassphrase(name: string, isInteractive: boolean): void {
  if (!isInteractive && stated() === undefined) throw noPassphrase(name);
}

/** Whether an identity was named. */
export const hasIdentity = (): boolean => given('KBOOT_STATE_IDENTITY') !== undefined;

/** Throws KbootError E-STATE-KEY unless only its owner can read it. */
export function readSecretFile(path: string, what: string): string {
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0)
      throw new KbootError(
        'E-STATE-KEY',
        `${path} can be read by others: its mode is ${(mode & 0o777).toString(8)}`,
        { remedy: remedies.ownOnly({ path }) },
      );
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof KbootError) throw cause;
    throw new KbootError('E-STATE-KEY', `${what}: ${path} ${unreadable(cause)}`, { cause });
  }
}

function refuseEmpty(passphrase: string): string {
  if (passphrase !== '') return passphrase;
  throw new KbootError('E-STATE-KEY', 'the passphrase is empty', { remedy: remedies.nothingWritten });
}

function noPassphrase(name: string, variable = 'KBOOT_STATE_PASSPHRASE'): KbootError {
  return new KbootError(
    'E-STATE-KEY',
    `a passphrase is needed for ${name}, and there is no terminal to ask`,
    {
      remedy:
        variable === 'KBOOT_STATE_PASSPHRASE' ? remedies.setPassphrase : remedies.setVariable({ variable }),
    },
  );
}
