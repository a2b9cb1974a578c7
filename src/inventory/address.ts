import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Family = 4 | 6;

/** One address; `text` is its canonical form (four decimal parts, or RFC 5952). */
export interface Address {
  readonly family: Family;
  readonly text: string;
  readonly value: bigint;
}

/** A run of addresses of one family, both ends included. */
export interface Range {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
  /** As the user wrote it, or canonical. */
  readonly text: string;
}

export interface Cidr extends Range {
  readonly prefix: number;
}

/** The problem that a parser found: a phrase that follows the name of the field. */
export interface Problem {
  readonly problem: string;
}

export function isProblem(result: object): result is Problem {
  return 'problem' in result;
}

/** `IPv4` or `IPv6` */
export function familyName(family: Family): string {
  return `IPv${family}`;
}

const bits = { 4: 32, 6: 128 } as const;

/** Number of host bits of a network. */
export function hostBits(cidr: Cidr): number {
  return bits[cidr.family] - cidr.prefix;
}

/**
 * An IPv4 address in four decimal parts or an IPv6 address. Unlike other parsers, this one does not accept short or
 * octal forms, zones, or IPv4 inside IPv6.
 */
export function parseAddress(text: string): Address | Problem {
  if (text.includes('%')) return { problem: `must not have a zone (the part from "%" on): "${text}"` };
  const family = isIP(text);
  if (family !== 4 && family !== 6) {
    const octal = /^\d+(\.\d+){3}$/.test(text) && text.split('.').some((part) => /^0\d/.test(part));
    const why = octal ? ' (some programs read a part with a leading zero as octal)' : '';
    return { problem: `must be an IP address such as 10.0.0.11 or fd00::11, not "${text}"${why}` };
  }
  const parsed = ipaddr.parse(text);
  if (parsed.kind() === 'ipv6' && (parsed as ipaddr.IPv6).isIPv4MappedAddress()) {
    const mapped = (parsed as ipaddr.IPv6).toIPv4Address().toString();
    return { problem: `must be written as the IPv4 address ${mapped}, not "${text}"` };
  }
  const value = parsed.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return { family, text: textOf(family, value), value };
}

/** An address that a machine on a network can have: not loopback, unspecified, multicast, broadcast or link-local. */
export function parseUnicast(text: string): Address | Problem {
  const address = parseAddress(text);
  if (isProblem(address)) return address;
  const kind = ipaddr.parse(address.text).range();
  const refused: Record<string, string> = {
    loopback: 'a loopback',
    unspecified: 'the unspecified',
    multicast: 'a multicast',
    broadcast: 'the broadcast',
    linkLocal: 'a link-local',
  };
  const name = refused[kind];
  return name === undefined
    ? address
    : { problem: `must be an address that other hosts can reach, but ${text} is ${name} address` };
}

/** `10.244.0.0/16`: the network's own address with its prefix length. */
export function parseCidr(text: string): Cidr | Problem {
  const slash = text.indexOf('/');
  if (slash < 0)
    return { problem: `must be a network such as 10.244.0.0/16, not "${text}" without a prefix length` };
  const address = parseAddress(text.slice(0, slash));
  if (isProblem(address)) return { problem: `must be a network such as 10.244.0.0/16, not "${text}"` };
  const digits = text.slice(slash + 1);
  const prefix = Number(digits);
  const size = bits[address.family];
  if (!/^(0|[1-9]\d{0,2})$/.test(digits) || prefix > size) {
    return { problem: `must have a prefix length from 0 to ${size}, not "/${digits}"` };
  }
  const host = (1n << BigInt(size - prefix)) - 1n;
  const first = address.value & ~host;
  if (first !== address.value) {
    const network = `${textOf(address.family, first)}/${prefix}`;
    return {
      problem: `must be the address of a network: ${text} has host bits set; the network is ${network}`,
    };
  }
  return { family: address.family, first, last: first | host, text: `${address.text}/${prefix}`, prefix };
}

/** A pool of addresses: `10.0.0.200-10.0.0.220` or a CIDR. */
export function parseRange(text: string): Range | Problem {
  if (text.includes('/')) return parseCidr(text);
  const ends = text.split('-').map((end) => end.trim());
  const [from, to] = ends;
  if (from === undefined || to === undefined || ends.length !== 2) {
    return { problem: `must be a range such as 10.0.0.200-10.0.0.220 or a network, not "${text}"` };
  }
  const first = parseAddress(from);
  if (isProblem(first)) return first;
  const last = parseAddress(to);
  if (isProblem(last)) return last;
  if (first.family !== last.family)
    return { problem: `must have both ends in the same family, not "${text}"` };
  if (first.value > last.value) return { problem: `must be in ascending order: ${from} is after ${to}` };
  return { family: first.family, first: first.value, last: last.value, text: `${first.text}-${last.text}` };
}

/**
 * One item, or one of each family with a comma between them ("v4,v6" or "v6,v4").
 * The first is the primary one.
 */
export function parsePair<T extends { readonly family: Family }>(
  text: string,
  parse: (item: string) => T | Problem,
): { readonly items: readonly T[] } | Problem {
  const items: T[] = [];
  for (const part of text.split(',')) {
    const item = parse(part.trim());
    if (isProblem(item)) return item;
    items.push(item);
  }
  const [first, second] = items;
  if (items.length > 2)
    return { problem: `must have at most one item of each family, not ${items.length} items` };
  if (second !== undefined && first?.family === second.family) {
    return { problem: `must have one IPv4 and one IPv6 item, not two ${familyName(second.family)} items` };
  }
  return { items };
}

/** The range of a single address. */
export function rangeOf(address: Address): Range {
  return { family: address.family, first: address.value, last: address.value, text: address.text };
}

export function overlap(a: Range, b: Range): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** Whether all addresses of `inner` are in `outer`. */
export function includes(outer: Range, inner: Range): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/**
 * The whole network of an address such as `10.0.0.11/24`, including the network and broadcast addresses.
 * An address without a prefix length is a network by itself. Undefined for any other text.
 */
export function networkOf(text: string): Range | undefined {
  const [start = '', length, ...more] = text.split('/');
  const address = parseAddress(start);
  if (isProblem(address) || more.length > 0) return undefined;
  if (length === undefined) return rangeOf(address);
  const size = bits[address.family];
  if (!/^\d{1,3}$/.test(length) || Number(length) > size) return undefined;
  const host = (1n << BigInt(size - Number(length))) - 1n;
  const first = address.value & ~host;
  return { family: address.family, first, last: first | host, text };
}

/** The canonical form of an address. */
export function textOf(family: Family, value: bigint): string {
  const bytes = Array.from({ length: bits[family] / 8 }, (_, index) =>
    Number((value >> BigInt(bits[family] - 8 * (index + 1))) & 0xffn),
  );
  const address = ipaddr.fromByteArray(bytes);
  return address.kind() === 'ipv6' ? (address as ipaddr.IPv6).toRFC5952String() : address.toString();
}
