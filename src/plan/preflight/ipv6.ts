import { isNode, type Cluster, type Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

type Shortcoming = Omit<Finding, 'host'>;

/** The first reason why a node cannot run IPv6 Pods, or would lose its IPv6 route once the kernel forwards. */
export function ipv6Shortcoming(host: Host, seen: Inspection, cluster: Cluster): Shortcoming | undefined {
  const { podSubnets, serviceSubnets, flannel } = cluster.networking;
  if (!isNode(host) || ![...podSubnets, ...serviceSubnets].some((subnet) => subnet.includes(':')))
    return undefined;
  const own = holder(seen, host.address);
  const off = seen.ipv6Off.find((where) => ['kernel', 'default', own].includes(where));
  if (off !== undefined) return isOff(off);
  if (host.secondAddress !== undefined) {
    const second = holder(seen, host.secondAddress);
    if (second === undefined) return lacksAddress(host.secondAddress, seen);
    if (own !== undefined && own !== second && flannel !== undefined && flannel.interface === undefined)
      return {
        check: 'NodeAddress',
        level: 'error',
        message: `${host.address} is on ${own}, but ${host.secondAddress} is on ${second}; flannel uses one interface for both families`,
        ...remedyFields(remedies.pairOfOneInterface),
      };
  }
  const [advertised] = seen.advertisedRoutes;
  return advertised === undefined ? undefined : losesRoute(advertised);
}

function holder(seen: Inspection, address: string): string | undefined {
  return seen.addresses.find((entry) => entry.address === address)?.interface;
}

function isOff(where: string): Shortcoming {
  const kernel = where === 'kernel';
  const key = `net.ipv6.conf.${where}.disable_ipv6`;
  return {
    check: 'IPv6',
    level: 'error',
    message: kernel ? 'its kernel runs without IPv6' : `IPv6 is off: ${key} is 1`,
    ...remedyFields(kernel ? remedies.enableIPv6 : remedies.setToZero({ key })),
  };
}

function lacksAddress(address: string, seen: Inspection): Shortcoming {
  const global = seen.addresses.filter(
    (entry) => entry.address.includes(':') && !/^(::1$|fe80:)/.test(entry.address),
  );
  const there = global.map((entry) => `${entry.address} (${entry.interface})`).join(', ');
  const others =
    global.length === 0 ? 'the host has only link-local IPv6 addresses' : `the host has ${there}`;
  return {
    check: 'NodeAddress',
    level: 'error',
    message: `no interface has ${address}; ${others}`,
    ...remedyFields(remedies.giveAddress),
  };
}

/** net.ipv6.conf.all.forwarding=1 makes the kernel drop routes from router advertisements, unless accept_ra is 2. */
function losesRoute(name: string): Shortcoming {
  return {
    check: 'AcceptRA',
    level: 'error',
    message: `its IPv6 default route on ${name} comes from router advertisements, which the kernel ignores as soon as it forwards`,
    ...remedyFields(remedies.acceptRA({ name })),
  };
}
