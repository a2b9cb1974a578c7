import { includes, networkOf } from '../../inventory/address.ts';
import { loadBalancerHosts, type Cluster, type Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/** haproxy's ports: the port of the virtual IP, and that of keepalived's health check (desire/text/haproxy.ts). */
export function balancerPorts(host: Host, cluster: Cluster): readonly (readonly [number, string])[] {
  if (cluster.loadBalancer === undefined || !loadBalancerHosts(cluster).includes(host)) return [];
  return [
    [cluster.loadBalancer.port, 'haproxy'],
    [8404, 'haproxy'],
  ];
}

/** keepalived adds the virtual IP to one interface, whose network must contain it for others to reach it. */
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
      message: `spec.loadBalancer.interface is ${device}, but the host has no such interface with an address; it has ${[...new Set(seen.addresses.map((entry) => entry.interface))].join(', ')}`,
      ...remedyFields(remedies.oneOfTheInterfaces),
    };
  return there.some(({ address, prefix }) => isWithin(virtualIP, address, prefix))
    ? undefined
    : {
        check: 'VirtualIPNetwork',
        level: 'warning',
        message: `the virtual IP ${virtualIP} is not in a network of ${device} (${there.map(({ address, prefix }) => `${address}/${prefix}`).join(', ')}): other machines reach it only through a route`,
        ...remedyFields(remedies.freeAddressOfNetwork),
      };
}

function isWithin(virtualIP: string, address: string, prefix: number): boolean {
  const [own, network] = [networkOf(virtualIP), networkOf(`${address}/${prefix}`)];
  return own !== undefined && network !== undefined && includes(network, own);
}

/** The virtual IP must be unused before keepalived first takes it, except by a load balancer of the cluster. */
export function virtualIPTaken(cluster: Cluster, seen: ReadonlyMap<string, Inspection>): Finding[] {
  const virtualIP = cluster.loadBalancer?.virtualIP;
  if (virtualIP === undefined) return [];
  const ours = [...seen.values()].some(({ addresses }) =>
    addresses.some(({ address }) => address === virtualIP),
  );
  if (ours) return [];
  // A neighbour entry of one of our hosts, which held it until a moment ago, is not a conflict.
  const own = new Set([...seen.values()].flatMap(({ macAddresses }) => macAddresses));
  return [...seen]
    .filter(([, { virtualIPHeldBy }]) => virtualIPHeldBy !== '' && !own.has(virtualIPHeldBy))
    .slice(0, 1)
    .map(([host, inspection]) => ({
      check: 'VirtualIP',
      level: 'error',
      host,
      message: `${virtualIP} is already in use by a machine with the MAC address ${inspection.virtualIPHeldBy}`,
      ...remedyFields(remedies.freeVirtualIP),
    }));
}

/** A load balancer that no longer receives advertisements of the others takes the virtual IP itself (RFC 5798 6.4.2). */
export function formerPeers(cluster: Cluster, seen: ReadonlyMap<string, Inspection>): Finding[] {
  const port = cluster.loadBalancer?.port ?? 0;
  const addresses = [...new Set([...seen.values()].flatMap((inspection) => inspection.formerPeers))];
  return addresses.map((address) => ({
    check: 'FormerLoadBalancer',
    level: 'error',
    host: [...seen].find(([, inspection]) => inspection.formerPeers.includes(address))?.[0] ?? '',
    message: `its peer ${address} left the inventory, but its load balancer still runs (port ${port}): once the others no longer contact it, it takes the virtual IP as a second holder`,
    ...remedyFields(remedies.powerOff),
  }));
}
