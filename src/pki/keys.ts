import { createPublicKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { CaKeyAlgorithm } from '../model/pki.ts';

const generate = promisify(generateKeyPair);

/**
 * A new RSA private key as PKCS#1 PEM, kubeadm's default form. Runs off the main thread:
 * several at once use several cores.
 */
export async function generateRsaKey(modulusLength = 2048): Promise<string> {
  const { privateKey } = await generate('rsa', {
    modulusLength,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return privateKey;
}

/** A new private key of a CA, or for signing tokens, as PEM in the form that kubeadm writes. */
export async function generateCaKey(algorithm: CaKeyAlgorithm): Promise<string> {
  const [kind, size = ''] = algorithm.split('-');
  if (kind === 'RSA') return await generateRsaKey(Number(size));
  const { privateKey } = await generate('ec', {
    namedCurve: size.replace('P', 'P-'),
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return privateKey;
}

/** The public half as SPKI PEM (`PUBLIC KEY`), which is what sa.pub holds. Throws if the text is not a key. */
export function publicKeyPem(privateKeyPem: string): string {
  return createPublicKey(privateKeyPem).export({ type: 'spki', format: 'pem' }).toString();
}
