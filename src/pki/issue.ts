import { createPrivateKey, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { KbootError } from '../model/error.ts';
import { keyInfoOf, partsOf, signedPem, subjectKeyIdentifier } from './der.ts';
import { isSignedBy, parseCertificate } from './parse.ts';
import { ipBytes } from './sans.ts';
import type { CaSpec, KeyPair, LeafSpec } from './types.ts';
import { caProblems, leafProblems } from './verify.ts';
import { remedies } from './remedies.ts';

/** Everything that issuing needs from its environment. */
export interface IssueContext {
  readonly now: Date;
  readonly randomBytes: (size: number) => Uint8Array;
}

const minute = 60_000;
const hour = 60 * minute;
const backdate = 5 * minute;
const caLifetime = 87_600 * hour;
const leafLifetime = 8_760 * hour;

const caExtensions = [
  { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true, keyCertSign: true },
  { name: 'basicConstraints', critical: true, cA: true },
];

/** A self-signed CA certificate for the RSA or ECDSA key `keyPem`, as PEM. Throws E-PKI if the result does not verify. */
export function issueCa(spec: CaSpec, keyPem: string, context: IssueContext): string {
  const key = createPrivateKey(keyPem);
  const { keyInfo, keyId } = keyInfoOf(key);
  const certificate = draft(context, new Date(context.now.getTime() + caLifetime));
  const subject = name(spec.commonName);
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    ...caExtensions,
    subjectKeyIdentifier(keyId),
    { name: 'subjectAltName', altNames: [{ type: 2, value: spec.commonName }] },
  ]);
  const cert = signedPem(certificate, { keyInfo }, key);
  refuse(spec.path, caProblems({ cert, key: keyPem }, context.now));
  return cert;
}

/**
 * A leaf certificate for the RSA or ECDSA key `keyPem`, signed by `ca`, as PEM.
 * Throws E-PKI if the result does not verify against `spec` and `ca`.
 */
export function issueLeaf(spec: LeafSpec, keyPem: string, ca: KeyPair, context: IssueContext): string {
  const issuer = readCa(ca.cert, spec.path);
  const { subject, keyId } = partsOf(issuer);
  const certificate = draft(context, new Date(context.now.getTime() + leafLifetime));
  certificate.setSubject(name(spec.commonName, spec.organization));
  certificate.setExtensions([
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', ...Object.fromEntries(spec.usages.map((usage) => [usage, true])) },
    { name: 'basicConstraints', critical: true, cA: false },
    ...authorityKeyIdentifier(keyId),
    ...subjectAltName(spec),
  ]);
  const key = createPrivateKey(keyPem);
  const { keyInfo } = keyInfoOf(key);
  const cert = signedPem(certificate, { keyInfo, issuer: subject }, createPrivateKey(ca.key));
  refuse(spec.path, leafProblems(new X509Certificate(cert), key, spec, issuer, context.now));
  return cert;
}

/**
 * The certificate of a CA as another CA signs it: same subject, key and purpose, for clients that know only that one. Valid
 * no longer than either. Throws E-PKI if one cannot be read.
 */
export function issueCross(caPem: string, signer: KeyPair, context: IssueContext): string {
  const [ca, issuer] = [readCa(caPem, 'the new CA'), readCa(signer.cert, 'the former CA')];
  const [own, other] = [partsOf(ca), partsOf(issuer)];
  const ends = [ca, issuer].map(({ validTo }) => Date.parse(validTo));
  const certificate = draft(context, new Date(Math.min(...ends)));
  certificate.setExtensions([
    ...caExtensions,
    ...(own.keyId === undefined ? [] : [subjectKeyIdentifier(own.keyId)]),
    ...authorityKeyIdentifier(other.keyId),
  ]);
  const parts = { keyInfo: own.keyInfo, subject: own.subject, issuer: other.subject };
  const cert = signedPem(certificate, parts, createPrivateKey(signer.key));
  const issued = new X509Certificate(cert);
  refuse('the new CA', [
    ...(isSignedBy(issued, issuer) ? [] : ['is not signed by the former CA']),
    ...(issued.publicKey.equals(ca.publicKey) ? [] : ['has another key']),
  ]);
  return cert;
}

function readCa(pem: string, path: string): X509Certificate {
  const ca = parseCertificate(pem);
  if (ca === undefined) throw new KbootError('E-PKI', `${path}: the CA certificate cannot be read.`);
  return ca;
}

function draft({ now, randomBytes }: IssueContext, notAfter: Date): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.serialNumber = serialNumber(randomBytes);
  certificate.validity.notBefore = new Date(now.getTime() - backdate);
  certificate.validity.notAfter = notAfter;
  return certificate;
}

/** 16 random bytes in hex; the first is 0x40 to 0x7f, so the number is positive and never starts with zeros. */
function serialNumber(randomBytes: IssueContext['randomBytes']): string {
  const bytes = Buffer.from(randomBytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** O before CN, each a PrintableString, as Go writes them. */
function name(commonName: string, organization?: string): forge.pki.CertificateField[] {
  const fields = [
    ...(organization === undefined ? [] : [{ name: 'organizationName', value: organization }]),
    { name: 'commonName', value: commonName },
  ];
  for (const { value } of fields) {
    if (!/^[A-Za-z0-9 '()+,\-./:=?]+$/.test(value)) {
      throw new KbootError('E-PKI', `"${value}" is not valid in the subject of a certificate.`);
    }
  }
  return fields;
}

/** The CA's own key identifier; absent when the CA has none, as in Go. */
function authorityKeyIdentifier(keyId: Buffer | undefined): object[] {
  return keyId === undefined
    ? []
    : [{ name: 'authorityKeyIdentifier', keyIdentifier: keyId.toString('latin1') }];
}

function subjectAltName({ sans }: LeafSpec): object[] {
  const altNames = [
    ...sans.dns.map((value) => ({ type: 2, value })),
    ...sans.ips.map((ip) => ({ type: 7, value: Buffer.from(ipBytes(ip)).toString('latin1') })),
  ];
  return altNames.length === 0 ? [] : [{ name: 'subjectAltName', altNames }];
}

function refuse(path: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new KbootError('E-PKI', `The certificate just issued for ${path} does not verify.`, {
    detail: problems.join('\n'),
    remedy: remedies.ownCa,
  });
}
