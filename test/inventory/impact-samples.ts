/** An inventory with a value in as many fields as fit together. */
export const everyField = `
apiVersion: kboot.dev/v1
kind: Cluster
metadata: { name: prod }
spec:
  kubernetesVersion: v1.36.2
  loadBalancer: { virtualIP: 10.0.0.100 }
  metallb:
    pools: [{ name: default, addresses: [10.0.0.200-10.0.0.210], advertise: both }]
    bgpPeers:
      - name: rack
        peerAddress: 10.0.0.1
        myASN: 64512
        peerASN: 64513
        passwordSecret: { name: rack-1 }
        nodeSelectors:
          - { matchLabels: { zone: a }, matchExpressions: [{ key: zone, operator: In, values: [a] }] }
    bgpAdvertisements:
      - name: routed
        ipAddressPools: [default]
        nodeSelectors:
          - { matchLabels: { zone: a }, matchExpressions: [{ key: zone, operator: In, values: [a] }] }
  etcd: { extraArgs: [{ name: quota-backend-bytes, value: "4294967296" }] }
  apiServer: { extraArgs: [{ name: v, value: "2" }] }
  controllerManager: { extraArgs: [{ name: v, value: "2" }] }
  scheduler: { extraArgs: [{ name: v, value: "2" }] }
  files: [{ path: /etc/own.conf, content: one, restarts: [kubelet] }]
  hooks: [{ name: own, after: host, run: "true", unless: "false" }]
  addons:
    - { name: first, manifests: [{ path: /first.yaml }] }
    - name: second
      namespace: second
      manifests: [{ path: /second.yaml }, { url: "https://example.com/a.yaml", sha256: "0000000000000000000000000000000000000000000000000000000000000000" }]
  ssh: { user: ops, bastion: { address: gw.example.com } }
  hosts:
    - { name: cp-1, roles: [control-plane], address: 10.0.0.11 }
    - { name: cp-2, roles: [control-plane], address: 10.0.0.12 }
    - { name: cp-3, roles: [control-plane], address: 10.0.0.13 }
    - name: w-1
      roles: [worker]
      address: 10.0.0.21
      labels: { zone: a }
      taints: [{ key: dedicated, value: db, effect: NoSchedule }]
      ssh: { bastion: { address: gw.example.com } }
    - { name: w-2, roles: [worker], address: 10.0.0.22 }
`;

/** The same with an etcd that someone else runs. */
export const externalEtcd: Readonly<Record<string, unknown>> = {
  'spec.etcd': {
    external: {
      endpoints: ['https://10.0.0.31:2379'],
      caFile: '/ca.crt',
      certFile: '/c.crt',
      keyFile: '/c.key',
    },
  },
};

const registry = 'spec.containerd.registries[0]';
/** A registry with everything, and a mirror with everything. */
const registries: Readonly<Record<string, unknown>> = {
  'spec.containerd.registries': [
    {
      host: 'registry.example.com',
      caFile: '/ca.crt',
      credentials: { username: 'robot', passwordFile: '/password' },
      mirrors: [
        {
          url: 'https://mirror.example.com',
          caFile: '/ca.crt',
          credentials: { username: 'robot', passwordFile: '/password' },
        },
      ],
    },
  ],
};
const proxied: Readonly<Record<string, unknown>> = {
  'spec.proxy': { http: 'http://proxy.example.com:3128', https: 'http://proxy.example.com:3128' },
};

const encrypted: Readonly<Record<string, unknown>> = {
  'spec.encryption': { provider: 'secretbox', key: 'key1', resources: ['secrets'] },
};
const byPlugin: Readonly<Record<string, unknown>> = {
  'spec.encryption': {
    provider: 'kms',
    kms: { endpoint: 'unix:///run/kms/one.sock', name: 'kms', timeout: '3s' },
  },
};

