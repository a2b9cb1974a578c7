import { addressesOf, loadBalancerHosts, type Host } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { isIPv6 } from './address.ts';
import { haproxyHealthPort } from './haproxy.ts';
import type { HostText, TextContext } from './types.ts';
import { remedies } from '../remedies.ts';

const checkScript = '/etc/keepalived/check-haproxy';
const highestPriority = 250;

/**
 * keepalived's configuration (2.2), its check of the local haproxy, and a drop-in for its unit, for one load
 * balancer. The check ignores API servers: haproxy finds a healthy one, wherever the virtual IP is.
 * `interface` is the one with the host's address; an interface set in the inventory takes precedence.
 * Empty if the cluster has no load balancer of its own. Throws KbootError E-INVENTORY if a host has no
 * address of the virtual IP's family.
 */
export function keepalivedFiles(
  { cluster, renderer }: TextContext,
  host: Host,
  facts: { readonly interface: string },
): readonly HostText[] {
  const { loadBalancer } = cluster;
  if (loadBalancer === undefined) return [];
  const { virtualIP } = loadBalancer;
  const all = loadBalancerHosts(cluster);
  const onlyNeighbours = cluster.security.vrrp === 'peers';
  const address = addressLike(virtualIP, host);
  const others = all.filter(({ name }) => name !== host.name).map((peer) => addressLike(virtualIP, peer));
  const prefixLength = isIPv6(virtualIP) ? 128 : 32;
  const config = renderer.render('load-balancer/keepalived.conf.hbs', {
    routerId: host.name,
    checkScript,
    interface: loadBalancer.interface ?? facts.interface,
    virtualRouterId: loadBalancer.virtualRouterID,
    priority: priority(all, host),
    address,
    // Without a peer, it would listen to the multicast group, and yield to whoever announces a higher priority there.
    peers: others.length === 0 && onlyNeighbours ? [isIPv6(virtualIP) ? '::1' : '127.0.0.1'] : others,
    virtualIP,
    prefixLength,
    onlyNeighbours,
  });
  const check = renderer.render('load-balancer/check-haproxy.hbs', { healthPort: haproxyHealthPort });
  const dropIn = renderer.render('load-balancer/keepalived-drop-in.conf.hbs', { virtualIP, prefixLength });
  return [
    { path: checkScript, mode: 0o755, text: check },
    { path: '/etc/keepalived/keepalived.conf', mode: 0o644, text: config },
    { path: '/etc/systemd/system/keepalived.service.d/kboot.conf', mode: 0o644, text: dropIn },
  ];
}

/**
 * Decreases with the position in the inventory, so that one host is the first to claim a free virtual IP: a step of
 * 20 is 80 ms of VRRP's skew time. Appending a host does not change the others, up to twelve hosts.
 */
function priority(all: readonly Host[], host: Host): number {
  const step = Math.max(1, Math.min(20, Math.floor(highestPriority / all.length)));
  const place = all.findIndex(({ name }) => name === host.name);
  return Math.max(1, highestPriority - step * place);
}

/** The host's address of the virtual IP's family: VRRP uses the family of the addresses that it announces. */
function addressLike(virtualIP: string, host: Host): string {
  const found = addressesOf(host).find((address) => isIPv6(address) === isIPv6(virtualIP));
  if (found === undefined) {
    const family = isIPv6(virtualIP) ? 'IPv6' : 'IPv4';
    throw new KbootError('E-INVENTORY', `load balancer ${host.name} has no ${family} address`, {
      detail: `spec.loadBalancer.virtualIP is ${virtualIP}`,
      remedy: remedies.addressOfFamily({ family }),
    });
  }
  return found;
}
