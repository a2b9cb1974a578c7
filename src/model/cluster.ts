import type { Addon } from './addon.ts';
import type { Backup } from './backup.ts';
import type { Encryption } from './encryption.ts';
import type { PasswordSource } from './password-source.ts';
import type { Runtime } from './runtime.ts';
import type { Security } from './security.ts';
import type { StateSettings } from './state-settings.ts';
import type { CaKeyAlgorithm, Rotatable } from './pki.ts';
import type { Stage } from './stage.ts';

/**
 * The cluster as described by its inventory: every default filled in, every value validated.
 * Plain readonly data; nothing here is observed on a host.
 */

export type Role = 'control-plane' | 'worker' | 'etcd' | 'load-balancer';

/** One `--name=value` flag, in kubeadm's v1beta4 form. */
export interface ExtraArg {
  readonly name: string;
  readonly value: string;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

export interface Bastion {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** `TYPE BASE64`, as in known_hosts; absent: looked up in known_hosts. */
  readonly hostKey?: string;
  readonly identityFile?: string;
}

/** How kboot connects to a host. */
export type Connection =
  | {
      readonly kind: 'ssh';
      readonly address: string;
      readonly port: number;
      readonly user: string;
      /** Path with `~` expanded, absolute. */
      readonly identityFile?: string;
      readonly hostKey?: string;
      readonly bastion?: Bastion;
      /** Only these keys are offered: neither those of an agent nor a password. Absolute paths. */
      readonly onlyIdentities?: readonly string[];
      /** The host key presented first is trusted, and from then on the one recorded in `file` under `name`. */
      readonly firstUse?: FirstUse;
    }
  | { readonly kind: 'local' };

/** kboot's own known_hosts file (absolute path), and a name in it. */
export interface FirstUse {
  readonly file: string;
  readonly name: string;
}

/** A machine of the Vagrantfile in a folder (absolute path), under the host's name; Vagrant provides its connection settings. */
export interface VagrantConnection {
  readonly kind: 'vagrant';
  readonly vagrantDir: string;
}

export interface Host {
  /** Name of both the SSH machine and the Kubernetes node. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** Node address: used for node-ip, advertise-address, etcd URLs and SANs. */
  readonly address: string;
  /** Second-family node address of a dual-stack host. */
  readonly secondAddress?: string;
  readonly connection: Connection | VagrantConnection;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Over the cluster's. */
  readonly kubelet?: KubeletSettings;
  readonly containerd?: { readonly config: JsonObject };
  /** Workers of one group are upgraded together. */
  readonly upgradeGroup?: string;
}

/** JSON-shaped data that a user merges into a component's configuration. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** One environment variable of a component. */
export interface ExtraEnv {
  readonly name: string;
  readonly value: string;
}

/** A file or folder of the host in a static Pod, in kubeadm's form (HostPathMount). */
export interface ExtraVolume {
  readonly name: string;
  readonly hostPath: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
  readonly pathType: PathType;
}

/** Values of Kubernetes' HostPathType that check something. */
export const pathTypes = [
  'DirectoryOrCreate',
  'Directory',
  'FileOrCreate',
  'File',
  'Socket',
  'CharDevice',
  'BlockDevice',
] as const;
/** '': not checked. */
export type PathType = '' | (typeof pathTypes)[number];

export interface KubeletSettings {
  /** Fields of KubeletConfiguration. */
  readonly config: JsonObject;
  readonly extraArgs?: readonly ExtraArg[];
}

export interface Component {
  readonly extraArgs: readonly ExtraArg[];
  readonly extraEnvs?: readonly ExtraEnv[];
  /** Of a static Pod; etcd has none. */
  readonly extraVolumes?: readonly ExtraVolume[];
}

/** A configuration of the API servers: its fields, or the absolute path of a file on the operator's disk. */
export type ApiServerConfig = { readonly config: JsonObject } | { readonly file: string };

/** An etcd that someone else runs, and the credential files for it on the operator's disk. */
export interface ForeignEtcd {
  /** `https://HOST:PORT`, in the order given, with the host in canonical form. */
  readonly endpoints: readonly string[];
  /** PEM; absolute paths, `~` expanded. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface RegistryLogin {
  readonly username: string;
  readonly password: PasswordSource;
}

export interface RegistryMirror {
  readonly url: string;
  readonly capabilities: readonly ('pull' | 'resolve' | 'push')[];
  readonly skipVerify: boolean;
  /** The path of the URL is the API root. */
  readonly overridePath: boolean;
  /** Absolute path on the operator's disk. */
  readonly caFile?: string;
  readonly credentials?: RegistryLogin;
}

/** How containerd reaches a registry: the mirrors in order, then the registry itself. */
export interface Registry {
  /** `registry.example.com:5000`, or `_default`. */
  readonly host: string;
  readonly mirrors: readonly RegistryMirror[];
  /** Absolute path on the operator's disk. */
  readonly caFile?: string;
  readonly credentials?: RegistryLogin;
}

/** Stated settings of CoreDNS; nothing is filled in. */
export interface Dns {
  /** Name servers in the form of CoreDNS's plugin forward; absent: those of the host. */
  readonly upstream?: readonly string[];
  readonly stubDomains: readonly { readonly domain: string; readonly servers: readonly string[] }[];
  /** Absent: 2 at first, then whatever the live number is. */
  readonly replicas?: number;
  /** Server blocks of a Corefile. */
  readonly extraBlocks?: string;
}

/** The HTTP proxy of the hosts; a URL may have a password. */
export interface Proxy {
  readonly http?: string;
  readonly https?: string;
  readonly noProxy: readonly string[];
}

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values: readonly string[];
  }[];
}

