import { isIPv6 } from '../desire/text/address.ts';
import type { Family } from '../inventory/address.ts';
import type { Cluster } from '../model/cluster.ts';

/** At most one address of each family. */
export type Addresses = Readonly<Partial<Record<Family, string>>>;

export function familyOf(address: string): Family {
  return isIPv6(address) ? 6 : 4;
}

/** The first address of each family. */
export function byFamily(addresses: readonly string[]): Addresses {
  const first = (family: Family): string | undefined => addresses.find((each) => familyOf(each) === family);
  const [four, six] = [first(4), first(6)];
  return { ...(four !== undefined && { 4: four }), ...(six !== undefined && { 6: six }) };
}

/** Families of the cluster's Pods and Services, the primary one first; the inventory's checks ensure that both agree. */
export function familiesOf(cluster: Cluster): readonly Family[] {
  return cluster.networking.serviceSubnets.map(familyOf);
}

/** The families of the cluster for which MetalLB has addresses. */
export function loadBalancerFamilies(cluster: Cluster): readonly Family[] {
  const ranges = (cluster.metallb?.pools ?? []).flatMap((pool) => pool.addresses);
  return familiesOf(cluster).filter((family) => ranges.some((range) => familyOf(range) === family));
}
