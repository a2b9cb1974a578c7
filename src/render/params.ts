import type { PodSecurity } from '../model/security.ts';

/** The variables of each template. Nothing is optional: absent values are null, false or empty. */

export interface PodVolume {
  readonly name: string;
  /** On the host. */
  readonly path: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
  /** Kubernetes' HostPathType; '' checks nothing. */
  readonly type: string;
}

export interface PodParams {
  /** Program and flags: the container's command. */
  readonly command: readonly string[];
  /** Sorted by name. */
  readonly environment: readonly ExtraEnvParams[];
  readonly image: string;
  /** '' omits `host`: the kubelet then probes the Pod's own address. */
  readonly probeHost: string;
}

export interface ExtraArgParams {
  readonly name: string;
  readonly value: string;
}

/** '' omits the value. */
export interface ExtraEnvParams {
  readonly name: string;
  readonly value: string;
}

/** A component in ClusterConfiguration. */
export interface ComponentParams {
  /** Whether it has any settings. */
  readonly stated: boolean;
  readonly args: readonly ExtraArgParams[];
  readonly envs: readonly ExtraEnvParams[];
  readonly volumes: readonly {
    readonly name: string;
    readonly hostPath: string;
    readonly mountPath: string;
    readonly readOnly: boolean;
    readonly pathType: string;
  }[];
}

export interface ClusterConfigurationParams {
  readonly kubernetesVersion: string;
  readonly imageRepository: string;
  /** `host:port`, or '' if none is set. */
  readonly controlPlaneEndpoint: string;
  readonly dnsDomain: string;
  readonly podSubnet: string;
  readonly serviceSubnet: string;
  readonly certSANs: readonly string[];
  /** `certSANs` are part of it. */
  readonly apiServer: ComponentParams;
  readonly controllerManager: ComponentParams;
  readonly scheduler: ComponentParams;
  readonly etcd: ComponentParams;
  readonly etcdDataDir: string;
  /** Client URLs of external members; empty for stacked etcd. */
  readonly etcdEndpoints: readonly string[];
  /** kubeadm does not install kube-proxy either. */
  readonly proxyDisabled: boolean;
}

