import { clusterServer, dnsAddress, hostPort, nthAddress } from '../desire/text/address.ts';
import type { Family } from '../inventory/address.ts';
import { hostsWith, isNode, type Cluster } from '../model/cluster.ts';
import type { DnsQuestion } from './dns.ts';
import { familiesOf, familyOf, type Addresses } from './family.ts';
import { pairs } from './pairs.ts';
import { thisMachine, verifyPort, type CheckKind, type VerifyNode } from './types.ts';

interface Route {
  readonly from: string;
  readonly to: string;
  readonly asked: string;
  readonly family?: Family;
  /** The host whose SSH connection is used; undefined: directly from this machine. */
  readonly via: string | undefined;
  readonly address: string;
  readonly port: number;
}

export interface DnsCheck extends Route {
  readonly kind: Exclude<CheckKind, 'start' | 'api' | 'cleanup'>;
  readonly question: DnsQuestion;
  /** The first value of the answer must be one of these. */
  readonly expect: readonly string[];
  /** The answer must be at least this long. */
  readonly atLeastBytes: number;
  /** The name was made for this run: DNS may learn it late. */
  readonly isNew?: true;
}

interface ApiCheck extends Route {
  readonly kind: 'api';
}

export type Check = DnsCheck | ApiCheck;

/** Addresses and port that the cluster assigned to the Services of verify. */
export interface Services {
  readonly namespace: string;
  /** Cluster IPs of one Service, one for each family of the cluster. */
  readonly clusterIPs: Addresses;
  readonly nodePort: number;
  /** Names of all nodes: a Pod on any of them can answer for a Service. */
  readonly backends: readonly string[];
  /** Load-balancer addresses, each of its own Service; a family is missing if it is not tested or got no address. */
  readonly loadBalancers: Addresses;
}

/** Answers in the zones `tcp4.verify` and `tcp6.verify` are longer than this: three packets at an MTU of 1450. */
export const longAnswer = 4000;

/** Zones of a client Pod, per family: a node's server over UDP and over TCP, and the Service. */
export const zones = {
  udp: (node: string, family: Family): string => `${node}.udp${family}.verify`,
  tcp: (node: string, family: Family): string => `${node}.tcp${family}.verify`,
  service: (family: Family): string => `service${family}.verify`,
};

/**
 * All checks to run. A check that queries a Pod enters through the SSH connection of the Pod's own host, so that only
 * the path beyond that Pod is tested; if that host is not connected, through the first connected control plane.
 */
export function makeChecks(
  cluster: Cluster,
  nodes: readonly VerifyNode[],
  services: Services,
  connected: ReadonlySet<string>,
): readonly Check[] {
  const spare = hostsWith(cluster, 'control-plane').find(({ name }) => connected.has(name))?.name;
  const viaOf = (node: string): string | undefined => (connected.has(node) ? node : spare);
  const fromPod = (
    kind: DnsCheck['kind'],
    node: VerifyNode,
    to: string,
    type: DnsQuestion['type'],
    name: string,
    source: string,
    expect: readonly string[],
    family?: Family,
  ): DnsCheck[] => {
    const via = viaOf(node.name);
    if (node.client === undefined || via === undefined) return [];
    const way = via === node.name ? '' : `, reached through ${via}`;
    const asked = `the client Pod on ${node.name} (${node.client}${way}) for ${type} ${name}, which it forwards to ${source}`;
    return [
      {
        kind,
        from: node.name,
        to,
        asked,
        ...(family !== undefined && { family }),
        via,
        address: node.client,
        port: verifyPort,
        question: { name, type },
        expect,
        atLeastBytes: kind === 'pod-tcp' ? longAnswer : 0,
      },
    ];
  };
  const between = pairs(nodes.length).flatMap(([a, b]) => {
    const [node, peer] = [nodes[a], nodes[b]];
    return node === undefined || peer === undefined ? [] : [[node, peer] as const];
  });
  const families = familiesOf(cluster);
  const podPairs = (['udp', 'tcp'] as const).flatMap((protocol) =>
    families.flatMap((family) =>
      between.flatMap(([node, peer]) => {
        const server = peer.servers[family];
        if (server === undefined) return [];
        const source = `the server Pod on ${peer.name} (${server})`;
        const name = zones[protocol](peer.name, family);
        return fromPod(`pod-${protocol}`, node, peer.name, 'TXT', name, source, [peer.name], family);
      }),
    ),
  );
  const clusterDns = `the cluster's DNS (${dnsAddress(cluster)})`;
  return [
    ...podPairs,
    ...nodes.flatMap((node) =>
      dnsNames(cluster, services).flatMap(({ name, type, address, isNew }) =>
        fromPod('dns', node, type === 'A' ? name : `${name} (AAAA)`, type, name, clusterDns, [address]).map(
          (check) => ({ ...check, ...(isNew && { isNew }) }),
        ),
      ),
    ),
    ...families.flatMap((family) =>
      nodes.flatMap((node) => {
        const clusterIP = services.clusterIPs[family];
        if (clusterIP === undefined) return [];
        const source = `the Service at ${clusterIP}`;
        const name = zones.service(family);
        return fromPod('cluster-ip', node, clusterIP, 'TXT', name, source, services.backends, family);
      }),
    ),
    ...families.flatMap((family) => nodePortChecks(family, nodes, services, connected)),
    ...(nodes.length === 0 ? [] : families.flatMap((family) => loadBalancerCheck(family, services))),
    ...apiChecks(cluster, connected),
  ];
}

