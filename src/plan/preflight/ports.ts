import {
  hasExternalEtcd,
  isNode,
  type Cluster,
  type ExtraArg,
  type Host,
  type Json,
} from '../../model/cluster.ts';
import { extraValue } from '../../desire/text/args.ts';
import { healthzPortOf, kubeletConfigOf } from '../../desire/text/kubelet-settings.ts';
import { defaultSpreadPort } from '../../model/spread.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';
import { balancerPorts } from './load-balancer.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/** A port that a program of the cluster listens on. `program` is what `ss` calls it: at most 15 characters. */
export interface WantedPort {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly program: string;
}

/** Every port that the programs of a host listen on, where the inventory has moved them to; health and metrics too. */
export function portsOf(host: Host, cluster: Cluster): readonly WantedPort[] {
  const has = (role: Host['roles'][number]): boolean => host.roles.includes(role);
  const tcp = (program: string, ...ports: readonly number[]): WantedPort[] =>
    ports.filter((port) => port > 0).map((port) => ({ port, protocol: 'tcp', program }));
  const { kubeProxy } = cluster;
  const kubelet = kubeletConfigOf(cluster, host);
  const memberHere = has('etcd') || (has('control-plane') && !hasExternalEtcd(cluster));
  return [
    ...(has('control-plane')
      ? [...tcp('kube-apiserver', 6443), ...tcp('kube-controller', 10257), ...tcp('kube-scheduler', 10259)]
      : []),
    ...(memberHere ? tcp('etcd', 2379, 2380, ...metricsPorts(cluster.etcd.extraArgs)) : []),
    ...(isNode(host)
      ? [
          ...tcp(
            'kubelet',
            numberOr(kubelet['port'], 10250),
            healthzPortOf(cluster, host),
            numberOr(kubelet['readOnlyPort'], 0),
          ),
          ...(kubeProxy === undefined
            ? []
            : tcp(
                'kube-proxy',
                addressPort(kubeProxy.config['healthzBindAddress'], 10256),
                addressPort(kubeProxy.config['metricsBindAddress'], 10249),
              )),
          ...flannelPorts(cluster),
          ...(cluster.metallb === undefined
            ? []
            : [...tcp('speaker', 7472, 7946), { port: 7946, protocol: 'udp' as const, program: 'speaker' }]),
        ]
      : []),
    ...balancerPorts(host, cluster).flatMap(([port, program]) => tcp(program, port)),
  ];
}

/** flannel's health; its tunnels are the kernel's own sockets (Documentation/backends.md). */
function flannelPorts({ networking }: Cluster): readonly WantedPort[] {
  const { flannel, podSubnets } = networking;
  if (flannel === undefined) return [];
  const udp = (port: number): WantedPort => ({ port, protocol: 'udp', program: 'flannel' });
  const tunnels: Readonly<Record<typeof flannel.backend, readonly WantedPort[]>> = {
    vxlan: [udp(8472)],
    wireguard: [udp(51820), ...(podSubnets.length > 1 ? [udp(51821)] : [])],
    'host-gw': [],
  };
  return [{ port: 8081, protocol: 'tcp', program: 'flanneld' }, ...tunnels[flannel.backend]];
}

/**
 * Other programs on these ports. Before kboot set up the host, this includes programs of the same name: they belong to
 * another cluster. A socket without a program is the kernel's, or could not be read.
 */
export function portsInUse(host: Host, seen: Inspection, cluster: Cluster): readonly Omit<Finding, 'host'>[] {
  const ours = seen.clusterId !== '';
  const wanted = portsOf(host, cluster);
  const taken = wanted.flatMap(({ port, protocol, program }) => {
    const open = protocol === 'tcp' ? seen.listening : seen.udpListening;
    const other = open.find(
      (entry) => entry.port === port && entry.program !== '?' && !(ours && isProgram(entry.program, program)),
    );
    return other === undefined
      ? []
      : [
          {
            check: `Port-${port}` as const,
            level: 'error' as const,
            message: isProgram(other.program, program)
              ? `${protocol === 'udp' ? 'UDP ' : ''}port ${port} is in use by ${other.program}, which is not kboot's: this host has not been set up yet`
              : `${protocol === 'udp' ? 'UDP ' : ''}port ${port} is in use by ${other.program}`,
            ...remedyFields(remedies.stopProgram({ other: other.program, program })),
          },
        ];
  });
  return [...taken, ...tunnelsInTheWay(wanted, seen), ...spreadPortInUse(seen, cluster)];
}

/** Another program on the port on which hosts pass files on: others can do without this host. */
function spreadPortInUse(seen: Inspection, { artifacts }: Cluster): Omit<Finding, 'host'>[] {
  const { spread, fetch, spreadPort: port = defaultSpreadPort } = artifacts;
  const other = seen.listening.find((entry) => entry.port === port);
  if ((spread === undefined && fetch === undefined) || other === undefined) return [];
  return [
    {
      ...{ check: `Port-${port}`, level: 'warning' },
      message: `port ${port} is in use by ${other.program}: this host may not be able to pass files on to others`,
      ...remedyFields(remedies.freeSpreadPort),
    },
  ];
}

/** Tunnels of the kernel on flannel's port. A VXLAN that takes all identifiers of a port cannot share it (EADDRINUSE). */
function tunnelsInTheWay(wanted: readonly WantedPort[], seen: Inspection): Omit<Finding, 'host'>[] {
  const open = new Set(seen.udpListening.filter(({ program }) => program === '?').map(({ port }) => port));
  const { tunnels, links } = seen.past;
  return wanted
    .filter(({ program }) => program === 'flannel')
    .flatMap(({ port }) => {
      const others = tunnels.filter(({ name, kind, port: own, external }) =>
        kind === 'vxlan'
          ? own === port && external === true && !name.startsWith('flannel')
          : port !== 8472 && open.has(port) && !links.some((link) => link.startsWith('flannel-wg')),
      );
      return others.length === 0
        ? []
        : [
            {
              check: `Port-${port}` as const,
              level: 'error' as const,
              message: `UDP port ${port} is in use by the kernel for ${others.map(({ name }) => name).join(', ')}`,
              ...remedyFields(remedies.removeInterface),
            },
          ];
    });
}

function isProgram(actual: string, expected: string): boolean {
  return actual.startsWith(expected);
}

function numberOr(value: Json | undefined, standard: number): number {
  return typeof value === 'number' ? value : standard;
}

/** The port of `0.0.0.0:10256` or `[::]:10256`. */
function addressPort(value: Json | undefined, standard: number): number {
  const [, port] = typeof value === 'string' ? (/:(\d+)$/.exec(value) ?? []) : [];
  return port === undefined ? standard : Number(port);
}

/** etcd's `--listen-metrics-urls`, several with commas. */
function metricsPorts(args: readonly ExtraArg[]): readonly number[] {
  const stated = extraValue(args, 'listen-metrics-urls');
  if (stated === undefined) return [2381];
  return stated.split(',').flatMap((url) => {
    const [, port] = /:(\d+)\/?$/.exec(url.trim()) ?? [];
    return port === undefined ? [] : [Number(port)];
  });
}
