import type { Cluster, Host } from '../model/cluster.ts';
import { hasExternalEtcd, isNode } from '../model/cluster.ts';
import type { Inspection } from '../model/inspection.ts';
import { etcdMoved } from './preflight-etcd.ts';
import type { Finding } from './finding.ts';
import { ipv6Shortcoming } from './preflight-ipv6.ts';

type Check = (
  host: Host,
  seen: Inspection,
  cluster: Cluster,
) => Omit<Finding, 'host'> | readonly Omit<Finding, 'host'>[] | undefined;

/** Distributions whose packages and paths kboot knows (src/desire/os.ts). */
const knownSystems: Readonly<Record<string, readonly string[]>> = {
  debian: ['12', '13'],
  ubuntu: ['22.04', '24.04', '26.04'],
};

const controlPlanePorts: readonly (readonly [number, string])[] = [
  [6443, 'kube-apiserver'],
  [10257, 'kube-controller'],
  [10259, 'kube-scheduler'],
];
const etcdPorts: readonly (readonly [number, string])[] = [
  [2379, 'etcd'],
  [2380, 'etcd'],
  [2381, 'etcd'],
];
const nodePorts: readonly (readonly [number, string])[] = [
  [10250, 'kubelet'],
  [10248, 'kubelet'],
  [10256, 'kube-proxy'],
];

/** haproxy's ports: that of the virtual IP, and where keepalived asks it (desire/text/haproxy.ts). */
function balancerPorts(host: Host, cluster: Cluster): readonly (readonly [number, string])[] {
  if (cluster.loadBalancer === undefined) return [];
  const dedicated = cluster.hosts.some((each) => each.roles.includes('load-balancer'));
  if (!host.roles.includes(dedicated ? 'load-balancer' : 'control-plane')) return [];
  return [
    [cluster.loadBalancer.port, 'haproxy'],
    [8404, 'haproxy'],
  ];
}