/**
 * The Service that every cluster has (kube-apiserver gives it only the primary family), and one so new that CoreDNS
 * must have learned of it from the API.
 */
function dnsNames(
  cluster: Cluster,
  services: Services,
): { name: string; type: 'A' | 'AAAA'; address: string; isNew: boolean }[] {
  const { serviceSubnets, dnsDomain } = cluster.networking;
  const kubernetes = nthAddress(serviceSubnets[0] ?? '10.96.0.0/12', 1);
  const entry = (name: string, address: string, isNew: boolean): ReturnType<typeof dnsNames>[number] => ({
    name: `${name}.svc.${dnsDomain}`,
    type: familyOf(address) === 6 ? 'AAAA' : 'A',
    address,
    isNew,
  });
  return [
    entry('kubernetes.default', kubernetes, false),
    ...familiesOf(cluster)
      .map((family) => services.clusterIPs[family])
      .filter((address) => address !== undefined)
      .map((address) => entry(`cluster-ip.${services.namespace}`, address, true)),
  ];
}

/** Checks each node's port from the next connected host in the ring; a single node from itself. */
function nodePortChecks(
  family: Family,
  nodes: readonly VerifyNode[],
  { nodePort, backends }: Services,
  connected: ReadonlySet<string>,
): DnsCheck[] {
  const names = nodes.map(({ name }) => name);
  return nodes.flatMap((node, index) => {
    const ring = [...names.slice(index + 1), ...names.slice(0, index + 1)];
    const from = ring.find((name) => connected.has(name));
    const address = node.addresses[family];
    if (from === undefined || address === undefined) return [];
    const to = hostPort(address, nodePort);
    return [
      {
        kind: 'node-port',
        from,
        to: `${node.name} (${to})`,
        asked: `${to} for TXT ${zones.service(family)}, from the host ${from}`,
        family,
        via: from,
        address,
        port: nodePort,
        question: { name: zones.service(family), type: 'TXT' },
        expect: backends,
        atLeastBytes: 0,
      },
    ];
  });
}

function loadBalancerCheck(family: Family, { loadBalancers, backends }: Services): DnsCheck[] {
  const address = loadBalancers[family];
  if (address === undefined) return [];
  const to = hostPort(address, verifyPort);
  return [
    {
      kind: 'load-balancer',
      from: thisMachine,
      to,
      asked: `${to} for TXT ${zones.service(family)}, from this machine`,
      family,
      via: undefined,
      address,
      port: verifyPort,
      question: { name: zones.service(family), type: 'TXT' },
      expect: backends,
      atLeastBytes: 0,
    },
  ];
}

/** Every connected node queries the API at the endpoint that kubelets and users use. */
function apiChecks(cluster: Cluster, connected: ReadonlySet<string>): ApiCheck[] {
  const { host, port } = cluster.controlPlaneEndpoint;
  return cluster.hosts
    .filter((each) => connected.has(each.name) && isNode(each))
    .map(({ name }) => ({
      kind: 'api',
      from: name,
      to: hostPort(host, port),
      asked: `${clusterServer(cluster)}/readyz, from the host ${name}`,
      via: name,
      address: host,
      port,
    }));
}
