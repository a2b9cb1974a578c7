import type { Cluster } from '../../model/cluster.ts';

/** The finding for a host with the ID of a kboot cluster, `stamp`, other than that of the state folder. */
export function strangeStamp(
  { name }: Pick<Cluster, 'name'>,
  stamp: string,
  ours: string | undefined,
): { readonly message: string; readonly remedy: string } {
  if (ours === undefined)
    return {
      message: `it belongs to a kboot cluster (ID ${short(stamp)}), but the state folder of cluster ${name} has no cluster ID`,
      remedy: `The state folder (.kboot/${name} beside the inventory, or --state) was lost or moved, or metadata.name changed: restore it, or read it back from the hosts: \`kboot adopt INVENTORY\`. To remove the host from its cluster, \`kboot reset\` it with the inventory and state folder of that cluster.`,
    };
  return {
    message: `it belongs to another kboot cluster (ID ${short(stamp)}; that of cluster ${name} is ${short(ours)})`,
    remedy:
      'Check the inventory, the address and --state. To move the host to this cluster, `kboot reset` it with the inventory and state folder of the other cluster first.',
  };
}

const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);