/** Backups with everything. */
const backups: Readonly<Record<string, unknown>> = {
  'spec.etcd.backup': {
    schedule: 'daily',
    s3: {
      endpoint: 'https://s3.example.com',
      bucket: 'backups',
      accessKeyId: 'one',
      secretAccessKeyFile: '/password',
      caFile: '/ca.crt',
    },
  },
};

type Fields = Readonly<Record<string, unknown>>;

const worker = 'spec.hosts[3]';
const peer = 'spec.metallb.bgpPeers[0]';
const advertisement = 'spec.metallb.bgpAdvertisements[0]';
const file = 'spec.files[0]';
const hook = 'spec.hooks[0]';
const chart = 'spec.addons[1].chart';
/** A chart in a repository, and one in a registry. */
const inRepository: Fields = {
  [chart]: {
    ...{ repository: 'https://charts.example.com', name: 'a', version: '1.0.0', sha256: '0'.repeat(64) },
  },
};
const inRegistry: Fields = {
  [chart]: { oci: 'oci://registry.example.com/a', version: '1.0.0', sha256: '0'.repeat(64) },
};
const onDisk: Fields = { [chart]: { path: '/chart' } };
const addon = 'spec.addons[1]';
const hostKey = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, 7)]).toString('base64')}`;

/** An issuer of tokens. */
const issuer = (audience: string): object => ({
  issuer: { url: 'https://login.example.com', audiences: [audience] },
  claimMappings: { username: { claim: 'sub', prefix: '' } },
});

/** A runtime whose field can become another. */
const ownRuntime = (field: string): Readonly<Record<string, unknown>> => ({
  ...{ name: 'own', hosts: ['w-2'], options: {}, overhead: { cpu: '1', memory: '1Mi' } },
  ...(field === 'runtimeType' ? { runtimeType: 'io.containerd.own.v1' } : { binary: '/usr/bin/own' }),
  files: [{ url: 'https://example.com/own', sha256: '0'.repeat(64), path: '/usr/bin/own' }],
});

type Sample = readonly [field: string, becomes: unknown, beside?: Fields, along?: Fields];

/** Environment and, except for etcd, volumes of a component. */
function ofComponent(component: string): readonly Sample[] {
  const envs = { [`${component}.extraEnvs`]: [{ name: 'ZONE', value: 'a' }] };
  const volume = { name: 'own', hostPath: '/srv/own', mountPath: '/srv/own' };
  const volumes = { [`${component}.extraVolumes`]: [volume] };
  const of = (field: string, becomes: unknown): Sample => [
    `${component}.extraVolumes[0].${field}`,
    becomes,
    volumes,
  ];
  return [
    [`${component}.extraEnvs[0].name`, 'RACK', envs],
    [`${component}.extraEnvs[0].value`, 'b', envs],
    ...(component === 'spec.etcd'
      ? []
      : [
          of('name', 'other'),
          of('hostPath', '/srv/other'),
          of('mountPath', '/srv/other'),
          of('readOnly', true),
          of('pathType', 'DirectoryOrCreate'),
        ]),
  ];
}

/**
 * A new value for every field: its path with indexes, the value, other fields that differ from `everyField` both before
 * and after, and fields that must change along with it.
 */
export const samples: readonly Sample[] = [
  ['metadata.name', 'other'],
  ['spec.kubernetesVersion', 'v1.36.3'],
  ['spec.controlPlaneEndpoint', 'api.example.com:8443'],
  ['spec.networking.podSubnet', '10.240.0.0/16'],
  ['spec.networking.serviceSubnet', '10.200.0.0/16'],
  ['spec.networking.dnsDomain', 'k8s.example'],
  ['spec.networking.cni', 'none'],
  ['spec.networking.networkPolicy', true],
  ['spec.networking.flannel.backend', 'host-gw'],
  ['spec.networking.flannel.mtu', 1400],
  ['spec.networking.flannel.interface', 'eth1'],
  ['spec.loadBalancer.virtualIP', '10.0.0.101'],
  ['spec.loadBalancer.port', 9443],
  ['spec.loadBalancer.virtualRouterID', 77],
  ['spec.loadBalancer.interface', 'eth1'],
  ['spec.metallb.pools[0].name', 'other', {}, { [`${advertisement}.ipAddressPools`]: ['other'] }],
  ['spec.metallb.pools[0].addresses', ['10.0.0.220-10.0.0.230']],
  ['spec.metallb.pools[0].advertise', 'bgp'],
  [`${peer}.name`, 'other'],
  [`${peer}.myASN`, 64600],
  [`${peer}.peerASN`, 64601],
  [`${peer}.peerAddress`, '10.0.0.2'],
  [`${peer}.peerPort`, 1179],
  [`${peer}.sourceAddress`, '10.0.0.21'],
  [`${peer}.routerID`, '10.0.0.21'],
  [`${peer}.holdTime`, '30s'],
  [`${peer}.ebgpMultiHop`, true],
  [`${peer}.passwordSecret.name`, 'rack-2'],
  [`${peer}.passwordSecret.namespace`, 'metallb-system'],
  ...[peer, advertisement].flatMap((of): [string, unknown][] => [
    [`${of}.nodeSelectors[0].matchLabels`, { zone: 'b' }],
    [`${of}.nodeSelectors[0].matchExpressions[0].key`, 'rack'],
    [`${of}.nodeSelectors[0].matchExpressions[0].operator`, 'NotIn'],
    [`${of}.nodeSelectors[0].matchExpressions[0].values`, ['b']],
  ]),
  [`${advertisement}.name`, 'other'],
  [`${advertisement}.ipAddressPools`, undefined],
  [`${advertisement}.peers`, ['rack']],
  [`${advertisement}.aggregationLength`, 30],
  [`${advertisement}.localPref`, 100, { [`${peer}.peerASN`]: 64512 }],
  [`${advertisement}.communities`, ['64512:100']],
  ['spec.etcd.extraArgs[0].name', 'max-request-bytes'],
  ['spec.etcd.extraArgs[0].value', '8589934592'],
  ['spec.etcd.dataDir', '/mnt/etcd/data'],
  ['spec.etcd.backup.schedule', 'hourly', backups],
  ['spec.etcd.backup.keep', 3, backups],
  ['spec.etcd.backup.directory', '/mnt/backup/etcd', backups],
  ['spec.etcd.backup.encryptFor', ['/other.crt'], backups],
  ['spec.etcd.backup.s3.endpoint', 'https://other.example.com', backups],
  ['spec.etcd.backup.s3.bucket', 'others', backups],
  ['spec.etcd.backup.s3.prefix', 'other/', backups],
  ['spec.etcd.backup.s3.region', 'eu-central-1', backups],
  ['spec.etcd.backup.s3.accessKeyId', 'other', backups],
  ['spec.etcd.backup.s3.secretAccessKeyFile', '/other', backups],
  [
    'spec.etcd.backup.s3.secretAccessKeyEnv',
    'PASSWORD',
    backups,
    { 'spec.etcd.backup.s3.secretAccessKeyFile': undefined },
  ],
  ['spec.etcd.backup.s3.caFile', '/other.crt', backups],
  ...['etcd', 'apiServer', 'controllerManager', 'scheduler'].flatMap((name) => ofComponent(`spec.${name}`)),
  ['spec.etcd.external.endpoints', ['https://10.0.0.32:2379'], externalEtcd],
  ['spec.etcd.external.caFile', '/other.crt', externalEtcd],
  ['spec.etcd.external.certFile', '/other.crt', externalEtcd],
  ['spec.etcd.external.keyFile', '/other.key', externalEtcd],
  ['spec.apiServer.certSANs', ['api.example.com']],
  ['spec.apiServer.authentication.jwt', [issuer('kubernetes')]],
  ['spec.apiServer.authentication.file', '/authentication.yaml'],
  [
    'spec.apiServer.authorization.authorizers',
    ['Node', 'RBAC'].map((type) => ({ type, name: type.toLowerCase() })),
  ],
  ['spec.apiServer.authorization.file', '/authorization.yaml'],
  ['spec.apiServer.extraArgs[0].name', 'max-requests-inflight'],
  ['spec.apiServer.extraArgs[0].value', '3'],
  ['spec.controllerManager.extraArgs[0].name', 'kube-api-qps'],
  ['spec.controllerManager.extraArgs[0].value', '3'],
  ['spec.scheduler.extraArgs[0].name', 'kube-api-qps'],
  ['spec.scheduler.extraArgs[0].value', '3'],
  ['spec.kubelet.config', { maxPods: 200 }],
  [
    'spec.kubelet.extraArgs[0].name',
    'vmodule',
    { 'spec.kubelet.extraArgs': [{ name: 'v', value: '2' }] },
    { 'spec.kubelet.extraArgs[0].value': 'a=2' },
  ],
  ['spec.kubelet.extraArgs[0].value', '3', { 'spec.kubelet.extraArgs': [{ name: 'v', value: '2' }] }],
  ['spec.ntp.servers', ['10.0.0.123'], { 'spec.ntp': { servers: ['10.0.0.124'] } }],
  ['spec.dns.upstream', ['10.0.0.53']],
  ['spec.dns.stubDomains', { 'corp.example': ['10.0.0.53'] }],
  ['spec.dns.replicas', 3],
  ['spec.dns.extraBlocks', 'example.org:53 {\n    whoami\n}\n'],
  ['spec.proxy.http', 'http://other.example.com:3128', proxied],
  ['spec.proxy.https', 'http://other.example.com:3128', proxied],
  ['spec.proxy.noProxy', ['.corp.example'], proxied],
  [`${registry}.host`, 'other.example.com', registries],
  [`${registry}.mirrors[0].url`, 'https://other.example.com', registries],
  [`${registry}.mirrors[0].capabilities`, ['pull'], registries],
  [`${registry}.mirrors[0].skipVerify`, true, registries],
  [`${registry}.mirrors[0].overridePath`, true, registries],
  ...[registry, `${registry}.mirrors[0]`].flatMap((of): [string, unknown, Fields, Fields?][] => [
    [`${of}.caFile`, '/other.crt', registries],
    [`${of}.credentials.username`, 'other', registries],
    [`${of}.credentials.passwordFile`, '/other', registries],
    [
      `${of}.credentials.passwordEnv`,
      'PASSWORD',
      registries,
      { [`${of}.credentials.passwordFile`]: undefined },
    ],
  ]),
  ['spec.kubeProxy.config', { mode: 'nftables' }],
  ['spec.kubeProxy.enabled', false, { 'spec.kubeProxy.config': undefined }],
  ['spec.containerd.config', { debug: { level: 'info' } }],
  ...(
    [
      ['name', 'other'],
      ['hosts', ['w-1', 'w-2']],
      ['labels', { zone: 'a' }],
      ['runtimeType', 'io.containerd.other.v1'],
      ['binary', '/usr/bin/other'],
      ['options', { Root: '/run/other' }],
      ['overhead.cpu', '250m'],
      ['overhead.memory', '160Mi'],
      ['files[0].url', 'https://example.com/other'],
      ['files[0].sha256', '1'.repeat(64)],
      ['files[0].path', '/usr/local/bin/other'],
    ] as const
  ).map(([field, value]): Sample => [
    `spec.runtimes[0].${field}`,
    value,
    { 'spec.runtimes': [ownRuntime(field)] },
  ]),
  ['spec.imageRepository', 'registry.example.com/k8s'],
  ['spec.artifacts.mirror', 'https://mirror.example/k8s'],
  ['spec.artifacts.bundleSigners', ['./signers']],
  ['spec.artifacts.spread', 'hosts'],
  ['spec.artifacts.spreadPort', 9022],
  ['spec.artifacts.fetch', 'once'],
  ['spec.templates', '/srv/templates'],
  ['spec.ssh.user', 'other'],
  ['spec.ssh.port', 2222],
  ['spec.ssh.identityFile', '~/.ssh/other'],
  ['spec.ssh.bastion.address', 'gw2.example.com'],
  ['spec.ssh.bastion.user', 'other'],
  ['spec.ssh.bastion.port', 2222],
  ['spec.ssh.bastion.identityFile', '~/.ssh/other'],
  ['spec.ssh.bastion.hostKey', hostKey],
  ['spec.ssh.vagrant', '../vagrant', { 'spec.ssh': {}, [`${worker}.ssh`]: undefined }],
  [`${file}.path`, '/etc/other.conf'],
  [`${file}.content`, 'two'],
  [`${file}.source`, '/srv/own.conf', {}, { [`${file}.content`]: undefined }],
  [`${file}.substitute`, true],
  [`${file}.mode`, '600'],
  [`${file}.stage`, 'runtime'],
  [`${file}.secret`, true],
  [`${file}.restarts`, ['containerd'], { [`${file}.stage`]: 'host' }],
  [`${file}.roles`, ['worker']],
  [`${file}.hosts`, ['w-1']],
  [`${addon}.name`, 'other'],
  [`${addon}.namespace`, 'other'],
  [`${addon}.after`, ['first']],
  [`${addon}.manifests[0].path`, '/other.yaml'],
  [`${addon}.manifests[1].url`, 'https://example.com/b.yaml'],
  [`${addon}.manifests[1].sha256`, '1'.repeat(64)],
  [`${chart}.path`, '/other', onDisk],
  [`${chart}.repository`, 'https://other.example.com', inRepository],
  [`${chart}.name`, 'b', inRepository],
  [`${chart}.version`, '1.0.1', inRepository],
  [`${chart}.sha256`, '1'.repeat(64), inRepository],
  [`${chart}.oci`, 'oci://registry.example.com/b', inRegistry],
  [`${chart}.release`, 'other', onDisk],
  [`${chart}.values`, { replicas: 2 }, onDisk],
  [`${chart}.valuesFiles`, ['/values.yaml'], onDisk],
  [`${chart}.apiVersions`, ['example.com/v1'], onDisk],
  [`${chart}.hooks`, true, onDisk],
  [`${addon}.images`, ['registry.example.com/agent:v1']],
  [`${addon}.prune`, 'all'],
  [`${addon}.timeoutSeconds`, 60],
  [`${hook}.name`, 'other'],
  [`${hook}.before`, 'runtime', {}, { [`${hook}.after`]: undefined }],
  [`${hook}.after`, 'runtime'],
  [`${hook}.on`, 'operator', { [`${hook}.after`]: 'control-plane' }],
  [`${hook}.run`, 'echo'],
  [`${hook}.unless`, 'test -e /x'],
  [`${hook}.timeoutSeconds`, 60],
  [`${hook}.roles`, ['worker']],
  [`${hook}.hosts`, ['w-1']],
  ['spec.vagrant.box', 'debian-13'],
  ['spec.vagrant.image', 'localhost/node:1'],
  ['spec.vagrant.memory', 4096],
  ['spec.vagrant.cpus', 4],
  ['spec.pki.caKeyAlgorithm', 'ECDSA-P256'],
  ['spec.pki.rotate', ['ca', 'sa']],
  ['spec.security.profile', 'restricted'],
  ['spec.security.audit.level', 'Request'],
  ['spec.security.audit.policyFile', '/policy.yaml'],
  ['spec.security.audit.path', '/var/log/own.log'],
  ['spec.security.audit.maxAgeDays', 7],
  ['spec.security.audit.maxBackups', 3],
  ['spec.security.audit.maxSizeMegabytes', 10],
  ['spec.security.podSecurity.enforce', 'restricted'],
  ['spec.security.podSecurity.audit', 'privileged'],
  ['spec.security.podSecurity.warn', 'privileged'],
  ['spec.security.podSecurity.exemptNamespaces', ['own']],
  ['spec.security.encryptSecrets', false],
  ['spec.security.eventRateLimit', true],
  ['spec.security.profiling', true],
  ['spec.security.tls', 'default'],
  ['spec.security.anonymous', 'allowed'],
  ['spec.security.bootstrapTokens', true],
  ['spec.security.extendTokens', false],
  ['spec.security.maxTokenSeconds', 7200],
  ['spec.security.kubeletCertificates', 'self-signed'],
  ['spec.security.seccompDefault', false],
  ['spec.security.podPidsLimit', 1000],
  ['spec.security.protectKernelDefaults', false],
  ['spec.security.fileModes', 'kubeadm'],
  ['spec.security.etcdUser', 'etcd'],
  ['spec.security.denyByDefault', true],
  ['spec.security.vrrp', 'anyone'],
  ['spec.security.metrics', 'any-address'],
  ['spec.encryption.provider', 'aescbc', encrypted],
  ['spec.encryption.key', 'key2', encrypted],
  ['spec.encryption.resources', ['secrets', 'configmaps'], encrypted],
  ['spec.encryption.kms.endpoint', 'unix:///run/kms/two.sock', byPlugin],
  ['spec.encryption.kms.name', 'other', byPlugin],
  ['spec.encryption.kms.timeout', '5s', byPlugin],
  ['spec.state.recipients', ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p']],
  ['spec.state.encryptKeys', true],
  ['spec.state.copy', 'prod.age'],
  ['spec.upgrade.maxUnavailable', '50%'],
  ['spec.upgrade.drain.timeoutSeconds', 60],
  ['spec.upgrade.drain.deleteEmptyDirData', false],
  ['spec.upgrade.drain.force', true],
  ['spec.upgrade.drain.gracePeriodSeconds', 10],
  ['spec.upgrade.pauseAfter', 'control-plane'],
  ['spec.preflight.ignore', ['NumCPU']],
  [`${worker}.name`, 'w-9'],
  [`${worker}.roles`, ['worker', 'load-balancer']],
  [`${worker}.address`, '10.0.0.29'],
  [`${worker}.connection`, 'local', { [`${worker}.ssh`]: undefined }],
  [`${worker}.ssh.address`, '192.168.56.21'],
  [`${worker}.ssh.user`, 'other'],
  [`${worker}.ssh.port`, 2222],
  [`${worker}.ssh.identityFile`, '~/.ssh/other'],
  [`${worker}.ssh.hostKey`, hostKey],
  [`${worker}.ssh.bastion.address`, 'gw2.example.com'],
  [`${worker}.ssh.bastion.user`, 'other'],
  [`${worker}.ssh.bastion.port`, 2222],
  [`${worker}.ssh.bastion.identityFile`, '~/.ssh/other'],
  [`${worker}.ssh.bastion.hostKey`, hostKey],
  [`${worker}.ssh.vagrant`, '../vagrant', { [`${worker}.ssh`]: {} }],
  [`${worker}.labels`, { zone: 'b' }],
  [`${worker}.taints[0].key`, 'other'],
  [`${worker}.taints[0].value`, 'web'],
  [`${worker}.taints[0].effect`, 'NoExecute'],
  [`${worker}.kubelet.config`, { maxPods: 250 }],
  [
    `${worker}.kubelet.extraArgs[0].name`,
    'vmodule',
    { [`${worker}.kubelet`]: { extraArgs: [{ name: 'v', value: '2' }] } },
    { [`${worker}.kubelet.extraArgs[0].value`]: 'a=2' },
  ],
  [
    `${worker}.kubelet.extraArgs[0].value`,
    '3',
    { [`${worker}.kubelet`]: { extraArgs: [{ name: 'v', value: '2' }] } },
  ],
  [`${worker}.containerd.config`, { debug: { level: 'debug' } }],
  [`${worker}.upgradeGroup`, 'rack-a'],
  [`${worker}.vagrant.box`, 'debian-13'],
  [`${worker}.vagrant.image`, 'localhost/node:1'],
  [`${worker}.vagrant.memory`, 4096],
  [`${worker}.vagrant.cpus`, 4],
];
