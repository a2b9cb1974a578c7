import type { Cluster } from '../../model/cluster.ts';
import type { Text } from '../../model/language/text.ts';
import { remedies } from './remedies.ts';

/** The finding for a host with the ID of a kboot cluster, `stamp`, other than that of the state folder. */
export function strangeStamp(
  { name }: Pick<Cluster, 'name'>,
  stamp: string,
  ours: string | undefined,
): { readonly message: string; readonly remedy: Text } {
  if (ours === undefined)
    return {
      message: `it belongs to a kboot cluster (ID ${short(stamp)}), but the state folder of cluster ${name} has no cluster ID`,
      remedy: remedies.lostState({ name }),
    };
  return {
    message: `it belongs to another kboot cluster (ID ${short(stamp)}; that of cluster ${name} is ${short(ours)})`,
    remedy: remedies.checkInventory,
  };
}

const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);
