import type { KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { isEncryptedKey, isSignedBy, parseCertificates, parsePrivateKey, validity } from './parse.ts';
import { canonicalIp } from './sans.ts';
import type { KeyPair, LeafSpec, Usage } from './types.ts';

type Chain = readonly [X509Certificate, ...X509Certificate[]];

const usageOids: Readonly<Record<Usage, string>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

/**
 * Why kboot cannot sign with `pair` as a CA; empty if it can. Each problem is a phrase that follows the file's
 * name (`ca.crt expired on …`). The CA may have any subject.
 */
export function caProblems(pair: KeyPair, now: Date): readonly string[] {
  const chain = parseCertificates(pair.cert);
  if (chain === undefined) return ['does not contain a readable PEM certificate'];
  const [ca] = chain;
  return [
    ...(ca.ca ? [] : ['is not a CA certificate (basicConstraints lacks CA:TRUE)']),
    ...dateProblems(ca, now),
    ...caKeyProblems(ca, pair.key),
    ...chainProblems(chain),
  ];
}

function caKeyProblems(ca: X509Certificate, keyPem: string): readonly string[] {
  const type = keyType(ca.publicKey);
  if (type !== 'rsa' && type !== 'ec')
    return [`has a key of type ${type}; Kubernetes uses CAs with RSA or ECDSA keys`];
  const key = parsePrivateKey(keyPem);
  if (key === undefined) return [privateKeyProblem(keyPem)];
  return ca.checkPrivateKey(key) ? [] : ['does not match the private key beside it'];
}

/** The problem with a private key that cannot be parsed; the phrase mentions the key. */
export function privateKeyProblem(keyPem: string): string {
  return isEncryptedKey(keyPem)
    ? 'has a private key that is encrypted; kboot needs it without a passphrase'
    : 'has a private key that cannot be read as PEM';
}

/** OpenSSL's clients trust an intermediate CA only together with its issuers, up to a self-signed one. */
function chainProblems([ca, ...others]: Chain): readonly string[] {
  if (ca.subject === ca.issuer && !ca.checkIssued(ca))
    return ['has a key usage that forbids signing certificates'];
  if (reachesRoot(ca, others)) return [];
  return ca.subject === ca.issuer
    ? ['is self-signed, but its signature does not verify']
    : ['is an intermediate CA; append the certificates of its issuers, up to the self-signed root'];
}

function reachesRoot(certificate: X509Certificate, others: readonly X509Certificate[]): boolean {
  if (certificate.checkIssued(certificate)) return isSignedBy(certificate, certificate);
  return others.some(
    (issuer, index) => isSignedBy(certificate, issuer) && reachesRoot(issuer, others.toSpliced(index, 1)),
  );
}

/**
 * Why `leaf` with `key` cannot be used for `spec` under the CA `ca`; empty if it can. Checks signature, subject,
 * usages, SANs (in any order), dates and the private key.
 */
export function leafProblems(
  leaf: X509Certificate,
  key: KeyObject,
  spec: LeafSpec,
  ca: X509Certificate,
  now: Date,
): readonly string[] {
  return [
    ...(isSignedBy(leaf, ca) ? [] : [`is not signed by the current ${spec.ca}`]),
    ...(leaf.ca ? ['is a CA certificate'] : []),
    ...subjectProblems(leaf, spec),
    ...usageProblems(leaf, spec),
    ...sanProblems(leaf, spec),
    ...dateProblems(leaf, now),
    ...(leaf.checkPrivateKey(key) ? [] : ['does not match the private key beside it']),
  ];
}

/** Whether it is not valid yet, or has expired. */
export function dateProblems(certificate: X509Certificate, now: Date): readonly string[] {
  const { notBefore, notAfter } = validity(certificate);
  if (now < notBefore)
    return [`is not valid before ${notBefore.toISOString()}; is this machine's clock right?`];
  return now > notAfter ? [`expired on ${notAfter.toISOString()}`] : [];
}

function subjectProblems(leaf: X509Certificate, spec: LeafSpec): readonly string[] {
  const wanted = [
    ...(spec.organization === undefined ? [] : [`O=${spec.organization}`]),
    `CN=${spec.commonName}`,
  ];
  return differ('the subject', leaf.subject.split('\n'), wanted);
}

function usageProblems(leaf: X509Certificate, spec: LeafSpec): readonly string[] {
  const wanted = spec.usages.map((usage) => usageOids[usage]);
  // node:crypto's keyUsage is the extended key usage; undefined if there is none.
  return differ('the extended key usage', leaf.keyUsage, wanted);
}

function sanProblems(leaf: X509Certificate, spec: LeafSpec): readonly string[] {
  const wanted = [...spec.sans.dns.map((name) => `DNS:${name}`), ...spec.sans.ips.map((ip) => `IP:${ip}`)];
  return differ('the list of SANs', subjectAltNamesOf(leaf), wanted);
}

/** `DNS:name` and `IP:address` (canonical); anything else as OpenSSL prints it. */
function subjectAltNamesOf(certificate: X509Certificate): readonly string[] {
  const text: string | undefined = certificate.subjectAltName;
  if (text === undefined || text === '') return [];
  return text.split(', ').map((entry) => {
    const [, address] = /^IP Address:(.+)$/.exec(entry) ?? [];
    return address !== undefined && isIP(address) !== 0 ? `IP:${canonicalIp(address)}` : entry;
  });
}

function differ(
  what: string,
  found: readonly string[] | undefined = [],
  wanted: readonly string[],
): readonly string[] {
  const lacks = wanted.filter((entry) => !found.includes(entry));
  const extra = found.filter((entry) => !wanted.includes(entry));
  if (lacks.length === 0 && extra.length === 0) return [];
  const parts = [
    ...(lacks.length === 0 ? [] : [`lacks ${lacks.join(', ')}`]),
    ...(extra.length === 0 ? [] : [`has ${extra.join(', ')}`]),
  ];
  return [`differs in ${what}: ${parts.join('; ')}`];
}

function keyType(key: KeyObject): string {
  return key.asymmetricKeyType ?? 'unknown';
}
