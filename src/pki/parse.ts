import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readRsaKey } from './rsa-key.ts';

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Every certificate in a PEM text, in order; undefined if there is none or one cannot be parsed. */
export function parseCertificates(pem: string): readonly [X509Certificate, ...X509Certificate[]] | undefined {
  try {
    const [first, ...rest] = (pem.match(certificateBlock) ?? []).map((block) => new X509Certificate(block));
    return first === undefined ? undefined : [first, ...rest];
  } catch {
    return undefined;
  }
}

/** The certificates in a PEM text that can be parsed, in order. */
export function readableCertificates(pem: string): readonly X509Certificate[] {
  return (pem.match(certificateBlock) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/** The first certificate in a PEM text, or undefined. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  return parseCertificates(pem)?.[0];
}

/** Whether `issuer` signed a certificate, by name and signature. */
export function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** A private key in any PEM form without a passphrase, or undefined. */
export function parsePrivateKey(pem: string): KeyObject | undefined {
  try {
    return readRsaKey(pem) ?? createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** PEM encryption is visible in its headers or its type. */
export function isEncryptedKey(pem: string): boolean {
  return /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(pem);
}

/** First and last moment of validity. X509Certificate prints years from 2050 on like the others. */
export function validity(certificate: X509Certificate): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(certificate.validFrom), notAfter: new Date(certificate.validTo) };
}
