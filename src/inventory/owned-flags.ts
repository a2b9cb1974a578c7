/*
 * Flags that kboot derives other things from, or that the rest of the cluster relies on. The flags of extraArgs replace
 * kboot's: one of these would contradict probes, certificates, other components or what kboot looks at.
 */

/** The components as the inventory names them. */
export type ComponentField = 'etcd' | 'apiServer' | 'controllerManager' | 'scheduler';

/** What is wrong with a value of a flag, given all values of its occurrences. */
interface FlagRule {
  /** Why the flag or the value cannot be used, and what to use instead: it follows the flag's name. */
  readonly why: string;
  /** It works, unless the operator overlooked something. */
  readonly warns?: true;
  /** Whether it can be used after all with these values, in order; absent: never. */
  readonly allows?: (values: readonly string[], cluster: { readonly controlPlanes: number }) => boolean;
}

type Rules = Readonly<Record<string, FlagRule>>;

/** The same rule for several flags. */
const all = (why: string, ...flags: readonly string[]): Rules =>
  Object.fromEntries(flags.map((flag) => [flag, { why }]));

const last = (values: readonly string[]): string => values.at(-1) ?? '';
const items = (values: readonly string[]): readonly string[] => last(values).split(',');
const unspecified = (values: readonly string[]): boolean => ['0.0.0.0', '::'].includes(last(values));

const derived = (field: string): string => `is derived from ${field}; set that instead`;
const issued = 'names a file that kboot issues, copies to every host that needs it, and renews; leave it out';
const wired = 'names a kubeconfig that kboot writes and mounts; leave it out';
const port = (number: number): string =>
  `cannot be changed: probes, preflight and the other components use port ${number}`;

const leaderElection: FlagRule = {
  why: 'must not be false with several control planes: each of them would act on its own',
  allows: (values, { controlPlanes }) => controlPlanes < 2 || last(values) !== 'false',
};

const certificates: FlagRule = {
  why: 'must stay true: without it anyone on the network could write to etcd',
  allows: (values) => last(values) === 'true',
};

/** Flags of kube-controller-manager and kube-scheduler. */
const both: Rules = {
  ...all(wired, 'kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'),
  'leader-elect': leaderElection,
};

