import type { HostFacts } from './facts.ts';

/** What the probe saw of a host besides its resources: the ground for preflight and for founding decisions. */
export interface Inspection {
  /** Facts for rendering; the interface depends on which address is the host's. */
  readonly facts: Omit<HostFacts, 'interface'>;
  readonly kernel: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly cgroupVersion: 1 | 2;
  readonly systemd: boolean;
  readonly hostname: string;
  readonly machineId: string;
  /** Empty where the firmware tells none. */
  readonly productUuid: string;
  /** Host clock minus operator clock, milliseconds, within half of the probe's duration. */
  readonly clockSkewMs: number;
  /** Local addresses, how long the prefix of their network is, and the interface that holds each. */
  readonly addresses: readonly {
    readonly address: string;
    readonly prefix: number;
    readonly interface: string;
  }[];
  /** Where IPv6 is off (disable_ipv6): interfaces, `all`, `default` (for new ones), `kernel`. */
  readonly ipv6Off: readonly string[];
  /** Interfaces with an IPv6 default route from router advertisements that the kernel forgets once it forwards. */
  readonly advertisedRoutes: readonly string[];
  /** Listening TCP ports and the program behind each (`?` when unknown). */
  readonly listening: readonly { readonly port: number; readonly program: string }[];
  /** Free MiB by folder. */
  readonly freeMiB: Readonly<Record<string, number>>;
  /** Non-dot files in the static Pod folder. */
  readonly manifests: readonly string[];
  /** Cluster ID that kboot left on the host; empty: none. */
  readonly clusterId: string;
  /** Fingerprint of /etc/kubernetes/pki/ca.crt on the host, empty without one. */
  readonly caDigest: string;
  readonly etcdData: 'absent' | 'present' | 'unknown';
  /** `--initial-cluster` and `--initial-cluster-state` that etcd is started with here; empty without one. */
  readonly etcdInitialCluster: string;
  readonly etcdInitialState: string;
  /** Milliseconds that a look-up of the host's own name took; null: it did not end in 5 s. */
  readonly nameLookupMs: number | null;
  /** Needed programs that are not in PATH. */
  readonly missingTools: readonly string[];
  readonly kubeletActive: boolean;
  /** MAC address of whoever answers for the virtual IP, as this host sees it; empty: nobody, or not asked. */
  readonly virtualIPHeldBy: string;
  /** Addresses of VRRP peers of this host that left the inventory and whose haproxy still answers. */
  readonly formerPeers: readonly string[];
  /** Containers that run in a Docker whose containerd is the host's and not kboot's; null: there is no such Docker. */
  readonly dockerContainers: number | null;
  /** `v1.36.2`, from its API server's manifest; empty without one. */
  readonly apiServerVersion: string;
  /** `--etcd-servers` of its API server's manifest; empty without one. */
  readonly etcdServers: readonly string[];
  /** How the control-plane endpoint looks from here; absent: not asked. */
  readonly endpoint?: EndpointSeen;
  /** Of its own interfaces. */
  readonly macAddresses: readonly string[];
  /** Those that are active. */
  readonly firewalls: readonly HostFirewall[];
}

/** A firewall that administrators of the host run. */
export interface HostFirewall {
  readonly name: 'firewalld' | 'ufw';
  /** What it does with traffic as a whole, whatever its port: the first rule that meets it counts. Absent: unreadable. */
  readonly rules?: readonly FirewallRule[];
  /** It rejects what is forwarded, so that no rule after its own can accept it, such as flannel's. */
  readonly rejectsForwarded?: true;
}

/** Meets what comes from these addresses, through this interface; from anywhere where neither is stated. */
export interface FirewallRule {
  readonly opens: boolean;
  /** `10.244.0.0/16`, or an address */
  readonly from?: string;
  readonly interface?: string;
  /** firewalld's, of a rule for a source. */
  readonly zone?: string;
}

/** The control-plane endpoint as one host sees it. */
export interface EndpointSeen {
  /** What its name stands for here; none: it does not resolve. */
  readonly addresses: readonly string[];
  /** What a TCP connection to it comes to; `lost`: no answer, or no way there. */
  readonly tcp: 'open' | 'refused' | 'lost';
  /** What the host says of a connection that is lost: `Connection timed out`. */
  readonly why: string;
}

/** What texts of one host are made from. */
export function factsOf(inspection: Inspection, address: string): HostFacts {
  const holder = inspection.addresses.find((entry) => entry.address === address);
  return { ...inspection.facts, interface: holder?.interface ?? 'eth0' };
}
