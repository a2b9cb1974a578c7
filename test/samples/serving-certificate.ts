import forge from 'node-forge';
import { publicKeyPem } from '../../src/pki/keys.ts';

const day = 86_400_000;

/** A certificate as client-go makes it for a kubelet of the host w-1, or with other names; issued 400 days before its end. */
export function servingCertificate(
  key: string,
  daysLeft: number,
  subject = 'w-1@1795826082',
  issuer = 'w-1-ca@1795826082',
): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKeyPem(key));
  certificate.validity.notBefore = new Date(Date.now() + (daysLeft - 400) * day);
  certificate.validity.notAfter = new Date(Date.now() + daysLeft * day);
  certificate.setSubject([{ name: 'commonName', value: subject }]);
  certificate.setIssuer([{ name: 'commonName', value: issuer }]);
  certificate.sign(forge.pki.privateKeyFromPem(key), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}
