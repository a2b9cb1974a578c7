import { sha256 } from '../model/digest.ts';
import { KbootError } from '../model/error.ts';
import { parseCertificate } from './parse.ts';

/**
 * The identity of a cluster that is bootstrapped with this CA: `sha256:` + the SHA-256 of its public key (SPKI DER), as used by
 * `kubeadm join --discovery-token-ca-cert-hash`. Throws E-PKI if `caPem` does not contain a certificate.
 */
export function clusterIdOf(caPem: string): string {
  const ca = parseCertificate(caPem);
  if (ca === undefined) throw new KbootError('E-PKI', 'The cluster CA cannot be read as a PEM certificate.');
  return `sha256:${sha256(ca.publicKey.export({ type: 'spki', format: 'der' }))}`;
}
