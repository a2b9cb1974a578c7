/** How much of a cluster is hardened; src/inventory/security-profiles.ts says what each profile sets. */
export const securityProfiles = ['kubeadm', 'baseline', 'restricted'] as const;
export type SecurityProfile = (typeof securityProfiles)[number];

/** What a cluster is founded as if its inventory does not say. */
export const newClusterProfile: SecurityProfile = 'baseline';

/** What API servers log of a request at most: nothing, who asked for what, or the bodies of writes too. */
export const auditLevels = ['none', 'Metadata', 'Request'] as const;
export type AuditLevel = (typeof auditLevels)[number];

/** Pod Security Standards, from the loosest. */
export const podSecurityLevels = ['privileged', 'baseline', 'restricted'] as const;
export type PodSecurityLevel = (typeof podSecurityLevels)[number];

/** The log of API servers, with its rotation. */
export interface Audit {
  /** kboot's own policy; `none` without a policyFile: no log. */
  readonly level: AuditLevel;
  /** A policy of the operator's instead: an absolute path on the operator's disk. */
  readonly policyFile?: string;
  /** Absolute path on control planes. */
  readonly path: string;
  readonly maxAgeDays: number;
  readonly maxBackups: number;
  readonly maxSizeMegabytes: number;
}

/** Pod Security Standards of namespaces that have no label of their own. */
export interface PodSecurity {
  readonly enforce: PodSecurityLevel;
  readonly audit: PodSecurityLevel;
  readonly warn: PodSecurityLevel;
  /** Exempt namespaces: these levels do not apply there. */
  readonly exemptNamespaces: readonly string[];
}

/** spec.security with everything that the profile sets filled in. */
export interface Security {
  readonly profile: SecurityProfile;
  readonly audit: Audit;
  readonly podSecurity: PodSecurity;
  /** Secrets are encrypted in etcd; how: Cluster.encryption. */
  readonly encryptSecrets: boolean;
  /** API servers bound how many events a client may write. */
  readonly eventRateLimit: boolean;
  /** /debug/pprof of API servers, controller-managers and schedulers. */
  readonly profiling: boolean;
  /** `strong`: TLS 1.2 or newer, and only ciphers with forward secrecy and authenticated encryption. */
  readonly tls: 'default' | 'strong';
  /** What API servers answer without credentials: what RBAC allows, or only /livez, /readyz and /healthz. */
  readonly anonymous: 'allowed' | 'health';
  /** Bootstrap tokens (`kubeadm join`) authenticate. */
  readonly bootstrapTokens: boolean;
  /** Tokens in Pods stay valid for a year although they are renewed every hour. */
  readonly extendTokens: boolean;
  /** How long a token may be valid that somebody requests; absent: as long as requested. */
  readonly maxTokenSeconds?: number;
  /** Who signs the certificates that kubelets serve; `cluster`: API servers verify them. */
  readonly kubeletCertificates: 'self-signed' | 'cluster';
  /** Containers have the seccomp profile of the runtime unless they say otherwise. */
  readonly seccompDefault: boolean;
  /** Absent: no limit. */
  readonly podPidsLimit?: number;
  /** Kubelets refuse to change kernel settings; kboot sets them. */
  readonly protectKernelDefaults: boolean;
  /** `private`: files of Kubernetes on hosts have mode 600 also where kubeadm leaves them readable. */
  readonly fileModes: 'kubeadm' | 'private';
  /** Who etcd runs as. */
  readonly etcdUser: 'root' | 'etcd';
  /** NetworkPolicies are enforced. */
  readonly networkPolicy: boolean;
  /** Pods of kube-system accept only the connections that they are for. */
  readonly denyByDefault: boolean;
  /** Whose VRRP packets load balancers accept. */
  readonly vrrp: 'anyone' | 'peers';
  /** Where components on hosts serve metrics that need no credentials. */
  readonly metrics: 'any-address' | 'local';
}

/** Whether API servers write an audit log. */
export function isAudited({ audit }: Pick<Security, 'audit'>): boolean {
  return audit.level !== 'none' || audit.policyFile !== undefined;
}

/** Whether Pod Security Standards say anything about namespaces without a label. */
export function hasPodSecurity({
  podSecurity: { enforce, audit, warn },
}: Pick<Security, 'podSecurity'>): boolean {
  return [enforce, audit, warn].some((level) => level !== 'privileged');
}
