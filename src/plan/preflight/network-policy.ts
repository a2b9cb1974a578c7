import { enforcesPolicies } from '../../desire/text/network-policy.ts';
import { isNode, type Cluster, type Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/**
 * What enforces NetworkPolicies has nftables queue packets to it. On a kernel that cannot, it writes no rule at all, and
 * every packet passes, though the cluster looks well.
 */
export function packetQueue(
  host: Host,
  { kernelHas = {}, kernel }: Inspection,
  cluster: Cluster,
): Omit<Finding, 'host'> | undefined {
  if (!isNode(host) || !enforcesPolicies({ cluster }) || kernelHas.nft_queue === true) return undefined;
  const isKnown = kernelHas.nft_queue === false;
  return {
    check: 'NetworkPolicy',
    level: isKnown ? 'error' : 'warning',
    message: isKnown
      ? `its kernel ${kernel} has no nft_queue (CONFIG_NFT_QUEUE), so that no NetworkPolicy would be enforced there`
      : `whether its kernel ${kernel} has nft_queue (CONFIG_NFT_QUEUE) could not be read; without it, no NetworkPolicy is enforced there`,
    ...remedyFields(isKnown ? remedies.bootKernel : remedies.bootKernelAndLook),
  };
}
