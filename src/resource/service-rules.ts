import { eachIptables, proxyChains, proxyLink, removeProxyLink, removeRules } from './network-leftovers.ts';
import { lines } from '../model/shell.ts';
import type { Kind, ServiceRulesResource } from './types.ts';

interface Found {
  /** What of kube-proxy's is in the kernel, in words: `38 chains of iptables-nft`. */
  readonly rules: readonly string[];
  /** A kube-proxy runs. */
  readonly runs: boolean;
}

const proxyRuns = 'cat /proc/[0-9]*/comm 2>/dev/null | grep -qx kube-proxy';

/** Seconds for the Pod of a deleted DaemonSet to end: its grace period of 30 s, and what comes before it. */
const endSeconds = 90;

/**
 * None of kube-proxy's rules on a host of a cluster without kube-proxy: they would go on sending Services to Pods that
 * have long gone. The kubelet's own chains (KUBE-FIREWALL, KUBE-IPTABLES-HINT, KUBE-KUBELET-CANARY) stay.
 */
export const serviceRules: Kind<ServiceRulesResource, Found> = {
  name: () => 'kube-proxy',
  query: () => `${eachIptables}
  n=$($f-save 2>/dev/null | grep -cE '^:${proxyChains} ')
  [ "$n" -gt 0 ] && echo "rules $n chains of $f"
done
command -v nft >/dev/null && nft list tables 2>/dev/null | grep -E ' kube-proxy$' | sed 's/^/rules /'
[ -e /sys/class/net/${proxyLink} ] && echo 'rules link ${proxyLink}'
${proxyRuns} && echo runs
echo read`,
  read(wants, output) {
    const all = lines(output);
    if (all.pop() !== 'read')
      return wants.map(() => ({ state: 'unknown', reason: "kube-proxy's rules could not be read" }));
    const found = {
      rules: all.flatMap((line) => (line.startsWith('rules ') ? [line.slice('rules '.length)] : [])),
      runs: all.includes('runs'),
    };
    return wants.map(() => ({ state: 'present', found }));
  },
  action(_want, observation) {
    if (observation.state === 'absent' || observation.found.rules.length === 0) return undefined;
    const { rules, runs } = observation.found;
    return {
      verb: 'delete',
      reason: `spec.kubeProxy.enabled is false: ${rules.join(', ')}`,
      script: `for n in $(seq ${endSeconds}); do ${proxyRuns} || break; sleep 1; done
if ${proxyRuns}; then echo 'kube-proxy still runs on this host, and would write its rules again'; exit 1; fi
${removeProxyLink}
${removeRules(proxyChains)}`,
      effects: runs ? [{ component: 'kube-proxy', kind: 'stop' }] : [],
      timeoutSeconds: endSeconds + 30,
    };
  },
  fact: (_want, { rules, runs }) =>
    rules.length === 0 ? 'no rules' : `${rules.join(', ')}${runs ? ', kube-proxy runs' : ''}`,
};
