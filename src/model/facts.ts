/**
 * What rendering needs to know of a host beyond the inventory. Read by the probe;
 * `assumedFacts` stands in where no host is asked (render, plan --offline).
 */
export interface HostFacts {
  readonly architecture: 'amd64' | 'arm64';
  /** /etc/os-release: ID and VERSION_ID, e.g. `debian` and `12`. */
  readonly os: { readonly id: string; readonly versionId: string };
  /** Optional CA folders that exist on the host; kubeadm mounts only those (util/staticpod). */
  readonly caDirectories: readonly string[];
  /** systemd-resolved runs: the kubelet must read its upstream file (kubeadm componentconfigs/kubelet.go). */
  readonly systemdResolved: boolean;
  /** The interface that holds the host's address. */
  readonly interface: string;
}

export const assumedFacts: HostFacts = {
  architecture: 'amd64',
  os: { id: 'debian', versionId: '12' },
  caDirectories: ['/etc/ca-certificates', '/usr/local/share/ca-certificates', '/usr/share/ca-certificates'],
  systemdResolved: false,
  interface: 'eth0',
};