export interface LabelSelectorParams {
  readonly labels: readonly { readonly key: string; readonly value: string }[];
  readonly expressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

export interface FlannelParams {
  readonly image: string;
  readonly cniPluginImage: string;
  readonly apiHost: string;
  readonly apiPort: string;
  /** Whether Pods also get NODE_IPS. */
  readonly dualStack: boolean;
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** Contents of the ConfigMap's two files. */
  readonly cniConf: string;
  readonly netConf: string;
  /** Where it tells its health, if not on all addresses; ''. */
  readonly healthHost: string;
}

interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface TemplateParams {
  'static-pods/kube-apiserver.yaml.hbs': PodParams & {
    readonly advertiseEndpoint: string;
    readonly volumes: readonly PodVolume[];
  };
  'static-pods/kube-controller-manager.yaml.hbs': PodParams & { readonly volumes: readonly PodVolume[] };
  'static-pods/kube-scheduler.yaml.hbs': PodParams & { readonly volumes: readonly PodVolume[] };
  'static-pods/etcd.yaml.hbs': PodParams & {
    readonly advertiseClientUrl: string;
    readonly probePort: number;
    readonly probeScheme: string;
    readonly dataDir: string;
    /** null: root. */
    readonly user: { readonly uid: number; readonly gid: number } | null;
  };
  'security/audit-policy.yaml.hbs': { readonly bodies: boolean };
  'security/admission.yaml.hbs': {
    readonly podSecurity: PodSecurity | null;
    readonly eventRateLimit: boolean;
  };
  'etcd/etcd.service.hbs': {
    readonly etcd: string;
    readonly args: readonly string[];
    /** `NAME=value` */
    readonly environment: readonly string[];
    /** A folder whose file systems must be mounted first; '' if it is always there. */
    readonly dataDir: string;
    /** '': root. */
    readonly user: string;
    /** The folder of its data. */
    readonly data: string;
  };
  'etcd/backup.sh.hbs': {
    readonly host: string;
    readonly directory: string;
    readonly keep: number;
    /** URL of the member on this host, and of all members, in the order of the inventory. */
    readonly local: string;
    readonly members: readonly { readonly name: string; readonly url: string }[];
    readonly record: string;
    /** File with the certificates of those who can decrypt; empty: snapshots stay as etcd writes them. */
    readonly recipients: string;
    /** null: no copy. */
    readonly s3: {
      readonly endpoint: string;
      /** As in the header Host. */
      readonly host: string;
      /** `bucket/prefix` */
      readonly place: string;
      readonly region: string;
      /** File with the access key: its ID, then the secret. */
      readonly credentials: string;
      /** File, or ''. */
      readonly ca: string;
    } | null;
  };
  'etcd/backup.service.hbs': {
    readonly directory: string;
    readonly program: string;
    readonly part: string;
    /** Empty: snapshots are not encrypted. */
    readonly encrypted: string;
    readonly proxy: string;
  };
  'etcd/backup.timer.hbs': { readonly schedule: string };
  'kubelet/kubelet.service.hbs': { readonly kubelet: string };
  'kubelet/10-kubeadm.conf.hbs': { readonly kubelet: string; readonly defaults: string };
  'kubelet/config.yaml.hbs': {
    readonly clusterDNS: string;
    readonly clusterDomain: string;
    readonly containerRuntimeEndpoint: string;
    /** '' omits the field. */
    readonly resolvConf: string;
  };
  'kubelet/instance-config.yaml.hbs': { readonly containerRuntimeEndpoint: string };
  'kubelet/kubeadm-flags.env.hbs': { readonly args: string };
  'kubeconfig/kubeconfig.yaml.hbs': {
    /** Base64 of the PEM. */
    readonly caData: string;
    readonly server: string;
    readonly cluster: string;
    readonly context: string;
    readonly user: string;
    /** Base64 of the PEMs; null: `files` is given. */
    readonly data: KeyPair | null;
    readonly files: KeyPair | null;
  };
  'containerd/config-v2.toml.hbs': { readonly sandboxImage: string; readonly systemdCgroup: boolean };
  'containerd/config-v3.toml.hbs': {
    readonly sandboxImage: string;
    readonly systemdCgroup: boolean;
    /** containerd 2.1 renamed bin_dir to bin_dirs. */
    readonly hasBinDirs: boolean;
  };
  'containerd/hosts.toml.hbs': {
    /** '' and empty lists omit a field. */
    readonly ca: string;
    /** Value of the header: `Basic …`. */
    readonly authorization: string;
    readonly mirrors: readonly {
      readonly url: string;
      readonly capabilities: readonly string[];
      readonly skipVerify: boolean;
      readonly overridePath: boolean;
      readonly ca: string;
      readonly authorization: string;
    }[];
  };
  'containerd/proxy-drop-in.conf.hbs': { readonly environment: string };
  'containerd/containerd.service.hbs': { readonly containerd: string };
  'containerd/crictl.yaml.hbs': { readonly endpoint: string };
  'load-balancer/haproxy.cfg.hbs': {
    readonly port: number;
    /** Whether the virtual IP is an IPv6 address. */
    readonly ipv6: boolean;
    /** On 127.0.0.1. */
    readonly healthPort: number;
    readonly servers: readonly {
      readonly name: string;
      readonly address: string;
      readonly ipv6: boolean;
      readonly port: number;
    }[];
  };
  'load-balancer/haproxy-drop-in.conf.hbs': Record<string, never>;
  'load-balancer/keepalived.conf.hbs': {
    readonly routerId: string;
    readonly checkScript: string;
    readonly interface: string;
    readonly virtualRouterId: number;
    readonly priority: number;
    readonly address: string;
    /** Addresses of the other load balancers; empty: this is the only one. */
    readonly peers: readonly string[];
    readonly virtualIP: string;
    readonly prefixLength: number;
    /** Packets that came through a router are not believed to be a peer's. */
    readonly onlyNeighbours: boolean;
  };
  'load-balancer/keepalived-drop-in.conf.hbs': { readonly virtualIP: string; readonly prefixLength: number };
  'load-balancer/check-haproxy.hbs': { readonly healthPort: number };
  'host/proxy.env.hbs': { readonly variables: readonly { readonly name: string; readonly value: string }[] };
  'host/timesyncd.conf.hbs': { readonly servers: readonly string[] };
  'host/chrony.sources.hbs': { readonly servers: readonly string[] };
  'host/chronyd.conf.hbs': { readonly servers: readonly string[] };
  'host/chronyd.env.hbs': { readonly config: string };
  'host/chronyd-drop-in.conf.hbs': { readonly environment: string };
  'host/modules.conf.hbs': { readonly modules: readonly string[] };
  'host/sysctl.conf.hbs': { readonly settings: readonly { readonly key: string; readonly value: string }[] };
  'bootstrap/rbac.yaml.hbs': Readonly<Record<string, never>>;
  'bootstrap/kubeadm-config.yaml.hbs': ClusterConfigurationParams;
  'bootstrap/kubelet-config.yaml.hbs': {
    readonly config: string;
    /** '' omits the annotation. */
    readonly hash: string;
  };
  'bootstrap/cluster-info.yaml.hbs': { readonly caData: string; readonly server: string };
  'addons/kube-proxy/kube-proxy.yaml.hbs': {
    readonly image: string;
    readonly config: string;
    readonly kubeconfig: string;
    readonly hash: string;
  };
  'addons/kube-proxy/config.yaml.hbs': { readonly bindAddress: string; readonly clusterCIDR: string };
  'addons/kube-proxy/kubeconfig.yaml.hbs': { readonly server: string };
  'addons/coredns/Corefile.hbs': {
    readonly dnsDomain: string;
    /** Name servers, or the path of a resolv.conf. */
    readonly upstream: readonly string[];
    readonly stubDomains: readonly { readonly domain: string; readonly servers: readonly string[] }[];
  };
  'addons/coredns/coredns.yaml.hbs': {
    readonly corefile: string;
    readonly replicas: number;
    readonly image: string;
    readonly clusterIP: string;
    readonly dnsDomain: string;
  };
  'addons/flannel/flannel.yaml.hbs': FlannelParams;
  'addons/network-policy/controller.yaml.hbs': {
    readonly image: string;
    readonly apiHost: string;
    readonly apiPort: string;
    /** The flag with the address where it serves metrics. */
    readonly metrics: string;
  };
  'addons/network-policy/kube-system.yaml.hbs': Readonly<Record<string, never>>;
  'addons/metallb/crds.yaml.hbs': Readonly<Record<string, never>>;
  'addons/metallb/metallb.yaml.hbs': {
    readonly controllerImage: string;
    readonly speakerImage: string;
    /** Where speakers serve metrics, if not at the address of their node; ''. */
    readonly metricsHost: string;
  };
  'addons/metallb/pools.yaml.hbs': {
    readonly pools: readonly { readonly name: string; readonly addresses: readonly string[] }[];
    /** Names of pools announced by ARP and NDP; empty: no L2Advertisement, since one without names covers all pools. */
    readonly l2Pools: readonly string[];
  };
  /** '' and 0 omit a field. */
  'addons/metallb/bgp.yaml.hbs': {
    readonly peers: readonly {
      readonly name: string;
      readonly myASN: number;
      readonly peerASN: number;
      readonly peerAddress: string;
      readonly peerPort: number;
      readonly sourceAddress: string;
      readonly routerID: string;
      readonly holdTime: string;
      readonly ebgpMultiHop: boolean;
      readonly nodeSelectors: readonly LabelSelectorParams[];
      readonly passwordSecret: string;
    }[];
    readonly advertisements: readonly {
      readonly name: string;
      readonly ipAddressPools: readonly string[];
      readonly peers: readonly string[];
      readonly aggregationLength: number;
      readonly localPref: number;
      readonly communities: readonly string[];
      readonly nodeSelectors: readonly LabelSelectorParams[];
    }[];
  };
  'verify/server.yaml.hbs': {
    readonly namespace: string;
    readonly image: string;
    /** Words that make a response over TCP longer than one packet. */
    readonly padding: readonly string[];
    /** Whether Services get an address of each family. */
    readonly dualStack: boolean;
    /** Services of type LoadBalancer; `family` is `IPv4` or `IPv6`. */
    readonly loadBalancers: readonly { readonly name: string; readonly family: string }[];
  };
  'verify/client.yaml.hbs': {
    readonly namespace: string;
    readonly image: string;
    /** Queries below `zone` are forwarded to `server` (`ADDRESS:PORT`): over TCP, as they arrive, or over UDP. */
    readonly zones: readonly { readonly zone: string; readonly server: string; readonly udp: boolean }[];
  };
}

/** Path of a template below templates/. */
export type TemplatePath = keyof TemplateParams;

/** Turns a template and its parameters into text; the same input always gives the same text. */
export interface Renderer {
  /** Throws KbootError E-TEMPLATE: no such template, a syntax error, an undefined variable, an invalid value. */
  render<P extends TemplatePath>(path: P, params: TemplateParams[P]): string;
}
