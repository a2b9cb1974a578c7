import { isIPv4, isIPv6 } from 'node:net';

/** A host of a lab: a DNS label, and an IPv4 address of the lab's /24 or `V4,V6` with an IPv6 one of its /64. */
export interface LabHost {
  readonly name: string;
  readonly address: string;
}

/** Addresses of a host or of the bridge: always one of IPv4, and one of IPv6 if the lab is dual-stack. */
export interface LabAddress {
  readonly ipv4: string;
  readonly ipv6?: string;
}

export function addressOf({ address }: Pick<LabHost, 'address'>): LabAddress {
  const [ipv4 = '', ipv6] = address.split(',');
  return { ipv4, ...(ipv6 !== undefined && { ipv6 }) };
}

/** Everything the lab puts on the machine has a name that starts with this. */
const prefix = 'kboot-lab-';

/** The owner of a lab that outlives the process that created it. */
export const noOwner = 0;

/** The lab's name on the machine: its owner's process id and its name. */
export function labId(owner: number, name: string): string {
  return `${prefix}${owner}-${name}`;
}

/** The name of a host's container and network namespace. */
export function hostId(id: string, host: string): string {
  return `${id}.${host}`;
}

/** The volume of a host's /var. */
export function volumeId(id: string, host: string): string {
  return `${hostId(id, host)}.var`;
}

/** Parses the lab and its owner from a name on the machine; undefined: not of a lab. */
export function parseLabName(name: string): { readonly id: string; readonly owner: number } | undefined {
  const match = /^(kboot-lab-(\d+)-[a-z0-9-]+)(\..*)?$/.exec(name);
  return match?.[1] === undefined ? undefined : { id: match[1], owner: Number(match[2]) };
}

/**
 * The bridge's addresses: the first of the hosts' /24 and, if hosts have an IPv6 address, of their /64.
 * Throws unless all hosts are in one of each. An IPv6 address begins with the network's part and `::`.
 */
export function gatewayOf(hosts: readonly LabHost[]): LabAddress {
  const addresses = hosts.map(addressOf);
  const networks = new Set(addresses.map(({ ipv4 }) => ipv4.split('.').slice(0, 3).join('.')));
  const [network] = networks;
  if (network === undefined || networks.size > 1) throw new Error('lab hosts must share one /24');
  const second = addresses.flatMap(({ ipv6 }) => (ipv6 === undefined ? [] : [ipv6]));
  const networks6 = new Set(second.map((ipv6) => ipv6.split('::')[0]));
  if (networks6.size > 1) throw new Error('lab hosts must share one /64');
  const [network6] = networks6;
  const gateway = { ipv4: `${network}.1`, ...(network6 !== undefined && { ipv6: `${network6}::1` }) };
  for (const { name, address } of hosts) {
    const { ipv4, ipv6 } = addressOf({ address });
    const fits = ipv6 === undefined || (isIPv6(ipv6) && ipv6.includes('::') && ipv6 !== gateway.ipv6);
    if (!isIPv4(ipv4) || ipv4 === gateway.ipv4 || !fits)
      throw new Error(`${name}: ${address} cannot be a lab host's address`);
  }
  return gateway;
}

/** Throws unless names are DNS labels (short enough for derived names) and nothing occurs twice. */
export function checkNames(lab: string, hosts: readonly LabHost[]): void {
  for (const name of [lab, ...hosts.map((host) => host.name)]) {
    if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name))
      throw new Error(`'${name}' is not a name for a lab or host`);
  }
  for (const values of [hosts.map((host) => host.name), hosts.map((host) => host.address)]) {
    if (new Set(values).size !== values.length)
      throw new Error(`a lab host occurs twice: ${values.join(', ')}`);
  }
}
