import { X509Certificate } from 'node:crypto';
import { kubeletPki as folder, queryCertificate, readCertificate } from './kubelet-pki.ts';
import { quoteAll } from '../model/shell.ts';
import type { Kind, ServingCertificateResource } from './types.ts';

const path = `${folder}/kubelet.crt`;
const day = 86_400_000;
/** Before its end it is renewed: `kboot certs` reports it from then on. */
const window = 30 * day;

/**
 * The certificate that a kubelet makes for itself and serves if it requests none from the cluster. It is valid for a year,
 * and the kubelet, which makes one only if there is none, never renews it (cmd/kubelet/app/server.go,
 * InitializeTLS). One that is not the kubelet's own making stays as it is.
 */
export const servingCertificate: Kind<ServingCertificateResource, string> = {
  name: () => 'kubelet',
  query: () => queryCertificate(path),
  read: readCertificate,
  action(want, found) {
    const problem = found.state === 'absent' ? undefined : ending(found.found);
    if (problem === undefined) return undefined;
    return {
      verb: 'delete',
      reason: `${problem}; the kubelet makes another when it starts`,
      script: `kb_disturb ${quoteAll(want.readBy ?? [])} && rm -f ${path} ${folder}/kubelet.key`,
      disturbs: want.readBy ?? [],
      effects: [],
      timeoutSeconds: 30,
    };
  },
  fact: (_want, pem) => ending(pem) ?? 'valid',
};

/** `it expired on 2025-11-28`; undefined for one that lasts, and for one that others made. */
function ending(pem: string): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return undefined;
  }
  // cert.GenerateSelfSignedCertKey of client-go names it HOST@SECONDS, and its issuer HOST-ca@SECONDS.
  const isOwn = /^CN=.*@\d+$/m.test(certificate.subject) && /^CN=.*-ca@\d+$/m.test(certificate.issuer);
  const left = Date.parse(certificate.validTo) - Date.now();
  if (!isOwn || left >= window) return undefined;
  const date = new Date(certificate.validTo).toISOString().slice(0, 10);
  return left < 0 ? `it expired on ${date}` : `it expires on ${date}`;
}
