/** Names of the preflight checks, as findings, `--ignore-preflight` and spec.preflight.ignore use them. `Port` means all of Port-N. */
const names = [
  ...(['Tools', 'OS', 'Architecture', 'Systemd', 'NumCPU', 'Mem', 'Cgroups'] as const),
  ...(['KernelVersion', 'KubernetesVersion'] as const),
  ...(['NodeAddress', 'Hostname', 'IPv6', 'AcceptRA', 'Firewall', 'Docker'] as const),
  ...(['ForeignManifests', 'ExtraVolumes'] as const),
  ...([
    'NameResolution',
    'DiskSpace',
    'ClockSkew',
    'TimeService',
    'MachineID',
    'ProductUUID',
    'ForeignCluster',
  ] as const),
  ...(['VirtualIP', 'VirtualIPInterface', 'VirtualIPNetwork', 'FormerLoadBalancer'] as const),
  ...(['ControlPlaneEndpoint', 'EtcdServers', 'EtcdQuorum', 'EtcdData', 'EtcdBackup'] as const),
  ...(['CgroupControllers', 'KernelModules', 'NoExec', 'ForeignKubernetes', 'ForeignNetwork'] as const),
  ...(['KubeletUnit', 'KubeletFlags', 'KubeletPackage', 'Proxy', 'ContainerdUnit', 'Containers'] as const),
  ...(['MaskedUnit', 'NameServers', 'NetworkOverlap', 'Sysctl', 'XtablesLock', 'SavedRules'] as const),
  ...(['ExternalEtcd', 'ExternalEtcdVersion', 'ImmutableField'] as const),
  ...(['ComponentConfig', 'Encryption', 'NetworkPolicy', 'EtcdUser'] as const),
  ...(['ControlPlaneNodesReady', 'StaticPodsReady', 'PodDisruptionBudget', 'BarePods'] as const),
  ...(['EmptyDirPods', 'Webhook', 'DeprecatedAPI', 'StoredObjects', 'UpgradeUnread'] as const),
  ...(['AddonObject', 'Runtime'] as const),
];

export type CheckName = (typeof names)[number] | `Port-${number}`;

/** Every check, for people: the ports as `Port-N`. */
export const knownChecks: readonly string[] = [...names, 'Port-N'];

/** Checks that nobody can ignore, and why. */
const notIgnorable: Readonly<Partial<Record<CheckName, string>>> = {
  Architecture: 'no release files run there',
  Encryption: 'what etcd holds could become unreadable for ever',
  ForeignCluster: 'kboot would destroy the other cluster',
  ImmutableField: 'the running cluster would break in the middle of the change',
  KubernetesVersion: 'Kubernetes does not support such a step, and the cluster would break half-way',
};

/** Whether a check is made when the inventory is read, before any flag counts: only the inventory can ignore it. */
export function isOfInventory(check: string): boolean {
  return check === 'ComponentConfig';
}

/** Why a check cannot be ignored; undefined if it can. */
export function whyNotIgnorable(check: string): string | undefined {
  return Object.hasOwn(notIgnorable, check) ? notIgnorable[check as CheckName] : undefined;
}

/** Whether there is a check of this name; `all` means every one that can be ignored. */
export function isCheck(name: string): boolean {
  return name === 'all' || names.some((each) => each === name) || /^Port-\d+$/.test(name);
}
