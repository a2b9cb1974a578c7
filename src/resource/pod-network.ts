import { eachIptables, clusterChains, podLinks, removeLinks, removeRules } from './network-leftovers.ts';
import { hostFolder } from './prelude.ts';
import { lines } from '../model/shell.ts';
import type { Kind, PodNetworkResource } from './types.ts';

/** What is left of an earlier cluster's Pod network, in words; empty on a host of this cluster. */
type Found = readonly string[];

/** State of flannel, and of the CNI plugins for its network `cbr0`. */
const folders = ['/run/flannel', '/var/lib/cni/flannel', '/var/lib/cni/networks/cbr0'];
const results = '/var/lib/cni/results/cbr0-* /var/lib/cni/cache/results/cbr0-*';

/**
 * No Pod network of an earlier cluster when the kubelet starts here for the first time: the first Pods would get
 * addresses from /run/flannel/subnet.env of the former node (flannel's CNI plugin reads whatever is there), and the
 * bridge would keep them. Once kboot has started the kubelet here, or while a kubelet or flannel runs, the state is that
 * of the live cluster, and nothing is looked for.
 */
export const podNetwork: Kind<PodNetworkResource, Found> = {
  name: () => 'leftovers',
  query:
    () => `if [ ! -e ${hostFolder}/units/kubelet ] && ! systemctl is-active -q kubelet && ! cat /proc/[0-9]*/comm 2>/dev/null | grep -qx flanneld; then
  f=/run/flannel/subnet.env
  [ -e $f ] && echo "$f $(sed -n 's/^FLANNEL_\\(IPV6_\\)\\{0,1\\}SUBNET=\\(.*\\)/(\\2)/p' $f | tr '\\n' ' ')"
  for d in ${folders.join(' ')}; do [ -n "$(ls -A $d 2>/dev/null)" ] && [ ! -e $d/subnet.env ] && echo "$d"; done
  for l in ${podLinks.join(' ')}; do
    [ -e "/sys/class/net/$l" ] && echo "link $l $(ip -o addr show dev "$l" scope global 2>/dev/null | while read -r _ _ _ a _; do echo "($a)"; done | tr '\\n' ' ')"
  done
  ${eachIptables}
    n=$($f-save 2>/dev/null | grep -cE '^:${clusterChains} ')
    [ "$n" -gt 0 ] && echo "$n chains of $f"
  done
  command -v nft >/dev/null && nft list tables 2>/dev/null | grep -E ' (kube-proxy|flannel-ipv[46])$'
fi
echo read`,
  read(wants, output) {
    const all = lines(output);
    if (all.pop() !== 'read')
      return wants.map(() => ({ state: 'unknown', reason: 'the Pod network could not be read' }));
    const found = all.map((line) => line.trim());
    return wants.map(() => ({ state: 'present', found }));
  },
  action(_want, observation) {
    if (observation.state === 'absent' || observation.found.length === 0) return undefined;
    return {
      verb: 'delete',
      reason: `of an earlier cluster, before the kubelet starts: ${observation.found.join(', ')}`,
      script: `rm -rf -- ${folders.join(' ')}; rm -f -- ${results}
${removeLinks}
${removeRules(clusterChains)}`,
      effects: [],
      timeoutSeconds: 60,
    };
  },
  fact: (_want, found) => (found.length === 0 ? 'nothing left over' : found.join(', ')),
};
