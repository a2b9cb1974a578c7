import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrivateKey } from '../../src/pki/parse.ts';
import { readRsaKey } from '../../src/pki/rsa-key.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey;
const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1'): string =>
  key.export({ format: 'pem', type } as { format: 'pem'; type: 'pkcs8' }) as string;

describe('readRsaKey', () => {
  it.each(['pkcs1', 'pkcs8'] as const)('reads what OpenSSL reads: %s', (type) => {
    const key = readRsaKey(pem(rsa, type));
    expect(key?.equals(rsa)).toBe(true);
    // Private numbers are not compared by equals.
    expect(key && pem(key, 'pkcs1')).toBe(pem(rsa, 'pkcs1'));
  });

  it('leaves other keys to OpenSSL', () => {
    const encrypted = rsa.export({
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    }) as string;
    for (const text of [
      pem(ec, 'sec1'),
      pem(ec, 'pkcs8'),
      pem(pss, 'pkcs8'),
      encrypted,
      '',
      pem(rsa, 'pkcs1').slice(0, 500),
    ])
      expect(readRsaKey(text)).toBeUndefined();
    expect(parsePrivateKey(pem(ec, 'pkcs8'))?.equals(ec)).toBe(true);
    const commented = `a comment\n${pem(rsa, 'pkcs8')}`;
    expect(readRsaKey(commented)).toBeUndefined();
    expect(parsePrivateKey(commented)?.equals(rsa)).toBe(true);
  });

  it('reads no damaged key that OpenSSL does not read', () => {
    const ders = (['pkcs1', 'pkcs8'] as const).map(
      (type) => rsa.export({ format: 'der', type } as { format: 'der'; type: 'pkcs8' }) as Buffer,
    );
    const damaged = fc.record({
      which: fc.constantFrom(0, 1),
      at: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 1216 })),
      byte: fc.nat({ max: 255 }),
      cut: fc.oneof(fc.constant(0), fc.nat({ max: 20 })),
      more: fc.uint8Array({ maxLength: 3 }),
    });
    fc.assert(
      fc.property(damaged, ({ which, at, byte, cut, more }) => {
        const der = Buffer.concat([ders[which] ?? Buffer.of(), more]);
        const changed = Buffer.from(der.subarray(0, der.length - cut));
        if (at < changed.length) changed[at] = byte;
        const label = which === 0 ? 'RSA PRIVATE KEY' : 'PRIVATE KEY';
        const text = `-----BEGIN ${label}-----\n${(changed.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;
        const own = readRsaKey(text);
        if (own !== undefined) expect(pem(own, 'pkcs1')).toBe(pem(createPrivateKey(text), 'pkcs1'));
      }),
      { numRuns: 500 },
    );
  });
});
