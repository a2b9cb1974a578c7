/** The output of `kboot certs`. */
export interface CertificateReport {
  readonly cluster: string;
  /** A certificate with fewer days left is reported as running out. */
  readonly warnDays: number;
  /** Whether no certificate has expired, is not valid yet, or is running out. */
  readonly valid: boolean;
  readonly certificates: readonly CertificateStatus[];
  readonly problems: readonly CertificateProblem[];
}

/** One certificate in one place. A file with several of them, such as a bundle of CAs, has one entry for each. */
export interface CertificateStatus {
  /** `served`: presented in a TLS handshake. `file`: on a host. `state`: in the state folder. */
  readonly where: 'served' | 'file' | 'state';
  /** The host that serves it, or has the file; absent for the state folder. */
  readonly host?: string;
  /** `kube-apiserver :6443`, or the path of the file; in the state folder, below its folder pki. */
  readonly place: string;
  readonly role: 'ca' | 'leaf';
  /** `O=system:nodes, CN=system:node:w-1` */
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: string;
  readonly expires: string;
  /** Whole days; negative once it has expired. */
  readonly daysLeft: number;
  readonly condition: 'valid' | 'running-out' | 'expired' | 'not-yet-valid';
  /** SHA-256 of the certificate, in hexadecimal. */
  readonly fingerprint: string;
  /** Of a served certificate: the file that it is read from, and whether the file has another one by now. */
  readonly file?: string;
  readonly differs?: boolean;
}

/** A place where a certificate is expected and none could be read. */
export interface CertificateProblem {
  readonly host?: string;
  readonly place: string;
  readonly why: string;
}
