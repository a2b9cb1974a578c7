import { kubeletConfigOf } from '../../desire/text/kubelet-settings.ts';
import type { Cluster, Host } from '../../model/cluster.ts';
import { isNode } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import { minorOf } from '../../model/minor.ts';
import { whyNotIgnorable, type CheckName } from '../../model/preflight-checks.ts';
import { failedBackups } from './backup.ts';
import { etcdMoved } from './etcd.ts';
import { etcdUserFree } from './etcd-user.ts';
import { extraVolumesThere } from './extra-volumes.ts';
import { kernelFeaturesThere } from './kernel-features.ts';
import { packetQueue } from './network-policy.ts';
import type { Finding } from './finding.ts';
import { firewallShortcomings } from './firewall.ts';
import { strangeStamp } from './foreign-host.ts';
import { foreignManifests } from './manifests.ts';
import { ipv6Shortcoming } from './ipv6.ts';
import { formerPeers, virtualIPOutOfPlace, virtualIPTaken } from './load-balancer.ts';
import { pastChecks } from './past/index.ts';
import { portsInUse } from './ports.ts';
import { dockerThere } from './runtime.ts';
import { runtimeProgramsThere } from './runtimes.ts';
import { foreignTimeService } from './time.ts';
import { architectureShortcoming, distributionShortcoming, kernelShortcoming } from './system.ts';
import { remedyFields, type Text } from '../../model/language/text.ts';
import { remedies } from './remedies.ts';

type Check = (
  host: Host,
  seen: Inspection,
  cluster: Cluster,
) => Omit<Finding, 'host'> | readonly Omit<Finding, 'host'>[] | undefined;