/** Requirements of one host, from top to bottom. */
const checks: readonly Check[] = [
  (_host, seen) =>
    seen.missingTools.length === 0
      ? undefined
      : {
          check: 'Tools',
          level: 'error',
          message: `not installed: ${seen.missingTools.join(', ')}`,
          remedy: 'Install them with the package manager of the distribution.',
        },
  (_host, seen) => {
    const versions = knownSystems[seen.facts.os.id];
    if (versions?.includes(seen.facts.os.versionId) === true) return undefined;
    const name = `${seen.facts.os.id} ${seen.facts.os.versionId}`;
    return versions === undefined
      ? {
          check: 'OS',
          level: 'error',
          message: `${name} is not supported`,
          remedy: 'Use Debian 12 or 13, or Ubuntu 22.04, 24.04 or 26.04.',
        }
      : {
          check: 'OS',
          level: 'warning',
          message: `${name} was not tried with kboot`,
          remedy: `Tried are ${versions.join(', ')}.`,
        };
  },
  (_host, seen) =>
    seen.systemd
      ? undefined
      : {
          check: 'Systemd',
          level: 'error',
          message: 'systemd is not PID 1',
          remedy: 'kboot installs systemd services; use a host that runs systemd.',
        },
  (host, seen) =>
    !host.roles.includes('control-plane') || seen.cpus >= 2
      ? undefined
      : {
          check: 'NumCPU',
          level: 'error',
          message: `${seen.cpus} CPU; a control plane needs 2`,
          remedy: 'Give the machine another CPU.',
        },
  (host, seen) =>
    !host.roles.includes('control-plane') || seen.memoryMiB >= 1700
      ? undefined
      : {
          check: 'Mem',
          level: 'error',
          message: `${seen.memoryMiB} MiB of memory; a control plane needs 1700`,
          remedy: 'Give the machine more memory.',
        },
  (host, seen, cluster) =>
    !isNode(host) ||
    seen.cgroupVersion === 2 ||
    cluster.kubelet.config['failCgroupV1'] === false ||
    minor(cluster) < 35
      ? undefined
      : {
          check: 'Cgroups',
          level: 'error',
          message: 'cgroup v1; a kubelet of v1.35 or later refuses it',
          remedy:
            'Boot with systemd.unified_cgroup_hierarchy=1, or set spec.kubelet.config.failCgroupV1: false.',
        },
  (_host, seen) => {
    const [major = 0, second = 0] = seen.kernel.split('.').map(Number);
    return major > 5 || (major === 5 && second >= 4)
      ? undefined
      : {
          check: 'KernelVersion',
          level: 'error',
          message: `Linux ${seen.kernel}; Kubernetes needs 5.4 or later`,
          remedy: 'Install a newer kernel.',
        };
  },
  (_host, seen, cluster) =>
    seen.apiServerVersion === '' || seen.apiServerVersion === cluster.kubernetesVersion
      ? undefined
      : {
          check: 'KubernetesVersion',
          level: 'error',
          message: `its control plane runs ${seen.apiServerVersion}, the inventory wants ${cluster.kubernetesVersion}; kboot does not upgrade yet`,
          remedy: `Set spec.kubernetesVersion back to ${seen.apiServerVersion}.`,
        },
  (host, seen) =>
    seen.addresses.some((entry) => entry.address === host.address)
      ? undefined
      : {
          check: 'NodeAddress',
          level: 'error',
          message: `no interface holds ${host.address}; there are ${seen.addresses.map((entry) => `${entry.address} (${entry.interface})`).join(', ')}`,
          remedy: `Set the host's address in the inventory to one of these.`,
        },
  ipv6Shortcoming,
  (host, seen, cluster) => {
    const wanted = [
      ...(host.roles.includes('control-plane') ? controlPlanePorts : []),
      ...(host.roles.includes('etcd') || (host.roles.includes('control-plane') && !hasExternalEtcd(cluster))
        ? etcdPorts
        : []),
      ...(isNode(host) ? nodePorts : []),
      ...balancerPorts(host, cluster),
    ];
    return wanted.flatMap(([port, program]) => {
      const other = seen.listening.find(
        (entry) => entry.port === port && entry.program !== '?' && !entry.program.startsWith(program),
      );
      return other === undefined
        ? []
        : [
            {
              check: `Port-${port}`,
              level: 'error' as const,
              message: `port ${port} is in use by ${other.program}`,
              remedy: `Stop ${other.program}; ${program} needs this port.`,
            },
          ];
    });
  },
  (host, seen) => {
    const known = host.roles.includes('control-plane')
      ? ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
      : [];
    const foreign = seen.manifests.filter(
      (name) => !name.startsWith('.') && !known.includes(name.replace(/\.yaml$/, '')),
    );
    return foreign.length === 0
      ? undefined
      : {
          check: 'ForeignManifests',
          level: 'error',
          message: `/etc/kubernetes/manifests holds ${foreign.join(', ')}; the kubelet runs every file there`,
          remedy: 'Move these files elsewhere if they are not meant to run.',
        };
  },
  (_host, seen) =>
    seen.nameLookupMs !== null && seen.nameLookupMs < 2000
      ? undefined
      : {
          check: 'NameResolution',
          level: 'warning',
          message: `looking up its own name ${seen.hostname} ${seen.nameLookupMs === null ? 'does not end in 5 s' : `takes ${seen.nameLookupMs} ms`}; the kubelet would wait for it`,
          remedy: `Add ${seen.hostname} to /etc/hosts or mend the name server in /etc/resolv.conf.`,
        },
  (host, seen) =>
    Object.entries(seen.freeMiB).flatMap(([folder, free]) => {
      const needed = folder === '/var/lib' ? (isNode(host) ? 2048 : 512) : folder === '/usr/local' ? 400 : 10;
      // A host that is set up already holds what this room is for.
      return free >= needed || (seen.clusterId !== '' && free >= needed / 10)
        ? []
        : [
            {
              check: 'DiskSpace',
              level: 'error' as const,
              message: `${free} MiB free at ${folder}; ${needed} MiB are needed`,
              remedy: `Free space at ${folder}.`,
            },
          ];
    }),
  (_host, seen) =>
    Math.abs(seen.clockSkewMs) < 60_000
      ? undefined
      : {
          check: 'ClockSkew',
          level: 'error',
          message: `its clock is ${Math.round(Math.abs(seen.clockSkewMs) / 1000)} s ${seen.clockSkewMs > 0 ? 'ahead of' : 'behind'} this machine's; certificates and etcd need equal clocks`,
          remedy: 'Set up time synchronisation (systemd-timesyncd or chrony) here and there.',
        },
];