export const ownedFlags: Readonly<Record<ComponentField, Rules>> = {
  etcd: {
    'data-dir': {
      why: 'is derived from spec.etcd.dataDir, which is also mounted, looked at before a cluster is bootstrapped, and removed by reset; set that instead',
    },
    'wal-dir': { why: 'would be outside of the folder that kboot mounts and removes; set spec.etcd.dataDir' },
    ...all(derived('spec.hosts[].name'), 'name'),
    ...all(
      'is derived from spec.hosts[].address, and the API servers, the members and kboot connect there; leave it out',
      'listen-client-urls',
      'listen-peer-urls',
      'advertise-client-urls',
      'initial-advertise-peer-urls',
    ),
    ...all(
      'is set by kboot, which adds and removes members one at a time; leave it out',
      ...['initial-cluster', 'initial-cluster-state', 'force-new-cluster', 'discovery', 'discovery-srv'],
      ...['discovery-fallback', 'discovery-endpoints', 'discovery-token'],
    ),
    ...all(
      issued,
      ...[
        'cert-file',
        'key-file',
        'trusted-ca-file',
        'peer-cert-file',
        'peer-key-file',
        'peer-trusted-ca-file',
      ],
      ...['auto-tls', 'peer-auto-tls'],
    ),
    'client-cert-auth': certificates,
    'peer-client-cert-auth': certificates,
    'config-file': { why: 'makes etcd ignore every other flag; set the flags in extraArgs instead' },
  },
  apiServer: {
    ...all(derived('spec.hosts[].address'), 'advertise-address'),
    'bind-address': {
      why: 'can only be 0.0.0.0 or "::": the kubelet, the load balancer and kboot connect to the address of each host',
      allows: unspecified,
    },
    'secure-port': {
      why: `${port(6443)}; clients can use another one through spec.loadBalancer.port or spec.controlPlaneEndpoint`,
    },
    ...all(derived('spec.networking.serviceSubnet'), 'service-cluster-ip-range'),
    ...all(
      derived('spec.etcd.external, or from the hosts with etcd'),
      ...['etcd-servers', 'etcd-cafile', 'etcd-certfile', 'etcd-keyfile'],
    ),
    'client-ca-file': {
      why: "replaces the cluster's CA; the file must also contain /etc/kubernetes/pki/ca.crt, or kubelets and kboot are refused",
      warns: true,
      allows: (values) => last(values) === '/etc/kubernetes/pki/ca.crt',
    },
    'tls-cert-file': {
      why: `${issued}: names come from spec.apiServer.certSANs, and tls-sni-cert-key adds a certificate for other names`,
    },
    'tls-private-key-file': { why: `${issued}: tls-sni-cert-key adds a certificate for other names` },
    ...all(
      issued,
      ...[
        'kubelet-client-certificate',
        'kubelet-client-key',
        'proxy-client-cert-file',
        'proxy-client-key-file',
      ],
      ...['requestheader-client-ca-file', 'service-account-signing-key-file'],
    ),
    'requestheader-allowed-names': {
      why: "must include front-proxy-client, the name in kboot's certificate for aggregated APIs",
      allows: (values) => last(values) === '' || items(values).includes('front-proxy-client'),
    },
    'service-account-key-file': {
      why: 'must also name /etc/kubernetes/pki/sa.pub, the key of all tokens that the cluster issues: repeat the flag',
      allows: (values) => values.flatMap((value) => value.split(',')).includes('/etc/kubernetes/pki/sa.pub'),
    },
    'authorization-mode': {
      why: 'must include Node and RBAC: kubelets and the objects of Kubernetes rely on them',
      allows: (values) => ['Node', 'RBAC'].every((mode) => items(values).includes(mode)),
    },
    'enable-admission-plugins': {
      why: 'replaces NodeRestriction, which keeps a kubelet from changing other Nodes; add NodeRestriction to the list',
      warns: true,
      allows: (values) => items(values).includes('NodeRestriction'),
    },
    'disable-admission-plugins': {
      why: 'must not include NodeRestriction, which keeps a kubelet from changing other Nodes, or ServiceAccount, from which Pods get their tokens',
      allows: (values) => !items(values).some((name) => ['NodeRestriction', 'ServiceAccount'].includes(name)),
    },
    'allow-privileged': {
      why: 'must stay true: kube-proxy and flannel run privileged',
      allows: (values) => last(values) === 'true',
    },
    'anonymous-auth': {
      why: 'must not be false: the kubelet probes /livez and /readyz without credentials and would restart the API server for ever; an authentication-config with anonymous.conditions for these paths limits it',
      allows: (values) => last(values) !== 'false',
    },
  },
  controllerManager: {
    ...both,
    'secure-port': { why: port(10257) },
    ...all(derived('spec.networking.podSubnet'), 'cluster-cidr'),
    ...all(derived('spec.networking.serviceSubnet'), 'service-cluster-ip-range'),
    'allocate-node-cidrs': {
      why: 'must stay true: flannel takes the Pod network of each node from its Node object',
      allows: (values) => last(values) === 'true',
    },
    ...all(
      issued,
      ...[
        'root-ca-file',
        'client-ca-file',
        'requestheader-client-ca-file',
        'service-account-private-key-file',
      ],
      ...['cluster-signing-cert-file', 'cluster-signing-key-file'],
      ...['kubelet-serving', 'kubelet-client', 'kube-apiserver-client', 'legacy-unknown'].flatMap(
        (signer) => [`cluster-signing-${signer}-cert-file`, `cluster-signing-${signer}-key-file`],
      ),
    ),
    'use-service-account-credentials': {
      why: 'must stay true: the roles of Kubernetes give each controller its own ServiceAccount',
      allows: (values) => last(values) === 'true',
    },
  },
  scheduler: { ...both, 'secure-port': { why: port(10259) } },
};