/** Requirements of one host, in the order of their findings. */
const checks: readonly Check[] = [
  (_host, seen) =>
    seen.missingTools.length === 0
      ? undefined
      : {
          check: 'Tools',
          level: 'error',
          message: `not installed: ${seen.missingTools.join(', ')}`,
          ...remedyFields(remedies.installTools),
        },
  distributionShortcoming,
  foreignTimeService,
  runtimeProgramsThere,
  architectureShortcoming,
  (_host, seen) =>
    seen.systemd
      ? undefined
      : {
          check: 'Systemd',
          level: 'error',
          message: 'systemd is not PID 1',
          ...remedyFields(remedies.needsSystemd),
        },
  (host, seen) =>
    !host.roles.includes('control-plane') || seen.cpus >= 2
      ? undefined
      : {
          check: 'NumCPU',
          level: 'error',
          message: `${seen.cpus} CPU; a control plane needs 2`,
          ...remedyFields(remedies.moreCpus),
        },
  (host, seen) =>
    !host.roles.includes('control-plane') || seen.memoryMiB >= 1700
      ? undefined
      : {
          check: 'Mem',
          level: 'error',
          message: `${seen.memoryMiB} MiB of memory; a control plane needs 1700`,
          ...remedyFields(remedies.moreMemory),
        },
  (host, seen, cluster) =>
    !isNode(host) ||
    seen.cgroupVersion === 2 ||
    kubeletConfigOf(cluster, host)['failCgroupV1'] === false ||
    minorOf(cluster.kubernetesVersion) < 35
      ? undefined
      : {
          check: 'Cgroups',
          level: 'error',
          message: 'cgroup v1; a kubelet of v1.35 or later refuses it',
          ...remedyFields(remedies.cgroups),
        },
  kernelShortcoming,
  (host, seen) =>
    seen.addresses.some((entry) => entry.address === host.address)
      ? undefined
      : {
          check: 'NodeAddress',
          level: 'error',
          message: `no interface has ${host.address}; the host has ${seen.addresses
            .filter((entry) => entry.interface !== 'lo' && !entry.address.startsWith('fe80:'))
            .map((entry) => `${entry.address} (${entry.interface})`)
            .join(', ')}`,
          ...remedyFields(remedies.oneOfTheAddresses),
        },
  (host, seen, cluster) => {
    const [own = ''] = seen.hostname.split('.');
    const other = cluster.hosts.find(({ name }) => name === seen.hostname || name === own);
    return other === undefined || other.name === host.name || own === host.name
      ? undefined
      : {
          check: 'Hostname',
          level: 'error',
          message: `this machine has the hostname ${seen.hostname}, but ${other.name} is another host of the inventory`,
          ...remedyFields(remedies.setHostname({ host: host.name })),
        };
  },
  ipv6Shortcoming,
  firewallShortcomings,
  virtualIPOutOfPlace,
  dockerThere,
  portsInUse,
  ...pastChecks,
  foreignManifests,
  extraVolumesThere,
  packetQueue,
  kernelFeaturesThere,
  etcdUserFree,
  (_host, seen) =>
    seen.nameLookupMs !== null && seen.nameLookupMs < 2000
      ? undefined
      : {
          check: 'NameResolution',
          level: 'warning',
          message: `the lookup of its own name ${seen.hostname} ${seen.nameLookupMs === null ? 'did not finish in 5 s' : `took ${seen.nameLookupMs} ms`}; the kubelet would wait for it`,
          ...remedyFields(remedies.addHostname({ name: seen.hostname })),
        },
  (host, seen, cluster) =>
    Object.entries(seen.freeMiB).flatMap(([folder, free]) => {
      const needed = neededMiB(folder, host, cluster);
      // A host that is already set up contains the files that need this space.
      return free >= needed || (seen.clusterId !== '' && free >= needed / 10)
        ? []
        : [
            {
              check: 'DiskSpace',
              level: 'error' as const,
              message: `${free} MiB free at ${folder}; ${needed} MiB are needed`,
              ...remedyFields(remedies.freeSpaceAt({ folder })),
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
          ...remedyFields(remedies.syncTime),
        },
];

function neededMiB(folder: string, host: Host, cluster: Cluster): number {
  if (folder === '/var/lib') return isNode(host) ? 2048 : 512;
  if (folder === cluster.etcd.dataDir) return 512;
  return folder === '/usr/local' ? 400 : 10;
}

/** Every unmet requirement of every probed host, and between hosts. `clusterId` is this cluster's, if it has one. */
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
  findings.push(
    ...virtualIPTaken(cluster, seen),
    ...formerPeers(cluster, seen),
    ...failedBackups(cluster, seen),
  );
  findings.push(
    ...notUnique(seen, 'MachineID', 'machine-id', (s) => s.machineId, remedies.newMachineId),
    ...notUnique(seen, 'ProductUUID', 'product_uuid', (s) => s.productUuid, remedies.newUuid),
  );
  return withoutIgnored(findings, ignore);
}

/** The findings whose check is not ignored, by its name or by `all`. Some checks cannot be ignored. */
export function withoutIgnored(findings: readonly Finding[], ignore: readonly string[]): Finding[] {
  const all = ignore.includes('all');
  return findings.filter(
    ({ check }) => whyNotIgnorable(check) !== undefined || !(all || ignore.includes(check)),
  );
}

function foreignCluster(clusterId: string | undefined): Check {
  return (_host, seen, cluster) => {
    const base = { check: 'ForeignCluster', level: 'error' } as const;
    if (seen.clusterId !== '' && seen.clusterId !== clusterId) {
      const { message, remedy } = strangeStamp(cluster, seen.clusterId, clusterId);
      return { ...base, message, ...remedyFields(remedy) };
    }
    if (seen.clusterId !== '' || seen.caDigest === '') return undefined;
    return {
      ...base,
      message: 'it belongs to a Kubernetes cluster that kboot did not create (/etc/kubernetes/pki/ca.crt)',
      ...remedyFields(remedies.adoptOrRemove),
    };
  };
}

function notUnique(
  seen: ReadonlyMap<string, Inspection>,
  check: CheckName,
  what: string,
  value: (inspection: Inspection) => string,
  remedy: Text,
): Finding[] {
  const first = new Map<string, string>();
  return [...seen].flatMap(([host, inspection]) => {
    const own = value(inspection);
    const other = first.get(own);
    if (own === '' || other === undefined) {
      first.set(own, host);
      return [];
    }
    const base = { check, level: 'error' as const, host };
    const shared = sharedAddress(inspection, seen.get(other));
    if (shared === undefined)
      return [{ ...base, message: `its ${what} is also ${other}'s`, ...remedyFields(remedy) }];
    return [
      {
        ...base,
        message: `this is the same machine as ${other}: both have ${shared} and the same ${what}`,
        ...remedyFields(remedies.sameMachine),
      },
    ];
  });
}

/** An address of both entries if their addresses are all the same, which makes them one machine. */
function sharedAddress(one: Inspection, other: Inspection | undefined): string | undefined {
  const of = ({ addresses = [] }: Partial<Inspection> = {}): string[] =>
    addresses.flatMap(({ address, interface: device }) => (device === 'lo' ? [] : [address])).sort();
  const [mine, theirs] = [of(one), of(other)];
  return mine.join(' ') === theirs.join(' ') ? mine[0] : undefined;
}
