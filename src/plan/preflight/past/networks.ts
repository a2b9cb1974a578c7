import {
  includes,
  networkOf,
  overlap,
  parseRange,
  isProblem,
  type Range,
} from '../../../inventory/address.ts';
import { addressesOf, isNode, type Cluster } from '../../../model/cluster.ts';
import { levelOf, type PastCheck, type Shortcoming } from './shortcoming.ts';
import { remedies } from '../remedies.ts';
import { remedyFields } from '../../../model/language/text.ts';

/** Interfaces of flannel, kube-proxy and Pods: of this cluster, or of one whose state goes before the kubelet starts. */
const ownLink = /^(lo|cni0|flannel[.-].*|flannel-.*|kube-ipvs0|nodelocaldns|veth.*)$/;

/** Bridges and tunnels whose networks other machines cannot reach. */
const inner =
  /^(docker\d*|br-[0-9a-f]{12}|virbr\d+|lxcbr\d+|lxdbr\d+|podman\d+|cni-podman\d+|tun\d+|tap\d+|wg.*|tailscale\d+|zt.*)$/;

/** Addresses of all hosts, once for a cluster: each of a thousand hosts is held to them. */
function addressesIn(cluster: Cluster): ReadonlySet<string> {
  const known = hostAddresses.get(cluster) ?? new Set(cluster.hosts.flatMap(addressesOf));
  hostAddresses.set(cluster, known);
  return known;
}

const hostAddresses = new WeakMap<Cluster, ReadonlySet<string>>();

interface Held {
  readonly range: Range;
  readonly interface: string;
  /** `route 10.244.0.0/16 via tun0`, `address 172.17.0.1/16 of docker0` */
  readonly title: string;
  readonly direct: boolean;
}

/**
 * Networks of the host that overlap those of Pods and Services: packets for a Pod would go there instead. A route to a
 * larger network through a gateway does no harm, since flannel's are more specific; nor does a default route.
 */
export const networkOverlap: PastCheck = (host, seen, cluster) => {
  if (!isNode(host)) return [];
  const gateways = addressesIn(cluster);
  // flannel's routes, through other hosts' addresses in the network of spec.networking.flannel.interface.
  const byFlannel = seen.clusterId !== '' && cluster.networking.flannel?.backend === 'host-gw';
  const held: readonly Held[] = [
    ...seen.addresses.flatMap(({ address, prefix, interface: name }): Held[] => {
      const range = networkOf(`${address}/${prefix}`);
      return range === undefined || ownLink.test(name)
        ? []
        : [{ range, interface: name, title: `the address ${address}/${prefix} of ${name}`, direct: true }];
    }),
    ...seen.past.routes.flatMap(({ network, via, interface: name }): Held[] => {
      const range = networkOf(network);
      if (range === undefined || ownLink.test(name) || gateways.has(via) || (byFlannel && via !== ''))
        return [];
      const way = [...(via === '' ? [] : [`via ${via}`]), ...(name === '' ? [] : [`dev ${name}`])].join(' ');
      return [{ range, interface: name, title: `the route ${network} ${way}`.trimEnd(), direct: via === '' }];
    }),
  ];
  const clusterNetworks = [
    ...cluster.networking.podSubnets.map((text) => ({ text, field: 'podSubnet' })),
    ...cluster.networking.serviceSubnets.map((text) => ({ text, field: 'serviceSubnet' })),
  ];
  return [
    ...clusterNetworks.flatMap(({ text, field }): Shortcoming[] => {
      const network = networkOf(text);
      if (network === undefined) return [];
      // On a node of the cluster, addresses and routes of the Pod network are those of the CNI that is not kboot's.
      const byCni =
        field === 'podSubnet' && seen.clusterId !== '' && cluster.networking.flannel === undefined;
      const touching = held.filter(
        ({ range, interface: name }) =>
          overlap(range, network) && !(byCni && includes(network, range) && !inner.test(name)),
      );
      const inside = distinct(touching.filter(({ range }) => includes(network, range)));
      const around = distinct(touching.filter(({ range, direct }) => direct && !includes(network, range)));
      // On a node of the cluster, the larger network has been accepted.
      const found = inside.length > 0 ? inside : seen.clusterId === '' ? around : [];
      if (found.length === 0) return [];
      return [
        {
          check: 'NetworkOverlap',
          level: inside.length > 0 ? levelOf(seen) : 'warning',
          message: `${titles(found)} ${found.length === 1 ? 'overlaps' : 'overlap'} spec.networking.${field} ${text}${inside.length > 0 ? '' : ': machines with these addresses are not reachable from the cluster'}`,
          ...remedyFields(remedies.freeNetwork({ field })),
        },
      ];
    }),
    ...pools(cluster).flatMap(({ text, range: pool }): Shortcoming[] => {
      const found = distinct(
        held.filter(
          ({ range, interface: name, direct }) => direct && inner.test(name) && overlap(range, pool),
        ),
      );
      return found.length === 0
        ? []
        : [
            {
              check: 'NetworkOverlap',
              level: levelOf(seen),
              message: `${titles(found)} ${found.length === 1 ? 'overlaps' : 'overlap'} the addresses ${text} of MetalLB`,
              ...remedyFields(remedies.addressesOfHosts),
            },
          ];
    }),
  ];
};

const shown = 3;

function titles(found: readonly Held[]): string {
  const names = found.slice(0, shown).map(({ title }) => title);
  const rest = found.length - names.length;
  return rest > 0 ? `${names.join(', ')} and ${rest} more` : names.join(' and ');
}

/** One of each interface and network: the kernel adds a route for each address. */
function distinct(found: readonly Held[]): readonly Held[] {
  const key = ({ interface: name, range }: Held): string =>
    `${name} ${range.family} ${range.first} ${range.last}`;
  return [...new Map([...found].reverse().map((each) => [key(each), each])).values()].reverse();
}

function pools({ metallb }: Cluster): { readonly text: string; readonly range: Range }[] {
  return (metallb?.pools ?? []).flatMap(({ addresses }) =>
    addresses.flatMap((text) => {
      const range = parseRange(text);
      return isProblem(range) ? [] : [{ text, range }];
    }),
  );
}

/** Interfaces of Cilium, whose programs in the kernel outlive it and answer for Services that no longer exist. */
export const foreignLinks: PastCheck = (host, seen) => {
  const found = seen.past.links.filter((link) => /^cilium_(host|net|vxlan|geneve)$/.test(link));
  // Cilium may be chained behind flannel on a node that works.
  if (!isNode(host) || found.length === 0 || seen.clusterId !== '') return [];
  return [
    {
      check: 'ForeignNetwork',
      level: levelOf(seen),
      message: `interfaces of an earlier Cilium are there: ${found.join(', ')}; its programs in the kernel still redirect the traffic of Services`,
      ...remedyFields(remedies.removeCilium),
    },
  ];
};
