import type { Cluster } from '../../model/cluster.ts';

/** What is said of a host that carries the mark of a kboot cluster, `stamp`, which is not that of the state folder. */
export function strangeStamp(
  { name }: Pick<Cluster, 'name'>,
  stamp: string,
  ours: string | undefined,
): { readonly message: string; readonly remedy: string } {
  if (ours === undefined)
    return {
      message: `it belongs to a kboot cluster (ID ${short(stamp)}), and the state folder of cluster ${name} holds none`,
      remedy: `The state folder (.kboot/${name} beside the inventory, or --state) was lost or moved, or metadata.name changed: bring it back. To give the host up, \`kboot reset\` it with the inventory and state folder that made it.`,
    };
  return {
    message: `it belongs to another kboot cluster (ID ${short(stamp)}; that of cluster ${name} is ${short(ours)})`,
    remedy:
      'Is it the right inventory, address and --state? If the host is to change over, `kboot reset` it with the inventory and state folder of the other cluster first.',
  };
}

const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);