export interface AddressPool {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Absent: `l2`. */
  readonly advertise?: 'l2' | 'bgp' | 'both';
}

/** Fields of MetalLB's BGPPeer; an absent field has MetalLB's default. */
export interface BgpPeer {
  readonly name: string;
  readonly myASN: number;
  readonly peerASN: number;
  readonly peerAddress: string;
  readonly peerPort?: number;
  readonly sourceAddress?: string;
  readonly routerID?: string;
  /** `90s` */
  readonly holdTime?: string;
  readonly ebgpMultiHop?: boolean;
  readonly nodeSelectors: readonly LabelSelector[];
  /** Name of a Secret in MetalLB's namespace. */
  readonly passwordSecret?: string;
}

/** Fields of MetalLB's BGPAdvertisement. */
export interface BgpAdvertisement {
  readonly name: string;
  readonly ipAddressPools: readonly string[];
  /** Empty: every peer. */
  readonly peers: readonly string[];
  readonly aggregationLength?: number;
  readonly localPref?: number;
  readonly communities: readonly string[];
  readonly nodeSelectors: readonly LabelSelector[];
}

export interface Metallb {
  readonly pools: readonly AddressPool[];
  readonly bgpPeers?: readonly BgpPeer[];
  readonly bgpAdvertisements?: readonly BgpAdvertisement[];
}

/** One of the operator's own files for hosts. */
export interface UserFile {
  readonly path: string;
  /** Octal: `644`. */
  readonly mode: string;
  readonly stage: Stage;
  /** Names of hosts. */
  readonly hosts: readonly string[];
  /** Services managed by kboot that read it. */
  readonly restarts: readonly string[];
  readonly secret: boolean;
  /** Its text, or its absolute path on the operator's disk, `~` expanded. */
  readonly content: { readonly text: string } | { readonly source: string };
}

/** One of the operator's own commands, run before or after a stage. */
export interface Hook {
  readonly name: string;
  readonly when: 'before' | 'after';
  readonly stage: Stage;
  /** Names of hosts, or `operator` for the machine that runs kboot. */
  readonly on: readonly string[] | 'operator';
  /** POSIX shell. */
  readonly run: string;
  /** Read-only POSIX shell: if it succeeds, there is nothing to do. Absent: the hook runs with its stage. */
  readonly unless?: string;
  readonly timeoutSeconds: number;
}