/** Every requirement that is not met, of every probed host, and between hosts. `clusterId` is this cluster's, if it has one. */
export function preflight(
  cluster: Cluster,
  seen: ReadonlyMap<string, Inspection>,
  clusterId: string | undefined,
  ignore: readonly string[],
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const host of cluster.hosts) {
    const inspection = seen.get(host.name);
    if (inspection === undefined) continue;
    for (const check of [...checks, etcdMoved, foreignCluster(clusterId)]) {
      const result = check(host, inspection, cluster);
      for (const finding of result === undefined ? [] : 'check' in result ? [result] : result)
        findings.push({ ...finding, host: host.name });
    }
  }
  findings.push(...virtualIPTaken(cluster, seen), ...formerPeers(cluster, seen));
  findings.push(
    ...notUnique(
      seen,
      'MachineID',
      'machine-id',
      (s) => s.machineId,
      'Remove /etc/machine-id and run systemd-machine-id-setup on a cloned host.',
    ),
  );
  findings.push(
    ...notUnique(
      seen,
      'ProductUUID',
      'product_uuid',
      (s) => s.productUuid,
      'Give cloned virtual machines new UUIDs.',
    ),
  );
  return withoutIgnored(findings, ignore);
}

/** Without those whose check the operator passes over by name, or by `all`. */
export function withoutIgnored(findings: readonly Finding[], ignore: readonly string[]): Finding[] {
  return findings.filter((finding) => !ignore.includes(finding.check) && !ignore.includes('all'));
}

function foreignCluster(clusterId: string | undefined): Check {
  return (_host, seen) => {
    const stamped = seen.clusterId !== '' && seen.clusterId !== clusterId;
    const unstamped = seen.clusterId === '' && seen.caDigest !== '';
    if (!stamped && !unstamped) return undefined;
    const whose = stamped
      ? `it belongs to the kboot cluster with ID ${seen.clusterId.slice(0, 20)}…${clusterId === undefined ? ', and the state folder has no CA' : ''}`
      : "it has a Kubernetes CA that is not kboot's (/etc/kubernetes/pki/ca.crt)";
    return {
      check: 'ForeignCluster',
      level: 'error',
      message: whose,
      remedy: stamped
        ? "Check the inventory's name and --state DIR: the state folder of that cluster is needed. To give the host up, `kboot reset` it with that cluster's inventory."
        : 'Reset it with the tool that made it (`kubeadm reset`), then remove /etc/kubernetes.',
    };
  };
}

/** The virtual IP must answer to nobody before keepalived first takes it; a load balancer that holds it is no stranger. */
function virtualIPTaken(cluster: Cluster, seen: ReadonlyMap<string, Inspection>): Finding[] {
  const virtualIP = cluster.loadBalancer?.virtualIP;
  if (virtualIP === undefined) return [];
  const ours = [...seen.values()].some(({ addresses }) =>
    addresses.some(({ address }) => address === virtualIP),
  );
  if (ours) return [];
  // What is remembered of a host of ours that held it until a moment ago is no stranger.
  const own = new Set([...seen.values()].flatMap(({ macAddresses }) => macAddresses));
  return [...seen]
    .filter(([, { virtualIPHeldBy }]) => virtualIPHeldBy !== '' && !own.has(virtualIPHeldBy))
    .slice(0, 1)
    .map(([host, inspection]) => ({
      check: 'VirtualIP',
      level: 'error',
      host,
      message: `${virtualIP} already answers: a machine with the MAC address ${inspection.virtualIPHeldBy} holds it`,
      remedy:
        'Choose a free address for spec.loadBalancer.virtualIP, or take it from that machine (a host remembers its answer for up to a minute).',
    }));
}

/** A load balancer that hears no more of the others takes the virtual IP for itself (RFC 5798 6.4.2). */
function formerPeers(cluster: Cluster, seen: ReadonlyMap<string, Inspection>): Finding[] {
  const port = cluster.loadBalancer?.port ?? 0;
  const addresses = [...new Set([...seen.values()].flatMap((inspection) => inspection.formerPeers))];
  return addresses.map((address) => ({
    check: 'FormerLoadBalancer',
    level: 'error',
    host: [...seen].find(([, inspection]) => inspection.formerPeers.includes(address))?.[0] ?? '',
    message: `its peer ${address} left the inventory, and balances on (port ${port}): once the others leave it alone, it takes the virtual IP as a second holder`,
    remedy:
      'Power that machine off; or put it back into the inventory, `kboot reset INVENTORY --limit` it, and take it out then.',
  }));
}

function notUnique(
  seen: ReadonlyMap<string, Inspection>,
  check: string,
  what: string,
  value: (inspection: Inspection) => string,
  remedy: string,
): Finding[] {
  const first = new Map<string, string>();
  return [...seen].flatMap(([host, inspection]) => {
    const own = value(inspection);
    const other = first.get(own);
    if (own === '' || other === undefined) {
      first.set(own, host);
      return [];
    }
    return [{ check, level: 'error' as const, host, message: `its ${what} is also ${other}'s`, remedy }];
  });
}

function minor(cluster: Cluster): number {
  return Number(cluster.kubernetesVersion.split('.')[1]);
}
