import { parse, stringify } from 'yaml';

/** Where the host with this index listens: all of 127.0.0.0/8 is this machine. */
export const fleetAddress = (index: number): string =>
  `127.8.${Math.floor(index / 250)}.${(index % 250) + 1}`;

/** An inventory with the hosts of another one, as those of a fleet that listens on `port` with `hostKey`. */
export function fleetInventory(
  plain: string,
  { port, hostKey }: { readonly port: number; readonly hostKey: string },
): string {
  const inventory = parse(plain) as { spec: { ssh?: object; hosts: { ssh?: object }[] } };
  inventory.spec.ssh = { user: 'root', port };
  for (const [index, host] of inventory.spec.hosts.entries())
    host.ssh = { address: fleetAddress(index), hostKey };
  return stringify(inventory);
}
