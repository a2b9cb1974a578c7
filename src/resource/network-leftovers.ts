import { runFolder } from './prelude.ts';

/** Links of flannel, the bridge plugin and kube-proxy, and the veth interfaces of Pods on the bridge. */
export const podLinks = [
  'cni0',
  'flannel.1',
  'flannel-v6.1',
  'flannel-wg',
  'flannel-wg-v6',
  'kube-ipvs0',
  'kube-bridge',
  'dummy-kube',
] as const;

/** Chains that only Kubernetes and flannel create. Podman and nerdctl create CNI- chains, too. */
export const clusterChains = '(KUBE-|FLANNEL-)[A-Z0-9-]*';
/** Chains created by kube-proxy, the kubelet, flannel and the CNI plugins. The host's own chains do not match. */
export const allChains = '(KUBE-|FLANNEL-|CNI-|cali-)[A-Z0-9-]*';

/** Chains of kube-proxy and the kubelet alone. */
export const kubeChains = 'KUBE-[A-Z0-9-]*';

/** Chains of kube-proxy alone, in its modes iptables and ipvs (pkg/proxy/iptables, pkg/proxy/ipvs). */
export const proxyChains =
  'KUBE-(SERVICES|EXTERNAL-SERVICES|NODEPORTS|NODE-PORT|POSTROUTING|MARK-MASQ|MARK-DROP|FORWARD|PROXY-FIREWALL|PROXY-CANARY|LOAD-BALANCER|SOURCE-RANGES-FIREWALL|IPVS-FILTER|IPVS-OUT-FILTER|(SVC|SVL|EXT|FW|XLB|SEP)-[A-Z0-9]+)';

/** Shell for each program of iptables that has rules; `$f` is its name. A legacy one would load its modules. */
export const eachIptables = `for f in iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy; do
  command -v $f >/dev/null || continue
  case $f in *legacy) grep -q . /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null || continue ;; esac`;

/** Shell that deletes the links. The virtual servers of IPVS are cleared before their link goes. */
export const removeLinks = `if [ -e /proc/net/ip_vs ] && command -v ipvsadm >/dev/null && [ -e /sys/class/net/kube-ipvs0 ]; then ipvsadm --clear; fi
for l in $(ip -o link show master cni0 2>/dev/null | cut -d: -f2 | cut -d@ -f1); do ip link delete "$l"; done
for l in ${podLinks.join(' ')}; do
  [ -e "/sys/class/net/$l" ] && ip link delete "$l"
done
true`;

/** The link of kube-proxy's virtual servers. */
export const proxyLink = 'kube-ipvs0';

/** Shell that deletes the link of kube-proxy alone. */
export const removeProxyLink = `if [ -e /sys/class/net/${proxyLink} ]; then
  if [ -e /proc/net/ip_vs ] && command -v ipvsadm >/dev/null; then ipvsadm --clear; fi
  ip link delete ${proxyLink}
fi
true`;

/**
 * Shell that removes chains and everything that leads to them. Empty tables left by iptables-nft are removed as well.
 * The rules and tables of flannel and of CNI plugins go with chains other than kubeChains and proxyChains; rules without
 * such a chain stay with proxyChains, on a node that lives on.
 */
export function removeRules(chains: string): string {
  const proxyOnly = chains === kubeChains || chains === proxyChains;
  const rules = [...(chains === proxyChains ? [] : ['kubernetes ']), ...(proxyOnly ? [] : ['flanneld'])].map(
    (start) => `|--comment "?${start}`,
  );
  const tables = [
    'kube-proxy',
    ...(proxyOnly ? [] : ['flannel-ipv4', 'flannel-ipv6', 'cni_plugins_masquerade', 'cni_hostport']),
  ].map((name) => `*' ${name}'`);
  return `${eachIptables}
  $f-save -c 2>/dev/null > ${runFolder}/rules || continue
  grep -qE '(KUBE|FLANNEL|CNI)-|flanneld' ${runFolder}/rules || continue
  grep -vE '^:${chains} |-A ${chains} |-j ${chains}( |$)|-g ${chains}( |$)${rules.join('')}' ${runFolder}/rules | $f-restore -c || exit 1
done
rm -f ${runFolder}/rules
if command -v nft >/dev/null; then
  nft list tables 2>/dev/null | while read -r _ family name; do
    case "$family $name" in
      ${tables.join(' | ')}) nft delete table "$family" "$name" ;;
      'ip filter' | 'ip nat' | 'ip mangle' | 'ip raw' | 'ip6 filter' | 'ip6 nat' | 'ip6 mangle' | 'ip6 raw')
        nft list table "$family" "$name" 2>/dev/null | grep -vE '^(table|\\}|#|[[:space:]]*$)' | grep -vE '^[[:space:]]*(chain [A-Z]+ \\{|type .* policy accept;|\\})[[:space:]]*$' | grep -q . || nft delete table "$family" "$name" ;;
    esac
  done
fi
true`;
}
