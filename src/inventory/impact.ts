import type { Component } from '../model/component.ts';
import type { Disturbance, FieldImpact } from '../model/impact.ts';
import type { Inventory } from './schema.ts';
import type { Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

/*
 * What changing each field does to a cluster that runs: one line for each field, in the order of schema.ts. A field
 * without a line does not compile. test/inventory/impact.test.ts changes every field and compares the plan.
 */

/** The fields of an inventory; lists and objects are described by their items. */
type ImpactsOf<T> = T extends readonly (infer E)[]
  ? E extends object
    ? ImpactsOf<E>
    : FieldImpact
  : T extends object
    ? string extends keyof T
      ? FieldImpact
      : { readonly [K in keyof T as unknown extends T[K] ? never : K]-?: ImpactsOf<NonNullable<T[K]>> }
    : FieldImpact;

const each = (kind: Disturbance['kind'], components: readonly Component[]): readonly Disturbance[] =>
  components.map((component) => ({ component, kind }));

const nothing: FieldImpact = { impact: 'nothing' };
const noted = (note: string): FieldImpact => ({ impact: 'nothing', note });
const disturbs = (
  restart: readonly Component[],
  reload: readonly Component[] = [],
  note?: string,
): FieldImpact => ({
  impact: 'disturbs',
  disturbs: [...each('restart', restart), ...each('reload', reload)],
  ...(note !== undefined && { note }),
});
const restarts = (...components: readonly Component[]): FieldImpact => disturbs(components);
/** A Deployment or DaemonSet gets new Pods. */
const rolls = restarts;
const reloads = (...components: readonly Component[]): FieldImpact => disturbs([], components);
const refused = (why: string, instead: Text): FieldImpact => ({ impact: 'refused', why, instead });
const stated = (what: string): FieldImpact => ({ impact: 'stated', what });
const membership = (what: string): FieldImpact => ({ impact: 'membership', what });

const { newCluster, anotherNode } = remedies;

/** A flag or environment variable of components. */
const variable = (...components: readonly Component[]) => ({
  name: restarts(...components),
  value: restarts(...components),
});
/** The settings of a static Pod. */
const component = (name: Component) => ({
  extraArgs: variable(name),
  extraEnvs: variable(name),
  extraVolumes: {
    name: restarts(name),
    hostPath: restarts(name),
    mountPath: restarts(name),
    readOnly: restarts(name),
    pathType: restarts(name),
  },
});

const connection = {
  user: nothing,
  port: nothing,
  identityFile: nothing,
  bastion: { address: nothing, user: nothing, port: nothing, identityFile: nothing, hostKey: nothing },
  vagrant: nothing,
} as const;
const machine = { box: nothing, image: nothing, memory: nothing, cpus: nothing } as const;
const selector = {
  matchLabels: nothing,
  matchExpressions: { key: nothing, operator: nothing, values: nothing },
};
const ownFile = stated('restarts what its field restarts names, and static Pods that mount it');
const nextUpgrade = noted('the next upgrade uses it');
const encrypts = disturbs(
  ['kube-apiserver'],
  [],
  'two or three times; what is stored is rewritten in between',
);
const addon = stated('the objects of the add-on that differ, as the plan lists them');
const newPods = noted('for Pods that start from then on');
const hook = noted('the hook runs where its unless fails');

/** containerd reads hosts.toml for every pull; only before 2.1 it needs logins in config.toml. */
const login = { username: nothing, passwordFile: nothing, passwordEnv: nothing };
const registries = {
  host: nothing,
  mirrors: {
    url: nothing,
    capabilities: nothing,
    skipVerify: nothing,
    overridePath: nothing,
    caFile: nothing,
    credentials: login,
  },
  caFile: nothing,
  credentials: login,
};

/** What changing each field does to a cluster that runs. */
export const impacts: ImpactsOf<Inventory> = {
  apiVersion: nothing,
  kind: nothing,
  metadata: {
    name: refused('it is in certificates, the state folder and the kubeconfig of every user', newCluster),
  },
  spec: {
    kubernetesVersion: stated(
      'an upgrade: every component goes to the new version, one host after another; workers are drained',
    ),
    controlPlaneEndpoint: restarts('kube-apiserver', 'kubelet', 'flannel', 'kube-proxy'),
    networking: {
      podSubnet: refused('the Pod CIDR of a Node cannot change', newCluster),
      serviceSubnet: refused('the addresses of Services cannot change', newCluster),
      dnsDomain: refused('running Pods and certificates have the names of the old domain', newCluster),
      cni: noted(
        'to none: flannel runs on, but kboot no longer keeps or removes it; to flannel: kboot installs it, and refuses while Pods are in the network of another CNI',
      ),
      networkPolicy: noted('NetworkPolicies that there are take effect, or no longer do'),
      flannel: {
        backend: rolls('flannel'),
        mtu: disturbs(['flannel'], [], 'Pods keep their old MTU until they are replaced'),
        interface: rolls('flannel'),
      },
    },
    loadBalancer: {
      virtualIP: disturbs(['kube-apiserver', 'kubelet', 'flannel', 'kube-proxy'], ['keepalived']),
      port: disturbs(['kubelet', 'flannel', 'kube-proxy'], ['haproxy']),
      virtualRouterID: reloads('keepalived'),
      interface: reloads('keepalived'),
    },
    metallb: {
      pools: { name: nothing, addresses: nothing, advertise: nothing },
      bgpPeers: {
        name: nothing,
        myASN: nothing,
        peerASN: nothing,
        peerAddress: nothing,
        peerPort: nothing,
        sourceAddress: nothing,
        routerID: nothing,
        holdTime: nothing,
        ebgpMultiHop: nothing,
        nodeSelectors: selector,
        passwordSecret: { name: nothing, namespace: nothing },
      },
      bgpAdvertisements: {
        name: nothing,
        ipAddressPools: nothing,
        peers: nothing,
        aggregationLength: nothing,
        localPref: nothing,
        communities: nothing,
        nodeSelectors: selector,
      },
    },
    dns: {
      upstream: rolls('coredns'),
      stubDomains: rolls('coredns'),
      replicas: nothing,
      extraBlocks: rolls('coredns'),
    },
    ntp: { servers: noted('chrony or systemd-timesyncd restarts on every host') },
    etcd: {
      dataDir: refused(
        'with another folder, etcd starts without the data of the cluster',
        remedies.dataStays,
      ),
      extraArgs: variable('etcd', 'kube-apiserver'),
      extraEnvs: variable('etcd', 'kube-apiserver'),
      backup: {
        schedule: nothing,
        keep: noted('older snapshots go after the next good one'),
        directory: noted('snapshots in the former folder stay there'),
        encryptFor: noted('the next snapshot is encrypted so; former ones stay as they are'),
        s3: {
          endpoint: nothing,
          bucket: nothing,
          prefix: nothing,
          region: nothing,
          accessKeyId: nothing,
          secretAccessKeyFile: nothing,
          secretAccessKeyEnv: nothing,
          caFile: nothing,
        },
      },
      external: {
        endpoints: disturbs(['kube-apiserver'], [], "an etcd without the cluster's data is refused"),
        caFile: restarts('kube-apiserver'),
        certFile: restarts('kube-apiserver'),
        keyFile: restarts('kube-apiserver'),
      },
    },
    security: {
      profile: stated('what changes with its settings, as they are listed for each of them'),
      audit: {
        level: restarts('kube-apiserver'),
        policyFile: restarts('kube-apiserver'),
        path: restarts('kube-apiserver'),
        maxAgeDays: restarts('kube-apiserver'),
        maxBackups: restarts('kube-apiserver'),
        maxSizeMegabytes: restarts('kube-apiserver'),
      },
      podSecurity: {
        enforce: restarts('kube-apiserver'),
        audit: restarts('kube-apiserver'),
        warn: restarts('kube-apiserver'),
        exemptNamespaces: restarts('kube-apiserver'),
      },
      encryptSecrets: encrypts,
      eventRateLimit: restarts('kube-apiserver'),
      profiling: restarts('kube-apiserver', 'kube-controller-manager', 'kube-scheduler'),
      tls: restarts('etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet'),
      anonymous: restarts('kube-apiserver'),
      bootstrapTokens: restarts('kube-apiserver', 'kube-controller-manager'),
      extendTokens: restarts('kube-apiserver'),
      maxTokenSeconds: restarts('kube-apiserver'),
      kubeletCertificates: disturbs(
        ['kubelet', 'kube-apiserver'],
        [],
        'API servers verify once every kubelet has its certificate',
      ),
      seccompDefault: disturbs(['kubelet'], [], 'Pods have it once they are replaced'),
      podPidsLimit: restarts('kubelet'),
      protectKernelDefaults: restarts('kubelet'),
      fileModes: nothing,
      etcdUser: restarts('etcd', 'kube-apiserver'),
      denyByDefault: noted(
        'Pods in kube-system no longer accept connections that no NetworkPolicy names, or do again',
      ),
      vrrp: reloads('keepalived'),
      metrics: rolls('flannel', 'metallb'),
    },
    encryption: {
      provider: encrypts,
      key: encrypts,
      resources: encrypts,
      kms: { endpoint: restarts('kube-apiserver'), name: encrypts, timeout: restarts('kube-apiserver') },
    },
    state: { recipients: nothing, encryptKeys: nothing, copy: nothing },
    pki: {
      caKeyAlgorithm: noted('CAs and the key of tokens stay until they are exchanged'),
      rotate: noted('`kboot up` exchanges each once, in stages with plans of their own'),
    },
    apiServer: {
      certSANs: restarts('kube-apiserver'),
      authentication: { jwt: restarts('kube-apiserver'), file: restarts('kube-apiserver') },
      authorization: { authorizers: restarts('kube-apiserver'), file: restarts('kube-apiserver') },
      ...component('kube-apiserver'),
    },
    controllerManager: component('kube-controller-manager'),
    scheduler: component('kube-scheduler'),
    kubelet: {
      config: restarts('kubelet'),
      extraArgs: { name: restarts('kubelet'), value: restarts('kubelet') },
    },
    kubeProxy: {
      config: rolls('kube-proxy'),
      enabled: stated(
        "to false: once the add-ons are applied, kube-proxy's DaemonSet is deleted, then its rules on hosts: Services stop working there unless something else implements them; to true: kube-proxy starts on every node",
      ),
    },
    containerd: { config: restarts('containerd'), registries },
    runtimes: {
      name: restarts('containerd'),
      hosts: restarts('containerd'),
      labels: restarts('containerd'),
      runtimeType: restarts('containerd'),
      binary: restarts('containerd'),
      options: restarts('containerd'),
      overhead: { cpu: newPods, memory: newPods },
      files: { url: nothing, sha256: newPods, path: newPods },
    },
    imageRepository: restarts(
      ...(['containerd', 'etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const),
      ...(['flannel', 'kube-proxy', 'coredns', 'metallb'] as const),
    ),
    artifacts: {
      mirror: nothing,
      bundleSigners: nothing,
      spread: nothing,
      spreadPort: nothing,
      fetch: nothing,
    },
    proxy: { http: restarts('containerd'), https: restarts('containerd'), noProxy: restarts('containerd') },
    templates: stated('restarts what reads a file whose text changes'),
    ssh: connection,
    files: {
      path: ownFile,
      source: ownFile,
      content: ownFile,
      substitute: ownFile,
      mode: nothing,
      stage: nothing,
      secret: nothing,
      restarts: nothing,
      roles: nothing,
      hosts: nothing,
    },
    hooks: {
      name: hook,
      before: hook,
      after: hook,
      on: hook,
      run: hook,
      unless: hook,
      timeoutSeconds: nothing,
      roles: hook,
      hosts: hook,
    },
    addons: {
      name: addon,
      namespace: addon,
      after: nothing,
      manifests: { path: addon, url: addon, sha256: addon },
      chart: {
        path: addon,
        repository: addon,
        name: addon,
        oci: addon,
        version: addon,
        sha256: addon,
        release: addon,
        values: addon,
        valuesFiles: addon,
        apiVersions: addon,
        hooks: addon,
      },
      images: nothing,
      prune: noted('it counts for what leaves the add-on from then on'),
      timeoutSeconds: nothing,
    },
    vagrant: machine,
    upgrade: {
      maxUnavailable: nextUpgrade,
      drain: {
        timeoutSeconds: nextUpgrade,
        deleteEmptyDirData: nextUpgrade,
        force: nextUpgrade,
        gracePeriodSeconds: nextUpgrade,
      },
      pauseAfter: nextUpgrade,
    },
    preflight: { ignore: nothing },
    hostsFrom: { file: nothing, command: nothing, timeoutSeconds: nothing },
    hosts: {
      name: refused('a Node cannot be renamed', anotherNode),
      roles: membership('the host takes on or gives up a role'),
      address: refused('certificates, etcd and the Node have the old address', anotherNode),
      connection: nothing,
      ssh: { address: nothing, ...connection, hostKey: nothing },
      labels: nothing,
      taints: { key: restarts('kubelet'), value: restarts('kubelet'), effect: restarts('kubelet') },
      kubelet: {
        config: restarts('kubelet'),
        extraArgs: { name: restarts('kubelet'), value: restarts('kubelet') },
      },
      containerd: { config: restarts('containerd') },
      upgradeGroup: nextUpgrade,
      vagrant: machine,
    },
  },
};
