import ipaddr from 'ipaddr.js';
import {
  isProblem,
  overlap,
  parseAddress,
  parseCidr,
  parseUnicast,
  textOf,
  type Family,
  type Range,
} from '../../inventory/address.ts';
import { defaults } from '../../inventory/defaults.ts';
import type { HeldAddress } from '../../observe/networks.ts';

/** Vagrant's VirtualBox machines all have this address on their first interface. */
export const natAddress = '10.0.2.15';

/** Interfaces that container runtimes, Pod networks, hypervisors and tunnels create. */
const madeUp = /^(lo|docker|br-|veth|cni|flannel|kube-|nodelocaldns|cali|cilium|lxc|virbr|podman|tun|tap|wg)/;

/**
 * The node address of a host: the given one if an interface has it, else the one whose network most other hosts share,
 * private ones first. Never a NAT address: one that several hosts have, or Vagrant's. undefined: it has none.
 */
export function nodeAddress(
  stated: string,
  held: readonly HeldAddress[],
  others: readonly (readonly HeldAddress[])[],
): HeldAddress | undefined {
  const usable = held.filter(
    ({ address, interface: name }) =>
      address !== natAddress &&
      !madeUp.test(name) &&
      !isProblem(parseUnicast(address)) &&
      !others.some((other) => other.some((each) => each.address === address)),
  );
  const exact = usable.find(({ address }) => address === stated);
  if (exact !== undefined) return exact;
  const rank = (candidate: HeldAddress): number => {
    const neighbours = others.filter((other) =>
      other.some((each) => overlap(each.network, candidate.network)),
    );
    return (
      neighbours.length * 4 +
      (isPrivate(candidate.address) ? 2 : 0) +
      (candidate.network.family === 4 ? 1 : 0)
    );
  };
  return [...usable].sort((a, b) => rank(b) - rank(a))[0];
}

function isPrivate(address: string): boolean {
  return ['private', 'uniqueLocal'].includes(ipaddr.parse(address).range());
}

/** The network that contains all these addresses; undefined if they do not share one, or it is too small. */
export function commonNetwork(held: readonly HeldAddress[]): Range | undefined {
  const [first] = held;
  const shared = first !== undefined && held.every(({ network }) => network.first === first.network.first);
  return shared && first.network.last - first.network.first > 2n ? first.network : undefined;
}

/** Common choices for a virtual IP, and for a pool. */
const offsets = { one: [100, 200, 250, 50, 240, 10], run: [200, 220, 240, 150, 100, 50] } as const;

/**
 * Ranges of `size` addresses in `network` near `near` that may be free, the likeliest first: without the network
 * address, the broadcast address, and `taken`. The caller must check whether they are in use.
 */
export function candidates(
  network: Range,
  near: string,
  size: number,
  taken: readonly Range[],
): readonly Range[] {
  const address = parseAddress(near);
  if (isProblem(address)) return [];
  // In a large network, only the surrounding 256 addresses are near.
  const around = address.value & ~255n;
  const base = around > network.first ? around : network.first;
  const starts = [
    ...(size === 1 ? offsets.one : offsets.run).map((offset) => base + BigInt(offset)),
    ...Array.from({ length: 6 }, (_, index) => network.last - BigInt(size * (index + 1))),
  ];
  return [...new Set(starts)]
    .map((first) => rangeFrom(network.family, first, size))
    .filter(({ first, last }) => first > network.first && last < network.last)
    .filter((range) => !taken.some((other) => overlap(other, range)));
}

function rangeFrom(family: Range['family'], first: bigint, size: number): Range {
  const last = first + BigInt(size - 1);
  const text = size === 1 ? textOf(family, first) : `${textOf(family, first)}-${textOf(family, last)}`;
  return { family, first, last, text };
}

/** Every address of a range, as text. */
export function addressesOf({ family, first, last }: Range): readonly string[] {
  return Array.from({ length: Number(last - first) + 1 }, (_, index) =>
    textOf(family, first + BigInt(index)),
  );
}

/** The likeliest first; the IPv6 ones are unique local addresses, with room for as many nodes as the IPv4 ones. */
const networks = {
  podSubnet: {
    4: [defaults.podSubnet, '10.42.0.0/16', '172.24.0.0/16', '192.168.0.0/16'],
    6: ['fd00:10:244::/56', 'fd00:10:42::/56', 'fd10:244::/56', 'fdac:24::/56'],
  },
  serviceSubnet: {
    4: [defaults.serviceSubnet, '10.43.0.0/16', '172.25.0.0/16', '192.168.0.0/16'],
    6: ['fd00:10:96::/112', 'fd00:10:43::/112', 'fd10:96::/112', 'fdac:25::/112'],
  },
} as const;

/**
 * Pod and Service networks for these families, in order, that do not overlap the networks of the site. If one is absent,
 * its default applies.
 */
export function clusterNetworks(
  taken: readonly Range[],
  families: readonly Family[],
): { podSubnet?: string; serviceSubnet?: string } {
  const pairs = families.map((family) => {
    const pods = freeNetwork(networks.podSubnet[family], taken);
    return [pods, freeNetwork(networks.serviceSubnet[family], [...taken, ...ranges([pods])])] as const;
  });
  const pods = pairs.map(([pod]) => pod).join(',');
  const services = pairs.map(([, service]) => service).join(',');
  return {
    ...(pods !== defaults.podSubnet && { podSubnet: pods }),
    ...(services !== defaults.serviceSubnet && { serviceSubnet: services }),
  };
}

/** The first if none is free: validation of the inventory then reports the conflict. */
function freeNetwork(known: readonly [string, ...string[]], taken: readonly Range[]): string {
  return (
    known.find((text) => !ranges([text]).some((range) => taken.some((other) => overlap(range, other)))) ??
    known[0]
  );
}

function ranges(texts: readonly string[]): Range[] {
  return texts.flatMap((text) => {
    const range = parseCidr(text);
    return isProblem(range) ? [] : [range];
  });
}
