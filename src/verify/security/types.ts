/** What `kboot verify --security` looks at, in the order in which it is shown. */
export const securityChecks = [
  'audit',
  'encryption',
  'pod-security',
  'anonymous',
  'tls',
  'profiling',
  'token-lifetime',
  'token-extension',
  'bootstrap-token',
  'event-rate-limit',
  'kubelet-certificate',
  'kubelet-anonymous',
  'kubelet-read-only-port',
  'etcd-client-certificate',
  'network-policy',
] as const;

export type SecurityCheck = (typeof securityChecks)[number];

/** What one server does. */
export interface SecurityResult {
  readonly check: SecurityCheck;
  /** Host and server, `cp-1 kube-apiserver`, or the cluster. */
  readonly on: string;
  /** Whether the profile, with the settings over it, promises it. If not, what is found is only shown. */
  readonly promised: boolean;
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
}

/** What was found, and whether that is as promised. */
export type Found = Pick<SecurityResult, 'ok' | 'found'>;
