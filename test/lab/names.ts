import { isIPv4 } from 'node:net';

/** A host of a lab: a DNS label and an IPv4 address of the lab's /24. */
export interface LabHost {
  readonly name: string;
  readonly address: string;
}

/** Everything the lab puts on the machine has a name that starts with this. */
const prefix = 'kboot-lab-';

/** The owner of a lab that outlives the process that made it. */
export const noOwner = 0;

/** The lab's name on the machine: its owner's process id and its name. */
export function labId(owner: number, name: string): string {
  return `${prefix}${owner}-${name}`;
}

/** The name of a host's container and network namespace. */
export function hostId(id: string, host: string): string {
  return `${id}.${host}`;
}

/** The volume that holds a host's /var. */
export function volumeId(id: string, host: string): string {
  return `${hostId(id, host)}.var`;
}

/** Takes the lab and its owner out of a name on the machine; undefined: not a lab's. */
export function parseLabName(name: string): { readonly id: string; readonly owner: number } | undefined {
  const match = /^(kboot-lab-(\d+)-[a-z0-9-]+)(\..*)?$/.exec(name);
  return match?.[1] === undefined ? undefined : { id: match[1], owner: Number(match[2]) };
}

/** The bridge's address: the first of the hosts' /24. Throws unless all hosts lie in one /24. */
export function gatewayOf(hosts: readonly LabHost[]): string {
  const networks = new Set(hosts.map(({ address }) => address.split('.').slice(0, 3).join('.')));
  const [network] = networks;
  if (network === undefined || networks.size > 1) throw new Error('lab hosts must share one /24');
  const gateway = `${network}.1`;
  for (const { name, address } of hosts) {
    if (!isIPv4(address) || address === gateway)
      throw new Error(`${name}: ${address} cannot be a lab host's address`);
  }
  return gateway;
}

/** Throws unless names are DNS labels (short enough for what is derived from them) and nothing occurs twice. */
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