/** How an upgrade disturbs workloads. */
export interface UpgradePolicy {
  /** Workers that may be down at a time: a number, or a percentage of all workers (rounded down, at least 1). */
  readonly maxUnavailable: number | `${number}%`;
  readonly drain: {
    readonly timeoutSeconds: number;
    /** Pods with an emptyDir are evicted, which deletes its content. */
    readonly deleteEmptyDirData: boolean;
    /** Pods without a controller are evicted, which ends them for good. */
    readonly force: boolean;
    /** Overrides the Pods' own grace periods. */
    readonly gracePeriodSeconds?: number;
  };
  /** The run ends there; the same command goes on. */
  readonly pauseAfter?: 'control-plane' | 'first-batch';
}

/** The Pod network that kboot installs. */
export interface Flannel {
  readonly backend: 'vxlan' | 'host-gw' | 'wireguard';
  readonly mtu?: number;
  readonly interface?: string;
}

export interface Cluster {
  readonly name: string;
  /** The file or command that listed the hosts, as the inventory names it; absent: the inventory lists them. */
  readonly hostsFrom?: string;
  /** `v1.36.2` */
  readonly kubernetesVersion: string;
  readonly controlPlaneEndpoint: { readonly host: string; readonly port: number };
  readonly networking: {
    /** One CIDR, or one of each family (v4 first as given) for dual-stack. */
    readonly podSubnets: readonly string[];
    readonly serviceSubnets: readonly string[];
    readonly dnsDomain: string;
    /** Absent: the Pod network is not kboot's. */
    readonly flannel?: Flannel;
  };
  readonly loadBalancer?: {
    readonly virtualIP: string;
    readonly port: number;
    readonly virtualRouterID: number;
    readonly interface?: string;
  };
  readonly metallb?: Metallb;
  readonly dns?: Dns;
  /** NTP servers of the hosts; absent: as their distribution sets them. */
  readonly ntp?: { readonly servers: readonly string[] };
  readonly etcd: Component & {
    readonly external?: ForeignEtcd;
    /** Folder of the members' data; absent: /var/lib/etcd. */
    readonly dataDir?: string;
    /** Absent: none but on request, and before upgrades. */
    readonly backup?: Backup;
  };
  readonly security: Security;
  /** Absent: everything in etcd is stored as it is. */
  readonly encryption?: Encryption;
  readonly state?: StateSettings;
  /** Of CAs and of the ServiceAccount key that kboot makes. */
  readonly caKeyAlgorithm: CaKeyAlgorithm;
  /** To be exchanged once, as long as they are listed. */
  readonly rotate: readonly Rotatable[];
  readonly apiServer: Component & {
    readonly certSANs: readonly string[];
    /** AuthenticationConfiguration; absent: what spec.security says. */
    readonly authentication?: ApiServerConfig;
    /** AuthorizationConfiguration; absent: Node and RBAC. */
    readonly authorization?: ApiServerConfig;
  };
  readonly controllerManager: Component;
  readonly scheduler: Component;
  readonly kubelet: KubeletSettings;
  /** Absent: what implements Services is not kboot's. */
  readonly kubeProxy?: { readonly config: JsonObject };
  readonly containerd: { readonly config: JsonObject; readonly registries?: readonly Registry[] };
  /** Container runtimes besides runc. */
  readonly runtimes?: readonly Runtime[];
  readonly imageRepository: string;
  /** Base URL of a mirror of the official hosts' paths; absent: the official hosts. */
  readonly artifacts: {
    readonly mirror?: string;
    /** Public keys (`ssh-ed25519 AAAA…`), or absolute paths of files of them. */
    readonly bundleSigners?: readonly string[];
    /** `hosts`: files of a bundle go from host to host. Absent: each host gets them from this machine. */
    readonly spread?: 'hosts';
    readonly spreadPort?: number;
    /** `once`: one host downloads a file, and others take it from there. Absent: each host does. */
    readonly fetch?: 'once';
  };
  readonly proxy?: Proxy;
  readonly upgrade: UpgradePolicy;
  /** Absolute path of a folder whose files replace kboot's own templates. */
  readonly templates?: string;
  /** Names of preflight checks whose failures are ignored. */
  readonly preflight?: { readonly ignore: readonly string[] };
  readonly files?: readonly UserFile[];
  readonly hooks?: readonly Hook[];
  readonly addons?: readonly Addon[];
  readonly hosts: readonly Host[];
}

