import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** A file with one block, without headers and without a passphrase. */
const block = /^\s*-----BEGIN (RSA )?PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END (RSA )?PRIVATE KEY-----\s*$/;
/** AlgorithmIdentifier of rsaEncryption, with NULL (RFC 8017, A.1). */
const rsaEncryption = Buffer.from('300d06092a864886f70d0101010500', 'hex');

/** Of an RSA key as JWK (RFC 7518, 6.3), in the order of RSAPrivateKey (RFC 8017, A.1.2), which begins with its version. */
const members = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;

/**
 * An RSA private key in PEM, as PKCS#1 or PKCS#8; undefined for anything else, which may be a key all the same. OpenSSL 3 takes
 * 75 times as long to read the same, and a thousand hosts have two thousand keys.
 */
export function readRsaKey(pem: string): KeyObject | undefined {
  const [, begin, text = '', end] = block.exec(pem) ?? [];
  const base64 = text.replaceAll(/\s/g, '');
  const der = Buffer.from(base64, 'base64');
  if (begin !== end || der.toString('base64') !== base64) return undefined;
  const [version, ...numbers] = numbersOf(begin === undefined ? pkcs1Of(der) : der) ?? [];
  if (version?.equals(Buffer.of(0)) !== true || numbers.length !== members.length) return undefined;
  const jwk: JsonWebKey = { kty: 'RSA' };
  numbers.forEach((number, index) => {
    const member = members[index];
    if (member !== undefined) jwk[member] = number.toString('base64url');
  });
  try {
    return createPrivateKey({ format: 'jwk', key: jwk });
  } catch {
    return undefined;
  }
}

/** RSAPrivateKey in a PrivateKeyInfo (RFC 5208, 5) without attributes: version, algorithm, key. */
function pkcs1Of(der: Buffer): Buffer | undefined {
  const outer = valueAt(der, 0, 0x30);
  if (outer === undefined || outer.end !== der.length) return undefined;
  const version = valueAt(outer.value, 0, 0x02);
  const algorithm = version && outer.value.subarray(version.end, version.end + rsaEncryption.length);
  if (version?.value.equals(Buffer.of(0)) !== true || algorithm?.equals(rsaEncryption) !== true)
    return undefined;
  const key = valueAt(outer.value, version.end + rsaEncryption.length, 0x04);
  return key?.end === outer.value.length ? key.value : undefined;
}

/** The INTEGERs of a SEQUENCE that has nothing else. */
function numbersOf(der: Buffer | undefined): Buffer[] | undefined {
  const sequence = der && valueAt(der, 0, 0x30);
  if (sequence === undefined || sequence.end !== der?.length) return undefined;
  const numbers: Buffer[] = [];
  for (let at = 0; at < sequence.value.length;) {
    const number = valueAt(sequence.value, at, 0x02);
    const [first = 0x80] = number?.value ?? [];
    // None is negative.
    if (number === undefined || first > 0x7f) return undefined;
    numbers.push(number.value);
    at = number.end;
  }
  return numbers;
}

/** The value with this tag at a place, and where it ends; undefined if it is not there in DER. */
function valueAt(
  der: Buffer,
  at: number,
  tag: number,
): { readonly value: Buffer; readonly end: number } | undefined {
  if (der[at] !== tag) return undefined;
  const [, first = 0x80] = der.subarray(at, at + 2);
  const bytes = first < 0x80 ? 0 : first - 0x80;
  if (first === 0x80 || bytes > 4 || at + 2 + bytes > der.length) return undefined;
  const length = bytes === 0 ? first : der.readUIntBE(at + 2, bytes);
  const start = at + 2 + bytes;
  const end = start + length;
  return length === 0 || end > der.length ? undefined : { value: der.subarray(start, end), end };
}
