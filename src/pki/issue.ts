import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { KbootError } from '../model/error.ts';
import { publicKeyPem } from './keys.ts';
import { isSignedBy, parseCertificate } from './parse.ts';
import { ipBytes } from './sans.ts';
import type { CaSpec, KeyPair, LeafSpec } from './types.ts';
import { caProblems, leafProblems } from './verify.ts';

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
const utf8String = 12;

/** A self-signed CA certificate for the RSA key `keyPem`, as PEM. Throws E-PKI if the result does not verify. */
export function issueCa(spec: CaSpec, keyPem: string, context: IssueContext): string {
  const certificate = draft(keyPem, caLifetime, context);
  const subject = name(spec.commonName);
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true, keyCertSign: true },
    { name: 'basicConstraints', critical: true, cA: true },
    { name: 'subjectKeyIdentifier' },
    { name: 'subjectAltName', altNames: [{ type: 2, value: spec.commonName }] },
  ]);
  const cert = signed(certificate, keyPem);
  refuse(spec.path, caProblems({ cert, key: keyPem }, context.now));
  return cert;
}

/**
 * A leaf certificate for the RSA key `keyPem`, signed by `ca`, as PEM.
 * Throws E-PKI if the result does not verify against `spec` and `ca`.
 */
export function issueLeaf(spec: LeafSpec, keyPem: string, ca: KeyPair, context: IssueContext): string {
  const issuer = parseCertificate(ca.cert);
  if (issuer === undefined) throw new KbootError('E-PKI', `${spec.path}: the CA certificate cannot be read.`);
  const forgeIssuer = forge.pki.certificateFromPem(issuer.toString());
  const certificate = draft(keyPem, leafLifetime, context);
  certificate.setSubject(name(spec.commonName, spec.organization));
  certificate.setIssuer(subjectOf(forgeIssuer));
  certificate.setExtensions([
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', ...Object.fromEntries(spec.usages.map((usage) => [usage, true])) },
    { name: 'basicConstraints', critical: true, cA: false },
    ...authorityKeyIdentifier(forgeIssuer),
    ...subjectAltName(spec),
  ]);
  const cert = signed(certificate, ca.key);
  refuse(
    spec.path,
    leafProblems(new X509Certificate(cert), createPrivateKey(keyPem), spec, issuer, context.now),
  );
  return cert;
}

/**
 * The certificate of a CA as another CA signs it: same subject, key and purpose, for clients that know only that one. Valid
 * no longer than either. Throws E-PKI if one cannot be read.
 */
export function issueCross(caPem: string, signer: KeyPair, context: IssueContext): string {
  const [ca, issuer] = [parseCertificate(caPem), parseCertificate(signer.cert)];
  if (ca === undefined || issuer === undefined)
    throw new KbootError('E-PKI', 'A CA certificate cannot be read.');
  const [own, forgeIssuer] = [ca, issuer].map((each) => forge.pki.certificateFromPem(each.toString())) as [
    forge.pki.Certificate,
    forge.pki.Certificate,
  ];
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = own.publicKey;
  certificate.serialNumber = serialNumber(context.randomBytes);
  certificate.validity.notBefore = new Date(context.now.getTime() - backdate);
  const [first, second] = [own, forgeIssuer].map(({ validity }) => validity.notAfter) as [Date, Date];
  certificate.validity.notAfter = first < second ? first : second;
  certificate.setSubject(subjectOf(own));
  certificate.setIssuer(subjectOf(forgeIssuer));
  certificate.setExtensions([
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true, keyCertSign: true },
    { name: 'basicConstraints', critical: true, cA: true },
    ...subjectKeyIdentifier(own),
    ...authorityKeyIdentifier(forgeIssuer),
  ]);
  const cert = signed(certificate, signer.key);
  const issued = new X509Certificate(cert);
  refuse('the new CA', [
    ...(isSignedBy(issued, issuer) ? [] : ['is not signed by the former CA']),
    ...(issued.publicKey.equals(ca.publicKey) ? [] : ['has another key']),
  ]);
  return cert;
}

/** That of the CA itself, by which its certificates name their issuer. */
function subjectKeyIdentifier(ca: forge.pki.Certificate): object[] {
  const extension = ca.getExtension('subjectKeyIdentifier') as { value?: string } | null;
  return extension?.value === undefined
    ? []
    : [{ name: 'subjectKeyIdentifier', id: '2.5.29.14', value: extension.value }];
}

function draft(keyPem: string, lifetime: number, { now, randomBytes }: IssueContext): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKeyPem(keyPem));
  certificate.serialNumber = serialNumber(randomBytes);
  certificate.validity.notBefore = new Date(now.getTime() - backdate);
  certificate.validity.notAfter = new Date(now.getTime() + lifetime);
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

/** A CA's subject in its original encoding: forge encodes UTF-8 strings when writing but does not decode them. */
function subjectOf(ca: forge.pki.Certificate): forge.pki.CertificateField[] {
  return ca.subject.attributes.map((field) => {
    const tag: number | undefined = field.valueTagClass;
    return tag === utf8String && typeof field.value === 'string'
      ? { ...field, value: forge.util.decodeUtf8(field.value) }
      : field;
  });
}

/** The CA's own key identifier; absent when the CA has none, as in Go. */
function authorityKeyIdentifier(ca: forge.pki.Certificate): object[] {
  const extension = ca.getExtension('subjectKeyIdentifier') as { subjectKeyIdentifier?: string } | null;
  const id = extension?.subjectKeyIdentifier;
  return id === undefined
    ? []
    : [{ name: 'authorityKeyIdentifier', keyIdentifier: forge.util.hexToBytes(id) }];
}

function subjectAltName({ sans }: LeafSpec): object[] {
  const altNames = [
    ...sans.dns.map((value) => ({ type: 2, value })),
    ...sans.ips.map((ip) => ({ type: 7, value: Buffer.from(ipBytes(ip)).toString('latin1') })),
  ];
  return altNames.length === 0 ? [] : [{ name: 'subjectAltName', altNames }];
}

/** Signs natively: forge passes its own digest to `sign`, which reads the encoded certificate instead. */
function signed(certificate: forge.pki.Certificate, keyPem: string): string {
  const key = createPrivateKey(keyPem);
  const native = {
    sign: () => {
      const der = forge.asn1.toDer(certificate.tbsCertificate).getBytes();
      return sign('sha256', Buffer.from(der, 'latin1'), key).toString('latin1');
    },
  };
  certificate.sign(native as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}

function refuse(path: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new KbootError('E-PKI', `The certificate just issued for ${path} does not verify.`, {
    detail: problems.join('\n'),
    remedy: 'If the CA is your own, check its key usage and subject; otherwise this is a bug in kboot.',
  });
}
