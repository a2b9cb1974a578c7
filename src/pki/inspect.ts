import type { X509Certificate } from 'node:crypto';
import type { CertificateStatus } from '../model/certificates.ts';
import { validity } from './parse.ts';

const day = 86_400_000;

/** What a certificate is, and how long it lasts; `running-out`: with fewer than `warnDays` days left. */
export function certificateStatus(
  certificate: X509Certificate,
  at: Pick<CertificateStatus, 'where' | 'place' | 'file' | 'differs'> & {
    readonly host?: string | undefined;
  },
  { now, warnDays }: { readonly now: Date; readonly warnDays: number },
): CertificateStatus {
  const { host, ...place } = at;
  const { notBefore, notAfter } = validity(certificate);
  const daysLeft = Math.floor((notAfter.getTime() - now.getTime()) / day);
  const condition =
    now > notAfter
      ? 'expired'
      : now < notBefore
        ? 'not-yet-valid'
        : daysLeft < warnDays
          ? 'running-out'
          : 'valid';
  return {
    ...place,
    ...(host !== undefined && { host }),
    role: certificate.ca ? 'ca' : 'leaf',
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    notBefore: notBefore.toISOString(),
    expires: notAfter.toISOString(),
    daysLeft,
    condition,
    fingerprint: fingerprintOf(certificate),
  };
}

/** SHA-256 of a certificate, as OpenSSL computes it, without colons. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/** node:crypto has a line for each part of a name; undefined for an empty one. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}
