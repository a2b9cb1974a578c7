import type { Host } from '../model/cluster.ts';

export type CaId = 'ca' | 'front-proxy-ca' | 'etcd-ca';

/** kubeadm's names, as `kubeadm certs check-expiration` prints them (without `.conf`), and one of kboot's own. */
export type LeafId =
  | 'apiserver'
  | 'apiserver-kubelet-client'
  | 'front-proxy-client'
  | 'apiserver-etcd-client'
  | 'etcd-server'
  | 'etcd-peer'
  | 'etcd-healthcheck-client'
  | 'admin'
  | 'super-admin'
  | 'controller-manager'
  | 'scheduler'
  | 'kubelet'
  | 'kubelet-server';

/** Which hosts get their own copy of a certificate. */
export type Scope = 'control-plane' | 'first-control-plane' | 'etcd' | 'node';

export type Usage = 'serverAuth' | 'clientAuth';

export interface SubjectAltNames {
  /** Sorted, without duplicates. */
  readonly dns: readonly string[];
  /** Canonical text, in insertion order, without duplicates. */
  readonly ips: readonly string[];
}

/** A certificate authority; self-signed, or provided by the user with any subject. */
export interface CaSpec {
  readonly kind: 'ca';
  readonly id: CaId;
  /** Path stem of the .crt and .key under the state's pki folder and the host's /etc/kubernetes/pki. */
  readonly path: string;
  readonly commonName: string;
}

/** The ServiceAccount signing key: a key without a certificate. */
export interface KeySpec {
  readonly kind: 'key';
  readonly id: 'sa';
  readonly path: string;
}

export interface LeafSpec {
  readonly kind: 'leaf';
  readonly id: LeafId;
  readonly host: Host['name'];
  /** Path stem under the state's pki folder: `hosts/cp1/etcd/server`. */
  readonly path: string;
  /**
   * On the host: path stem under /etc/kubernetes/pki, the kubeconfig in /etc/kubernetes that embeds it, or the path stem in the
   * kubelet's own folder.
   */
  readonly target:
    | { readonly in: 'pki'; readonly stem: string }
    | { readonly in: 'kubeconfig'; readonly file: string }
    | { readonly in: 'kubelet'; readonly stem: string };
  readonly ca: CaId;
  readonly commonName: string;
  readonly organization?: string;
  readonly usages: readonly Usage[];
  readonly sans: SubjectAltNames;
}

export type CertificateSpec = CaSpec | KeySpec | LeafSpec;

/** PEM texts. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/**
 * The source of certificates for the layers above. A lookup of anything in the inventory's certificate list
 * never fails: for anything that is not issued yet, it returns a placeholder text that is not PEM.
 */
export interface Pki {
  /** The CA that signs new certificates. Its PEM may contain a chain if the user provided an intermediate CA. */
  signer(id: CaId): KeyPair;
  /** PEMs of every CA whose certificates are accepted: the signer's, and others only while a CA is exchanged. */
  trusted(id: CaId): readonly string[];
  /** PEM of a CA that must not be accepted any more, in the last stage of its exchange; else empty. */
  retired(id: CaId): string;
  /** PEM of what a server presents after its certificate of this CA, for clients that know the former CA; mostly empty. */
  cross(id: CaId): string;
  /** The cluster's identity, which outlives its CA; undefined before the CA is issued. */
  clusterId(): string | undefined;
  /** `publicKey`: that of the private key, followed by others that are accepted while the key is exchanged. */
  serviceAccount(): { readonly privateKey: string; readonly publicKey: string };
  /** Without `host`: the first control plane's. Throws if that host has no such certificate, which is a bug in the caller. */
  certificate(id: LeafId, host?: string): KeyPair;
  /** false: the lookup returns a placeholder, at least in part. */
  isIssued(id: CertificateSpec['id'], host?: string): boolean;
}

/** All trusted CAs of one kind in one PEM file. */
export function trustBundle(pki: Pick<Pki, 'trusted'>, id: CaId): string {
  return pki.trusted(id).join('');
}
