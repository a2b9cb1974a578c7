import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { SshReader, sshString } from './ssh-wire.ts';

/*
 * Signatures of files as `ssh-keygen -Y sign` makes them:
 * https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig
 */

/** What the signature is for: one that was made for a git commit or a mail is none of a bundle. */
export const signatureNamespace = 'kboot-bundle';

export const keyType = 'ssh-ed25519';
const magic = 'SSHSIG';
const hashes: readonly string[] = ['sha512', 'sha256'];

/** The signature of a text, in a file as ssh-keygen writes it. */
export function sshSignature(text: string, { key, publicKey }: SigningKey): string {
  const signed = sign(null, signedBytes(text, 'sha512'), key);
  const version = Buffer.from([0, 0, 0, 1]);
  const signature = Buffer.concat([sshString(keyType), sshString(signed)]);
  const blob = Buffer.concat([
    ...[Buffer.from(magic), version, sshString(publicKey), sshString(signatureNamespace)],
    ...[sshString(''), sshString('sha512'), sshString(signature)],
  ]);
  const lines = blob.toString('base64').replaceAll(/.{1,70}/g, '$&\n');
  return `-----BEGIN SSH SIGNATURE-----\n${lines}-----END SSH SIGNATURE-----\n`;
}

/**
 * The public key, as SSH writes it, that a text was signed with. Throws an Error, as a phrase that follows the signature's
 * name: it is none, for something else, of another kind of key, or of another text.
 */
export function signerOf(text: string, signature: string): Buffer {
  const armored =
    /^\s*-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]+)-----END SSH SIGNATURE-----\s*$/.exec(
      signature,
    )?.[1];
  if (armored === undefined) throw new Error('is not a signature of `ssh-keygen -Y sign`');
  const reader = new SshReader(Buffer.from(armored.replaceAll(/\s/g, ''), 'base64'));
  if (reader.take(magic.length).toString('latin1') !== magic || reader.uint32() !== 1)
    throw new Error('is not a signature of `ssh-keygen -Y sign`');
  const publicKey = reader.string();
  const namespace = reader.text();
  reader.string();
  const hash = reader.text();
  const inner = new SshReader(reader.string());
  reader.end();
  if (namespace !== signatureNamespace)
    throw new Error(`is for ${JSON.stringify(namespace)}, not for ${signatureNamespace}`);
  const type = inner.text();
  if (type !== keyType) throw new Error(`is by a key of the type ${JSON.stringify(type)}, not ${keyType}`);
  const bytes = inner.string();
  inner.end();
  if (!hashes.includes(hash)) throw new Error(`uses the hash ${JSON.stringify(hash)}`);
  if (!verify(null, signedBytes(text, hash), publicKeyOf(publicKey), bytes))
    throw new Error('is of another file: this one was changed after it was signed');
  return publicKey;
}

function signedBytes(text: string, hash: string): Buffer {
  const sum = createHash(hash).update(text).digest();
  return Buffer.concat([
    Buffer.from(magic),
    ...[sshString(signatureNamespace), sshString(''), sshString(hash), sshString(sum)],
  ]);
}

/** Throws an Error unless the bytes are a public key of this type. */
export function publicKeyOf(blob: Buffer): KeyObject {
  const reader = new SshReader(blob);
  const type = reader.text();
  if (type !== keyType) throw new Error(`is by a key of the type ${JSON.stringify(type)}, not ${keyType}`);
  const x = reader.string();
  reader.end();
  if (x.length !== 32) throw new Error('has a key of a wrong length');
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') } });
}

/** A key to sign with. */
export interface SigningKey {
  readonly key: KeyObject;
  /** As SSH writes it. */
  readonly publicKey: Buffer;
}

/** Reads a private key as ssh-keygen writes it. Throws an Error, as a phrase that follows the file's name. */
export function signingKey(text: string): SigningKey {
  const armored =
    /-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----/.exec(
      text,
    )?.[1];
  if (armored === undefined) throw new Error('is not a private key of ssh-keygen');
  // https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
  const reader = new SshReader(Buffer.from(armored.replaceAll(/\s/g, ''), 'base64'));
  if (reader.take(15).toString('latin1') !== 'openssh-key-v1\0')
    throw new Error('is not a private key of ssh-keygen');
  const cipher = reader.text();
  if (cipher !== 'none') throw new Error('has a passphrase, for which kboot does not ask');
  reader.string();
  reader.string();
  reader.uint32();
  const publicKey = reader.string();
  const inner = new SshReader(reader.string());
  inner.take(8);
  const type = inner.text();
  if (type !== keyType) throw new Error(`is a key of the type ${JSON.stringify(type)}, not ${keyType}`);
  const x = inner.string();
  const d = inner.string().subarray(0, 32);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url'), d: d.toString('base64url') };
  return { key: createPrivateKey({ format: 'jwk', key: jwk }), publicKey };
}
