import { createHash, createPublicKey } from 'node:crypto';

/** How API servers name the key that signed a token: base64url of the SHA-256 of its SPKI DER (pkg/serviceaccount/jwt.go). */
export function tokenKeyId(publicKeyPem: string): string {
  const der = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('base64url');
}
