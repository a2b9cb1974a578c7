/** What an earlier installer, the distribution or an administrator left on a host, as far as it can break a node. */
export interface HostPast {
  /** Settings in drop-ins of kubelet.service and containerd.service that are not kboot's. */
  readonly unitSettings: readonly (Place & {
    readonly unit: 'kubelet' | 'containerd';
    readonly key: string;
    readonly value: string;
  })[];
  /** Variables in files that the kubelet's unit may read, and in `Environment=` of its drop-ins. */
  readonly kubeletVariables: readonly (Place & Variable)[];
  /** Proxy variables that systemd gives to every service. */
  readonly managerProxies: readonly Variable[];
  /** Names of services that kboot sets up and that are masked: links to /dev/null. */
  readonly maskedUnits: readonly string[];
  /** Active units of other distributions of Kubernetes, and of tools that disturb a node. */
  readonly activeUnits: readonly string[];
  /** Every file that systemd-sysctl may read, and the lines there that concern a node. */
  readonly sysctlFiles: readonly string[];
  readonly sysctlSettings: readonly (Place & { readonly key: string; readonly value: string })[];
  /** Files with name servers that exist, and the addresses in them. */
  readonly resolvers: readonly { readonly file: string; readonly servers: readonly string[] }[];
  /** Number of running containers of the host's containerd, by namespace. */
  readonly containers: Readonly<Record<string, number>>;
  /** Controllers that the kernel offers; empty: unknown. */
  readonly cgroupControllers: readonly string[];
  /** Routes to networks, of all tables: `10.8.0.0/24`, or an address. */
  readonly routes: readonly { readonly network: string; readonly via: string; readonly interface: string }[];
  /** Names of all network interfaces. */
  readonly links: readonly string[];
  /** VXLAN and WireGuard interfaces; the UDP port of a VXLAN, and whether it takes every network identifier of its port. */
  readonly tunnels: readonly Tunnel[];
  /** Folders of the node that are mounted noexec, and the mount point. */
  readonly noExec: readonly { readonly folder: string; readonly mountPoint: string }[];
  /** Lines of modprobe.d that keep a kernel module from being loaded. */
  readonly modprobe: readonly (Place & {
    readonly command: 'install' | 'blacklist';
    readonly module: string;
  })[];
  /** /run/xtables.lock is a folder. */
  readonly lockIsFolder: boolean;
  /** Lines of saved packet filter rules that are loaded at boot: rules that reject everything, and chains of Kubernetes. */
  readonly savedRules: readonly (Place & { readonly rule: string })[];
  /** The kubelet of a package: absent, or whether its updates are held back. */
  readonly kubeletPackage: 'absent' | 'installed' | 'held';
}

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface Variable {
  readonly name: string;
  readonly value: string;
}

export interface Tunnel {
  readonly name: string;
  readonly kind: 'vxlan' | 'wireguard';
  readonly port?: number;
  readonly external?: true;
}

/** A host that nobody has used before. */
export const noPast: HostPast = {
  unitSettings: [],
  kubeletVariables: [],
  managerProxies: [],
  maskedUnits: [],
  activeUnits: [],
  sysctlFiles: [],
  sysctlSettings: [],
  resolvers: [],
  containers: {},
  cgroupControllers: [],
  routes: [],
  links: [],
  tunnels: [],
  noExec: [],
  modprobe: [],
  lockIsFolder: false,
  savedRules: [],
  kubeletPackage: 'absent',
};