/** Hosts with a role, in inventory order. */
export function hostsWith({ hosts }: Pick<Cluster, 'hosts'>, role: Role): readonly Host[] {
  const known = byRole.get(hosts) ?? new Map<Role, readonly Host[]>();
  byRole.set(hosts, known);
  const found = known.get(role) ?? hosts.filter((host) => host.roles.includes(role));
  known.set(role, found);
  return found;
}

/** Asked for every host: without this, a thousand hosts would be looked at a thousand times. */
const byRole = new WeakMap<readonly Host[], Map<Role, readonly Host[]>>();

/** Hosts that run a kubelet: all except dedicated etcd members and load balancers. */
export function nodes(cluster: Cluster): readonly Host[] {
  return cluster.hosts.filter(isNode);
}

export function isNode(host: Host): boolean {
  return host.roles.includes('control-plane') || host.roles.includes('worker');
}

/** etcd runs as static Pods on the control plane unless hosts have the role etcd or someone else runs it. */
export function hasExternalEtcd(cluster: Cluster): boolean {
  return cluster.etcd.external !== undefined || hostsWith(cluster, 'etcd').length > 0;
}

/** Hosts with an etcd member that kboot runs, in inventory order; none if someone else runs etcd. */
export function etcdHosts(cluster: Cluster): readonly Host[] {
  return hasExternalEtcd(cluster) ? hostsWith(cluster, 'etcd') : hostsWith(cluster, 'control-plane');
}

/** Hosts with an etcd member that kboot runs, and the control planes. */
export function controlHosts(cluster: Cluster): readonly Host[] {
  return [...new Set([...etcdHosts(cluster), ...hostsWith(cluster, 'control-plane')])];
}

/** Hosts that keep the lock of the cluster: every run reaches the same ones. */
export function lockHosts(cluster: Cluster): readonly Host[] {
  return hostsWith(cluster, 'control-plane');
}

/** The folder of every member's data. */
export function etcdDataDir({ etcd }: Pick<Cluster, 'etcd'>): string {
  return etcd.dataDir ?? '/var/lib/etcd';
}

/** Hosts that run haproxy and keepalived, in inventory order: those with the role, or else every control plane. */
export function loadBalancerHosts(cluster: Cluster): readonly Host[] {
  if (cluster.loadBalancer === undefined) return [];
  const dedicated = hostsWith(cluster, 'load-balancer');
  return dedicated.length > 0 ? dedicated : hostsWith(cluster, 'control-plane');
}

/** A host's node address, followed by the one of the other family if it has two. */
export function addressesOf({ address, secondAddress }: Host): readonly string[] {
  return secondAddress === undefined ? [address] : [address, secondAddress];
}

/** Whether the control-plane endpoint reaches the API servers through something that kboot does not run. */
export function hasOutsideEndpoint(cluster: Cluster): boolean {
  if (cluster.loadBalancer !== undefined) return false;
  return (
    hostsWith(cluster, 'control-plane').length > 1 ||
    !isControlPlaneAddress(cluster, [cluster.controlPlaneEndpoint.host])
  );
}

/** Whether one of the addresses is a control-plane host's. */
export function isControlPlaneAddress(cluster: Cluster, addresses: readonly string[]): boolean {
  const own = hostsWith(cluster, 'control-plane').flatMap(addressesOf);
  return addresses.some((address) => own.includes(address));
}
