import { fingerprintOf } from '../pki/inspect.ts';
import { readableCertificates } from '../pki/parse.ts';

/**
 * Copies of CAs that Kubernetes keeps in the API: for Pods, in every namespace, by the controller-manager; for API servers
 * of extensions, by the API servers, which only ever add to them (pkg/controlplane/controller/clusterauthenticationtrust).
 */
export const publishedCopies = [
  'kube-root-ca.crt',
  'client-ca-file',
  'requestheader-client-ca-file',
] as const;
export type PublishedCopy = (typeof publishedCopies)[number];

/** The ConfigMap with what API servers accept, for those that are not of the cluster. */
export const authenticationRef = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'kube-system', name: 'extension-apiserver-authentication' },
} as const;

/** SHA-256 of certificates, by the object that has them: `ConfigMap shop/kube-root-ca.crt`. */
export type Published = ReadonlyMap<string, readonly string[]>;

/** SHA-256 of the certificates in a PEM text; those that cannot be read are left out. */
export function fingerprints(pem = ''): readonly string[] {
  return readableCertificates(pem).map(fingerprintOf);
}

/** What a copy must hold, and what it must not. */
export interface WantedCopy {
  readonly copy: PublishedCopy;
  /** SHA-256 of certificates. */
  readonly holds: readonly string[];
  readonly lacks: readonly string[];
}

/** Objects whose copy is not as wanted: `ConfigMap shop/kube-root-ca.crt`. */
export function outdated(published: Published, { holds, lacks }: WantedCopy): readonly string[] {
  return [...published].flatMap(([title, found]) =>
    holds.every((each) => found.includes(each)) && !lacks.some((each) => found.includes(each)) ? [] : [title],
  );
}
