import type { X509Certificate } from 'node:crypto';
import { isSignedBy, parseCertificates, parsePrivateKey, validity } from './parse.ts';
import { renewalWindow } from './plan.ts';
import type { KeyPair, Pki } from './types.ts';
import { dateProblems, privateKeyProblem } from './verify.ts';

/** Credentials for an etcd that someone else runs, as PEM texts. */
export interface ForeignEtcdPems {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** One problem with a file; `field` is its name in `spec.etcd.external`. */
export interface ForeignEtcdProblem {
  readonly field: 'caFile' | 'certFile' | 'keyFile';
  readonly severity: 'error' | 'warning';
  /** A phrase that follows the file's path. */
  readonly message: string;
}

const clientAuth = '1.3.6.1.5.5.7.3.2';

/** Why the API servers could not use these with an etcd, or not for long; at most one problem per file. */
export function foreignEtcdProblems(pems: ForeignEtcdPems, now: Date): readonly ForeignEtcdProblem[] {
  const cas = parseCertificates(pems.caPem);
  const chain = parseCertificates(pems.certificatePem);
  const of = (field: ForeignEtcdProblem['field'], messages: readonly string[]): ForeignEtcdProblem[] =>
    messages.slice(0, 1).map((message) => ({ field, severity: 'error', message }));
  const ofCert =
    chain === undefined ? ['does not contain a readable PEM certificate'] : clientProblems(chain, cas, now);
  const errors = [
    ...of('caFile', cas === undefined ? ['does not contain a readable PEM certificate'] : caDates(cas, now)),
    ...of('certFile', ofCert),
    // If the certificate already has a problem, the match is not checked.
    ...of('keyFile', keyProblems(pems.keyPem, ofCert.length === 0 ? chain?.[0] : undefined)),
  ];
  if (errors.length > 0) return errors;
  return [...ending('caFile', cas, now), ...ending('certFile', chain, now)];
}

function caDates(cas: readonly X509Certificate[], now: Date): readonly string[] {
  const problems = cas.map((ca) => dateProblems(ca, now));
  return problems.some((found) => found.length === 0) ? [] : (problems[0] ?? []);
}

function clientProblems(
  [leaf, ...intermediates]: readonly [X509Certificate, ...X509Certificate[]],
  cas: readonly X509Certificate[] | undefined,
  now: Date,
): readonly string[] {
  const usages = usagesOf(leaf);
  return [
    ...dateProblems(leaf, now),
    ...(cas === undefined || isIssued(leaf, intermediates, cas)
      ? []
      : [
          'is not signed by a CA in caFile; if etcd has separate CAs for servers and clients, caFile must contain both',
        ]),
    ...(usages === undefined || usages.includes(clientAuth)
      ? []
      : ['is not a client certificate: its extended key usage lacks clientAuth, so etcd would refuse it']),
  ];
}

/** Its extended key usage; undefined if there is none, despite the declared type. */
function usagesOf(certificate: X509Certificate): readonly string[] | undefined {
  return certificate.keyUsage;
}

function isIssued(
  certificate: X509Certificate,
  intermediates: readonly X509Certificate[],
  cas: readonly X509Certificate[],
): boolean {
  if (cas.some((ca) => isSignedBy(certificate, ca))) return true;
  return intermediates.some(
    (issuer, index) =>
      isSignedBy(certificate, issuer) && isIssued(issuer, intermediates.toSpliced(index, 1), cas),
  );
}

function keyProblems(keyPem: string, certificate: X509Certificate | undefined): readonly string[] {
  const key = parsePrivateKey(keyPem);
  if (key === undefined) return [privateKeyProblem(keyPem)];
  return certificate === undefined || certificate.checkPrivateKey(key)
    ? []
    : ['does not match the certificate in certFile'];
}

function ending(
  field: ForeignEtcdProblem['field'],
  chain: readonly X509Certificate[] | undefined,
  now: Date,
): ForeignEtcdProblem[] {
  const [first] = (chain ?? [])
    .map((each) => validity(each).notAfter)
    .sort((a, b) => a.getTime() - b.getTime());
  if (first === undefined || first.getTime() - now.getTime() >= renewalWindow) return [];
  const day = first.toISOString().slice(0, 10);
  return [{ field, severity: 'warning', message: `expires on ${day}; replace it and run \`kboot up\`` }];
}

/** The PKI with external files in place of etcd's CA and of every API server's client certificate for etcd. */
export function withForeignEtcd(pki: Pki, pems: ForeignEtcdPems | undefined): Pki {
  const text = (pem: string | undefined): string => pem ?? '# somebody else issues this; it was not read\n';
  const client: KeyPair = { cert: text(pems?.certificatePem), key: text(pems?.keyPem) };
  return {
    signer: (id) => (id === 'etcd-ca' ? { cert: text(pems?.caPem), key: text(undefined) } : pki.signer(id)),
    trusted: (id) => (id === 'etcd-ca' ? [text(pems?.caPem)] : pki.trusted(id)),
    retired: (id) => pki.retired(id),
    cross: (id) => pki.cross(id),
    clusterId: () => pki.clusterId(),
    certificate: (id, host) => (id === 'apiserver-etcd-client' ? client : pki.certificate(id, host)),
    serviceAccount: () => pki.serviceAccount(),
    isIssued: (id, host) =>
      id === 'etcd-ca' || id === 'apiserver-etcd-client' ? pems !== undefined : pki.isIssued(id, host),
  };
}
