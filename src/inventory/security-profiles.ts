import type { Security, SecurityProfile } from '../model/security.ts';

/*
 * What each profile sets: the only table of it. docs/security-profiles.md is made from it (test/docs/security.test.ts).
 */

/** Namespaces of what kboot installs and that needs the host. */
const ownNamespaces = ['kube-system', 'kube-flannel', 'metallb-system'];

const audit = {
  level: 'none',
  path: '/var/log/kubernetes/audit/audit.log',
  maxAgeDays: 30,
  maxBackups: 10,
  maxSizeMegabytes: 100,
} as const;

/** What a profile sets. */
export type ProfileSettings = Omit<Security, 'profile'>;

const kubeadm: ProfileSettings = {
  audit,
  podSecurity: { enforce: 'privileged', audit: 'privileged', warn: 'privileged', exemptNamespaces: [] },
  encryptSecrets: false,
  eventRateLimit: false,
  profiling: true,
  tls: 'default',
  anonymous: 'allowed',
  bootstrapTokens: true,
  extendTokens: true,
  kubeletCertificates: 'self-signed',
  seccompDefault: false,
  protectKernelDefaults: false,
  fileModes: 'kubeadm',
  etcdUser: 'root',
  networkPolicy: false,
  denyByDefault: false,
  vrrp: 'anyone',
  metrics: 'any-address',
};

const baseline: ProfileSettings = {
  ...kubeadm,
  audit: { ...audit, level: 'Metadata' },
  podSecurity: {
    enforce: 'baseline',
    audit: 'restricted',
    warn: 'restricted',
    exemptNamespaces: ownNamespaces,
  },
  encryptSecrets: true,
  profiling: false,
  tls: 'strong',
  anonymous: 'health',
  bootstrapTokens: false,
  kubeletCertificates: 'cluster',
  seccompDefault: true,
  podPidsLimit: 4096,
  protectKernelDefaults: true,
  fileModes: 'private',
  vrrp: 'peers',
  metrics: 'local',
};

const restricted: ProfileSettings = {
  ...baseline,
  audit: { ...audit, level: 'Request' },
  podSecurity: { ...baseline.podSecurity, enforce: 'restricted' },
  eventRateLimit: true,
  extendTokens: false,
  maxTokenSeconds: 86_400,
  etcdUser: 'etcd',
  networkPolicy: true,
  denyByDefault: true,
};

/** What each profile sets. */
export const profileSettings: Readonly<Record<SecurityProfile, ProfileSettings>> = {
  kubeadm,
  baseline,
  restricted,
};
