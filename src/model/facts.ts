/**
 * Facts about a host that rendering needs in addition to the inventory. Read by the probe;
 * `assumedFacts` is used if no host is contacted (render, plan --offline).
 */
export interface HostFacts {
  readonly architecture: 'amd64' | 'arm64';
  /** /etc/os-release: ID and VERSION_ID, e.g. `debian` and `12`, and the words of ID_LIKE. */
  readonly os: { readonly id: string; readonly versionId: string; readonly like?: readonly string[] };
  /** Optional CA folders that exist on the host; kubeadm mounts only those (util/staticpod). */
  readonly caDirectories: readonly string[];
  /** Whether systemd-resolved runs: the kubelet must then read its upstream file (kubeadm componentconfigs/kubelet.go). */
  readonly systemdResolved: boolean;
  /** What keeps the clock: what runs, or else what is installed; absent: nothing. `other`: ntpd and the like. */
  readonly timeService?: 'chrony' | 'timesyncd' | 'other';
  /** Whether kboot's files of spec.ntp are there. */
  readonly ntpFiles?: true;
  /** IDs of the user `etcd`; absent: there is none. */
  readonly etcdUser?: { readonly uid: number; readonly gid: number };
  /** The interface that has the host's address. */
  readonly interface: string;
}

export const assumedFacts: HostFacts = {
  architecture: 'amd64',
  os: { id: 'debian', versionId: '12' },
  caDirectories: ['/etc/ca-certificates', '/usr/local/share/ca-certificates', '/usr/share/ca-certificates'],
  systemdResolved: false,
  timeService: 'timesyncd',
  interface: 'eth0',
};
