import { constants, createDecipheriv, privateDecrypt, type KeyObject } from 'node:crypto';
import { KbootError } from '../model/error.ts';
import { remedies } from './remedies.ts';

/*
 * Files of `openssl cms -encrypt -outform DER -aes-256-cbc`: EnvelopedData of CMS (RFC 5652, section 6), in DER, or in BER with
 * -stream, for recipients with RSA keys (RSAES-OAEP, RFC 3560). Read as a stream: a snapshot may have gigabytes.
 */

/** DER of OBJECT IDENTIFIER: pkcs7-envelopedData (1.2.840.113549.1.7.3), aes256-CBC (2.16.840.1.101.3.4.1.42). */
const enveloped = Buffer.from('06092a864886f70d010703', 'hex');
const aes256 = Buffer.from('060960864801650304012a', 'hex');

/** Whether a file that begins with these bytes is one of those. */
export function isCms(begin: Uint8Array): boolean {
  return begin[0] === 0x30 && Buffer.from(begin.subarray(0, 32)).includes(enveloped);
}

/**
 * What is in such a file. Throws KbootError E-SNAPSHOT if it is not encrypted for `key`, or if it is damaged as far as can be
 * told: AES-CBC has no check of its own.
 */
export async function* decryptCms(
  bytes: AsyncIterable<Uint8Array>,
  key: KeyObject,
  name: string,
): AsyncGenerator<Uint8Array> {
  const source = new Source(bytes, name);
  await source.begins(0x30);
  await source.value(0x06);
  for (const tag of [0xa0, 0x30]) await source.begins(tag);
  await source.value(0x02);
  const secret = secretOf(children(await source.value(0x31)), key);
  if (secret === undefined)
    throw new KbootError('E-SNAPSHOT', `${name} is not encrypted for this key`, {
      remedy: remedies.nameBackupKey,
    });
  await source.begins(0x30);
  await source.value(0x06);
  const algorithm = await source.value(0x30);
  const iv = children(algorithm)[1]?.value;
  if (!algorithm.subarray(0, aes256.length).equals(aes256) || iv?.length !== 16) throw damaged(name);
  const decipher = createDecipheriv('aes-256-cbc', secret, iv);
  try {
    for await (const piece of contentOf(source)) yield decipher.update(piece);
    yield decipher.final();
  } catch (cause) {
    throw cause instanceof KbootError ? cause : damaged(name, cause);
  }
}

/** The pieces of [0] IMPLICIT OCTET STRING: one, or many in a constructed one. */
async function* contentOf(source: Source): AsyncGenerator<Buffer> {
  const { tag, length } = await source.header();
  if (tag === 0x80 && length !== undefined) {
    yield* source.pieces(length);
    return;
  }
  if (tag !== 0xa0 || length !== undefined) throw damaged(source.name);
  for (;;) {
    const piece = await source.header();
    if (piece.tag === 0 && piece.length === 0) return;
    if (piece.tag !== 0x04 || piece.length === undefined) throw damaged(source.name);
    yield* source.pieces(piece.length);
  }
}

/** The content's key, which each RecipientInfo has encrypted for one recipient in its last field. */
function secretOf(recipients: readonly Value[], key: KeyObject): Buffer | undefined {
  for (const recipient of recipients) {
    const encrypted = children(recipient.value).at(-1)?.value;
    if (encrypted === undefined) continue;
    try {
      const secret = privateDecrypt(
        { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
        encrypted,
      );
      if (secret.length === 32) return secret;
    } catch {
      // It is for somebody else.
    }
  }
  return undefined;
}

interface Value {
  readonly tag: number;
  readonly value: Buffer;
}

/** The values in a constructed value, each with a definite length. */
function children(bytes: Buffer): readonly Value[] {
  const found: Value[] = [];
  for (let at = 0; at + 1 < bytes.length;) {
    const first = bytes[at + 1] ?? 0;
    const more = first > 0x80 ? Math.min(first & 0x7f, 4) : 0;
    const length = more === 0 ? first : bytes.readUIntBE(at + 2, Math.min(more, bytes.length - at - 2) || 1);
    const start = at + 2 + more;
    found.push({ tag: bytes[at] ?? 0, value: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

/** Reads a stream value by value. */
class Source {
  readonly name: string;
  readonly #from: AsyncIterator<Uint8Array, unknown>;
  #held = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Uint8Array>, name: string) {
    this.#from = bytes[Symbol.asyncIterator]();
    this.name = name;
  }

  /** `length` is undefined for a value that ends with two zero bytes. */
  async header(): Promise<{ readonly tag: number; readonly length: number | undefined }> {
    const [tag = 0, first = 0] = await this.#take(2);
    if (first < 0x80) return { tag, length: first };
    if (first === 0x80) return { tag, length: undefined };
    const count = first & 0x7f;
    if (count > 6) throw damaged(this.name);
    return { tag, length: (await this.#take(count)).readUIntBE(0, count) };
  }

  /** Goes into a constructed value. */
  async begins(tag: number): Promise<void> {
    if ((await this.header()).tag !== tag) throw damaged(this.name);
  }

  /** A whole value, of a length that a header may have. */
  async value(tag: number): Promise<Buffer> {
    const { tag: found, length } = await this.header();
    if (found !== tag || length === undefined || length > 1 << 20) throw damaged(this.name);
    return await this.#take(length);
  }

  async *pieces(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      if (this.#held.length === 0) await this.#more();
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#held.length < length) await this.#more();
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  async #more(): Promise<void> {
    const next = await this.#from.next();
    if (next.done === true) throw damaged(this.name);
    this.#held = Buffer.concat([this.#held, next.value]);
  }
}

const damaged = (name: string, cause?: unknown): KbootError =>
  new KbootError(
    'E-SNAPSHOT',
    `${name} is damaged: it was cut off or changed, or openssl cms did not write it`,
    {
      cause,
      remedy: remedies.otherSnapshot,
    },
  );
