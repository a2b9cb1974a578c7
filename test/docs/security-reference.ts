import { profileSettings, type ProfileSettings } from '../../src/inventory/security-profiles.ts';
import { securityProfiles, type SecurityProfile } from '../../src/model/security.ts';
import { markdownTable } from './generated.ts';

interface Words {
  /** What the setting is about. */
  readonly what: string;
  /** What it costs who uses the cluster. */
  readonly costs: string;
  readonly shown: (settings: ProfileSettings) => string;
}

const yesNo =
  (of: (settings: ProfileSettings) => boolean) =>
  (settings: ProfileSettings): string =>
    of(settings) ? 'yes' : 'no';

const seconds = (value: number | undefined): string => (value === undefined ? '–' : `${value / 3600} h`);

/** A row for each setting; one that lacks here does not compile. */
const rows: Readonly<Record<keyof ProfileSettings, Words>> = {
  audit: {
    what: 'Audit log of the API servers, `audit`',
    costs: 'About 1 GiB of disk on each control plane at most, and the writing.',
    shown: ({ audit }) =>
      audit.level === 'none'
        ? 'none'
        : `${audit.level}; ${audit.maxBackups} files of ${audit.maxSizeMegabytes} MB, ${audit.maxAgeDays} days`,
  },
  podSecurity: {
    what: 'Pod Security Standards of namespaces without a label, `podSecurity`',
    costs: 'Pods that need the host are refused until their namespace has a label (below).',
    shown: ({ podSecurity: { enforce, audit, warn, exemptNamespaces } }) =>
      [enforce, audit, warn].every((level) => level === 'privileged')
        ? 'privileged'
        : `enforce ${enforce}, audit ${audit}, warn ${warn}, except in ${exemptNamespaces.join(', ')}`,
  },
  encryptSecrets: {
    what: 'Secrets encrypted in etcd (secretbox), `encryptSecrets`, `spec.encryption`',
    costs: 'A snapshot of etcd is of no use without the key in the state folder.',
    shown: yesNo((settings) => settings.encryptSecrets),
  },
  eventRateLimit: {
    what: 'Bounds on how many events are written, `eventRateLimit`',
    costs: 'Events above the bounds are lost.',
    shown: yesNo((settings) => settings.eventRateLimit),
  },
  profiling: {
    what: '`/debug/pprof` of API servers, controller-managers and schedulers, `profiling`',
    costs: 'Without it a slow component cannot be profiled.',
    shown: yesNo((settings) => settings.profiling),
  },
  tls: {
    what: 'TLS 1.2 or newer with strong ciphers, `tls`',
    costs: 'Clients from before about 2014 cannot connect.',
    shown: ({ tls }) => tls,
  },
  anonymous: {
    what: 'What API servers answer without credentials, `anonymous`',
    costs:
      '`kubeadm join` with a token, and whatever reads `/version` or `cluster-info` without credentials.',
    shown: ({ anonymous }) =>
      anonymous === 'health' ? '`/livez`, `/readyz`, `/healthz`' : 'what RBAC allows',
  },
  bootstrapTokens: {
    what: 'Bootstrap tokens authenticate, `bootstrapTokens`',
    costs: 'Without them `kubeadm join` cannot add a node; kboot needs none.',
    shown: yesNo((settings) => settings.bootstrapTokens),
  },
  extendTokens: {
    what: 'Tokens of Pods are valid for a year instead of an hour, `extendTokens`',
    costs:
      'Without it, programs that read their token only once (client libraries from before 2021) are refused after an hour.',
    shown: yesNo((settings) => settings.extendTokens),
  },
  maxTokenSeconds: {
    what: 'Longest validity of a requested ServiceAccount token, `maxTokenSeconds`',
    costs: '`kubectl create token --duration` gives shorter ones.',
    shown: ({ maxTokenSeconds }) => seconds(maxTokenSeconds),
  },
  kubeletCertificates: {
    what: 'Who signs the certificates that kubelets serve, `kubeletCertificates`',
    costs: '–',
    shown: ({ kubeletCertificates }) =>
      kubeletCertificates === 'cluster' ? "the cluster's CA" : 'each kubelet itself',
  },
  seccompDefault: {
    what: "The runtime's seccomp profile unless a Pod says otherwise, `seccompDefault`",
    costs:
      'Programs that need unusual system calls (perf, some debuggers) fail until their Pod says `Unconfined`.',
    shown: yesNo((settings) => settings.seccompDefault),
  },
  podPidsLimit: {
    what: 'Processes of a Pod at most, `podPidsLimit`',
    costs: 'A Pod with more cannot start further ones.',
    shown: ({ podPidsLimit }) => (podPidsLimit === undefined ? '–' : String(podPidsLimit)),
  },
  protectKernelDefaults: {
    what: 'Kubelets do not change kernel settings, `protectKernelDefaults`',
    costs: 'A kubelet does not start where someone else changes them.',
    shown: yesNo((settings) => settings.protectKernelDefaults),
  },
  fileModes: {
    what: "Modes of Kubernetes' files on hosts, `fileModes`",
    costs: 'Only root can read them on the hosts.',
    shown: ({ fileModes }) => (fileModes === 'private' ? '600' : "kubeadm's"),
  },
  etcdUser: {
    what: 'The user that etcd runs as, `etcdUser`',
    costs: '–',
    shown: ({ etcdUser }) => etcdUser,
  },
  networkPolicy: {
    what: 'NetworkPolicies are enforced, `spec.networking.networkPolicy`',
    costs: 'A DaemonSet more on every node.',
    shown: yesNo((settings) => settings.networkPolicy),
  },
  denyByDefault: {
    what: 'Pods of kube-system accept only what they are for, `denyByDefault`',
    costs: 'What you run there yourself needs a NetworkPolicy.',
    shown: yesNo((settings) => settings.denyByDefault),
  },
  vrrp: {
    what: 'Whose VRRP packets load balancers accept, `vrrp`',
    costs: '–',
    shown: ({ vrrp }) => (vrrp === 'peers' ? 'those of each other' : 'anyone'),
  },
  metrics: {
    what: 'Metrics that need no credentials are served, `metrics`',
    costs: 'Prometheus reads them on the host, or through the API.',
    shown: ({ metrics }) => (metrics === 'local' ? 'to the host itself' : 'as kubeadm does'),
  },
};

/** The table of docs/security-profiles.md. */
export function profileTable(): string {
  const value = (profile: SecurityProfile, { shown }: Words): string => shown(profileSettings[profile]);
  return markdownTable([
    ['setting of `spec.security`', ...securityProfiles.map((profile) => `\`${profile}\``), 'what it costs'],
    ...Object.values(rows).map((row) => [
      row.what,
      ...securityProfiles.map((profile) => value(profile, row)),
      row.costs,
    ]),
  ]);
}
