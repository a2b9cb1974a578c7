import { includes, networkOf } from '../../inventory/address.ts';
import { loadBalancerHosts, type Cluster, type Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';

/** haproxy's ports: that of the virtual IP, and where keepalived asks it (desire/text/haproxy.ts). */
export function balancerPorts(host: Host, cluster: Cluster): readonly (readonly [number, string])[] {
  if (cluster.loadBalancer === undefined || !loadBalancerHosts(cluster).includes(host)) return [];
  return [
    [cluster.loadBalancer.port, 'haproxy'],
    [8404, 'haproxy'],
  ];
}

/** keepalived answers for the virtual IP on one interface, in whose network the address has to lie to be found. */
export function virtualIPOutOfPlace(
  host: Host,
  seen: Inspection,
  cluster: Cluster,
): Omit<Finding, 'host'> | undefined {
  const { loadBalancer } = cluster;
  if (loadBalancer === undefined || !loadBalancerHosts(cluster).includes(host)) return undefined;
  const { virtualIP } = loadBalancer;
  const holder = seen.addresses.find(({ address }) => address === host.address)?.interface;
  const device = loadBalancer.interface ?? holder;
  const held = seen.addresses.filter((entry) => entry.interface === device);
  const there = held.filter(({ address }) => !address.startsWith('fe80:'));
  if (device === undefined) return undefined;
  if (held.length === 0)
    return {
      check: 'VirtualIPInterface',
      level: 'error',
      message: `spec.loadBalancer.interface is ${device}, and no such interface with an address is there; there are ${[...new Set(seen.addresses.map((entry) => entry.interface))].join(', ')}`,
      remedy: "Name one of these, or leave it out: then it is the one that holds the host's address.",
    };
  return there.some(({ address, prefix }) => isWithin(virtualIP, address, prefix))
    ? undefined
    : {
        check: 'VirtualIPNetwork',
        level: 'warning',
        message: `the virtual IP ${virtualIP} lies in no network of ${device} (${there.map(({ address, prefix }) => `${address}/${prefix}`).join(', ')}): others find it only where a route leads there`,
        remedy: "Choose a free address of the hosts' network for spec.loadBalancer.virtualIP.",
      };
}

function isWithin(virtualIP: string, address: string, prefix: number): boolean {
  const [own, network] = [networkOf(virtualIP), networkOf(`${address}/${prefix}`)];
  return own !== undefined && network !== undefined && includes(network, own);
}

/** The virtual IP must answer to nobody before keepalived first takes it; a load balancer that holds it is no stranger. */
export function virtualIPTaken(cluster: Cluster, seen: ReadonlyMap<string, Inspection>): Finding[] {
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
export function formerPeers(cluster: Cluster, seen: ReadonlyMap<string, Inspection>): Finding[] {
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
