import type { BackupSeen } from './backup.ts';
import type { StaticPodComponent } from './component.ts';
import type { HostFacts } from './facts.ts';
import type { KernelFeature } from './kernel-feature.ts';
import type { HostPast } from './past.ts';

/** What the probe read from a host besides its resources: the input for preflight and for bootstrap decisions. */
export interface Inspection {
  /** Facts for rendering; the interface depends on the host's address. */
  readonly facts: Omit<HostFacts, 'interface'>;
  /** As uname(1) says it: `x86_64`, `armv7l`. */
  readonly machine: string;
  /** Of the host's programs. */
  readonly bits: 32 | 64;
  /** Package managers that kboot can use and that are installed. */
  readonly packageManagers: readonly ('apt' | 'dnf')[];
  readonly kernel: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly cgroupVersion: 1 | 2;
  readonly systemd: boolean;
  readonly hostname: string;
  readonly machineId: string;
  /** Empty if the firmware does not report one. */
  readonly productUuid: string;
  /** Host clock minus operator clock, milliseconds, within half of the probe's duration. */
  readonly clockSkewMs: number;
  /** Local addresses, the prefix length of their network, and the interface of each. */
  readonly addresses: readonly {
    readonly address: string;
    readonly prefix: number;
    readonly interface: string;
  }[];
  /** Where IPv6 is disabled (disable_ipv6): interfaces, `all`, `default` (for new ones), `kernel`. */
  readonly ipv6Off: readonly string[];
  /** Interfaces with an IPv6 default route from router advertisements that the kernel drops once forwarding is on. */
  readonly advertisedRoutes: readonly string[];
  /** Listening TCP ports and the program behind each (`?` when unknown). */
  readonly listening: readonly { readonly port: number; readonly program: string }[];
  /** The same for UDP. */
  readonly udpListening: readonly { readonly port: number; readonly program: string }[];
  /** Free MiB by folder. */
  readonly freeMiB: Readonly<Record<string, number>>;
  /** Free MiB at the folders that an upgrade fills, and the mount point of the file system that each is on. */
  readonly space: readonly { readonly folder: string; readonly freeMiB: number; readonly mount: string }[];
  /** Files in the static Pod folder, except dot files. */
  readonly manifests: readonly string[];
  /** Cluster ID that kboot left on the host; empty: none. */
  readonly clusterId: string;
  /** Fingerprint of /etc/kubernetes/pki/ca.crt on the host; empty without one. */
  readonly caDigest: string;
  /** Whether etcd has data, in the folder of the inventory or the one that it runs with. */
  readonly etcdData: 'absent' | 'present' | 'unknown';
  /** `--data-dir` that etcd is started with here; empty without one. */
  readonly etcdDataDir: string;
  /** Size of the file of etcd's database; 0 without one. */
  readonly etcdDatabaseMiB: number;
  /** `--initial-cluster` and `--initial-cluster-state` that etcd is started with here; empty without one. */
  readonly etcdInitialCluster: string;
  readonly etcdInitialState: string;
  /** Duration in milliseconds of a lookup of the host's own name; null: it did not finish within 5 s. */
  readonly nameLookupMs: number | null;
  /** Required programs that are not in PATH. */
  readonly missingTools: readonly string[];
  /** Programs of spec.runtimes that are not installed; absent: all are. */
  readonly missingPrograms?: readonly string[];
  readonly kubeletActive: boolean;
  /** Files that an interrupted run left on their way from host to host; absent: none. */
  readonly spread?: readonly { readonly sha256: string; readonly bytes: number; readonly isWhole: boolean }[];
  /** Subnets in /run/flannel/subnet.env with the bridge's address, one per family; empty without the file. */
  readonly flannelSubnets: readonly string[];
  /** Whether flannel runs here. */
  readonly flannelRuns: boolean;
  /** MAC address that answers for the virtual IP, as seen by this host; empty: none, or not checked. */
  readonly virtualIPHeldBy: string;
  /** Addresses of VRRP peers of this host that are no longer in the inventory but whose haproxy still responds. */
  readonly formerPeers: readonly string[];
  /** Number of running containers of a Docker that uses the host's containerd and not kboot's; null: no such Docker. */
  readonly dockerContainers: number | null;
  /** The ID that kboot gives the user `etcd` is another user's or group's. */
  readonly etcdIdTaken?: boolean;
  /** What its kernel has, built in or as a module, and what it lacks; absent: not known. */
  readonly kernelHas?: Readonly<Partial<Record<KernelFeature, boolean>>>;
  /** Tags of the images in its static Pods' manifests: `v1.36.2`, `3.6.8-0`; without those that it does not have. */
  readonly podVersions: Readonly<Partial<Record<StaticPodComponent, string>>>;
  /** Its API server encrypts what it stores, or there is kboot's file for that. */
  readonly encrypts?: true;
  /** Its API server verifies the certificates of kubelets. */
  readonly verifiesKubelets?: true;
  /** Its backups of etcd; absent: no timer is there. */
  readonly backup?: BackupSeen;
  /** `--etcd-servers` of its API server's manifest; empty without one. */
  readonly etcdServers: readonly string[];
  /** The control-plane endpoint as seen from this host; absent: not checked. */
  readonly endpoint?: EndpointSeen;
  /** Paths that static Pods need: `File`, `Directory` and so on as in Kubernetes' HostPathType, `other`, `absent`. */
  readonly podPaths?: Readonly<Record<string, string>>;
  /** MAC addresses of the host's own interfaces. */
  readonly macAddresses: readonly string[];
  /** Active firewalls. */
  readonly firewalls: readonly HostFirewall[];
  readonly past: HostPast;
  readonly settings: HostSettings;
}

