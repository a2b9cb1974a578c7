import { createPrivateKey, createPublicKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { generateRsaKey, publicKeyPem } from '../../src/pki/keys.ts';

it('makes distinct RSA-2048 keys in PKCS#1, and returns their public half as SPKI', async () => {
  const [a, b] = await Promise.all([generateRsaKey(), generateRsaKey()]);
  expect(a).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n[^\r]*-----END RSA PRIVATE KEY-----\n$/);
  expect(a).not.toBe(b);
  const key = createPrivateKey(a);
  expect(key.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65537n });
  expect(publicKeyPem(a)).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
  expect(createPublicKey(publicKeyPem(a)).equals(createPublicKey(key))).toBe(true);
});
