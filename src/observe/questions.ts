import { statedResolvConf } from '../desire/text/kubelet-settings.ts';
import { addressesOf, etcdHosts, loadBalancerHosts, type Cluster, type Host } from '../model/cluster.ts';
import { neededPrograms } from '../model/runtime.ts';
import type { ProbeQuestions } from './inspect.ts';

/** What the probe of a host asks because of the inventory, except for the control-plane endpoint and static Pods. */
export function questionsFor(cluster: Cluster, host: Host): ProbeQuestions {
  return {
    ...balancingOf(cluster, host),
    resolvConf: statedResolvConf(cluster, host) || undefined,
    programs: [...new Set(neededPrograms(cluster, host).map(({ program }) => program))],
    etcdDataDir: etcdHosts(cluster).includes(host) ? cluster.etcd.dataDir : undefined,
  };
}

/** Additional questions for a load balancer. */
function balancingOf(cluster: Cluster, host: Host): Pick<ProbeQuestions, 'virtualIP' | 'balancing'> {
  const { loadBalancer } = cluster;
  const hosts = loadBalancerHosts(cluster);
  if (loadBalancer === undefined || !hosts.includes(host)) return {};
  const balancers = hosts.flatMap(addressesOf);
  return { virtualIP: loadBalancer.virtualIP, balancing: { port: loadBalancer.port, balancers } };
}