/** What the cluster's processes on a host were started with, from their files; empty where there is no such file. */
export interface HostSettings {
  /** `--hostname-override` and `--node-ip` of its kubelet. */
  readonly nodeName: string;
  readonly nodeIPs: readonly string[];
  /** `--cluster-cidr` of its controller manager. */
  readonly podSubnets: readonly string[];
  /** `--node-cidr-mask-size` of its controller manager, and those for one family: digits. */
  readonly nodeMasks: { readonly any: string; readonly ipv4: string; readonly ipv6: string };
  /** `--service-cluster-ip-range` of its API server. */
  readonly serviceSubnets: readonly string[];
  /** The same flag of its controller manager. */
  readonly controllerServiceSubnets: readonly string[];
  /** `clusterDomain` of its kubelet. */
  readonly dnsDomain: string;
}

/** A firewall that the host's administrators run. */
export interface HostFirewall {
  readonly name: 'firewalld' | 'ufw';
  /** Its rules for traffic regardless of the port: the first matching rule applies. Absent: unreadable. */
  readonly rules?: readonly FirewallRule[];
  /** It rejects forwarded traffic before a later rule, such as flannel's, can accept it. */
  readonly rejectsForwarded?: true;
}

/** Matches traffic from these addresses or through this interface; from anywhere if neither is set. */
export interface FirewallRule {
  readonly opens: boolean;
  /** `10.244.0.0/16`, or an address */
  readonly from?: string;
  readonly interface?: string;
  /** Zone of a firewalld rule for a source. */
  readonly zone?: string;
}

/** The control-plane endpoint as one host sees it. */
export interface EndpointSeen {
  /** Addresses that its name resolves to here; empty: it does not resolve. */
  readonly addresses: readonly string[];
  /** Result of a TCP connection to it; `lost`: no response, or no route. */
  readonly tcp: 'open' | 'refused' | 'lost';
  /** The host's error for a connection that is lost: `Connection timed out`. */
  readonly why: string;
}

/** The facts that the texts of one host are rendered from. */
export function factsOf(inspection: Inspection, address: string): HostFacts {
  const holder = inspection.addresses.find((entry) => entry.address === address);
  return { ...inspection.facts, interface: holder?.interface ?? 'eth0' };
}
