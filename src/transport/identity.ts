import { readFile } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';
import { KbootError } from '../model/error.ts';
import { askOnce } from './secret.ts';
import type { AskSecret } from './types.ts';
import { remedies } from './remedies.ts';

/** A private key file as it is on disk. */
export interface Identity {
  readonly path: string;
  readonly encrypted: boolean;
  /** The public half, if it can be read without the passphrase. */
  readonly publicKey?: Buffer;
  /** Absent while encrypted, and for a file that holds only a public key. */
  readonly key?: ParsedKey;
}

const identities = new Map<string, Promise<Identity | undefined>>();
const unlocked = new Map<string, Promise<ParsedKey | undefined>>();

/**
 * Reads a key file, once per process. undefined: no such file.
 * Throws E-AUTH for a file that cannot be read or whose format ssh2 does not support.
 */
export function readIdentity(path: string): Promise<Identity | undefined> {
  return remember(identities, path, () => loadIdentity(path));
}

/** The key of an encrypted file; asks for the passphrase once per process. undefined: no terminal to prompt on. */
export function unlockIdentity(path: string, ask: AskSecret): Promise<ParsedKey | undefined> {
  return remember(unlocked, path, async () => {
    const passphrase = await askOnce(ask, `Passphrase for ${path}`);
    if (passphrase === undefined) return undefined;
    const key = parse(await readFile(path), passphrase);
    if (key instanceof Error) {
      throw new KbootError('E-AUTH', `wrong passphrase for ${path}`, {
        detail: key.message,
        remedy: remedies.correctPassphrase,
      });
    }
    return key;
  });
}

function remember<T>(cache: Map<string, Promise<T>>, path: string, load: () => Promise<T>): Promise<T> {
  const known = cache.get(path);
  if (known !== undefined) return known;
  const loading = load();
  cache.set(path, loading);
  loading.catch(() => cache.delete(path));
  return loading;
}

async function loadIdentity(path: string): Promise<Identity | undefined> {
  let data: Buffer;
  try {
    data = await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, cause as NodeJS.ErrnoException);
  }
  const text = data.toString('latin1');
  if (/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) {
    throw new KbootError('E-AUTH', `${path} is a PKCS#8 key; kboot reads OpenSSH and PEM keys`, {
      remedy: remedies.convertKey({ path }),
    });
  }
  const key = parse(data);
  if (key instanceof Error) {
    if (!key.message.includes('no passphrase given')) {
      throw new KbootError('E-AUTH', `${path} is not a private key that kboot can read`, {
        detail: key.message,
        remedy: remedies.readableKey,
      });
    }
    const publicKey = publicHalf(text) ?? (await publicFile(path));
    return { path, encrypted: true, ...(publicKey && { publicKey }) };
  }
  return {
    path,
    encrypted: false,
    publicKey: key.getPublicSSH(),
    ...(key.isPrivateKey() && { key }),
  };
}

function unreadable(path: string, cause: NodeJS.ErrnoException): KbootError {
  const [why, remedy] =
    cause.code === 'EISDIR'
      ? ['is a folder', remedies.fileInFolder]
      : cause.code === 'EACCES'
        ? ['is not readable by you', remedies.ownerOfKey]
        : [`cannot be read (${cause.code ?? cause.message})`, remedies.correctIdentityFile];
  return new KbootError('E-AUTH', `the key file ${path} ${why}`, { cause, remedy });
}

/** parseKey is typed as returning one key; it returns one for PEM files, a list of one for OpenSSH's format. */
function parse(data: Buffer, passphrase?: string): ParsedKey | Error {
  const parsed = ssh2.utils.parseKey(data, passphrase) as ParsedKey | ParsedKey[] | Error;
  if (!Array.isArray(parsed)) return parsed;
  return parsed[0] ?? new Error('the file holds no key');
}

/** OpenSSH's format stores the public key unencrypted (openssh/PROTOCOL.key). */
function publicHalf(text: string): Buffer | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(text)?.[1];
  if (body === undefined) return undefined;
  const data = Buffer.from(body, 'base64');
  let at = 'openssh-key-v1\0'.length;
  const next = (): Buffer => {
    const end = at + 4 + data.readUInt32BE(at);
    const field = data.subarray(at + 4, end);
    at = end;
    return field;
  };
  try {
    next(); // cipher
    next(); // key derivation
    next(); // its options
    at += 4; // number of keys
    return next();
  } catch {
    return undefined;
  }
}

async function publicFile(path: string): Promise<Buffer | undefined> {
  try {
    const key = parse(await readFile(`${path}.pub`));
    return key instanceof Error ? undefined : key.getPublicSSH();
  } catch {
    return undefined;
  }
}
