import { parse, stringify } from 'yaml';
import { inventoryOf } from '../bench/inventory.ts';

/** Where the host with this index listens: all of 127.0.0.0/8 is this machine. */
export const fleetAddress = (index: number): string =>
  `127.8.${Math.floor(index / 250)}.${(index % 250) + 1}`;

/** An inventory of `count` hosts of a fleet that listens on `port` with `hostKey`. */
export function fleetInventory(
  count: number,
  { port, hostKey }: { readonly port: number; readonly hostKey: string },
): string {
  const inventory = parse(inventoryOf(count)) as { spec: { ssh?: object; hosts: { ssh?: object }[] } };
  inventory.spec.ssh = { user: 'root', port };
  for (const [index, host] of inventory.spec.hosts.entries())
    host.ssh = { address: fleetAddress(index), hostKey };
  return stringify(inventory);
}
