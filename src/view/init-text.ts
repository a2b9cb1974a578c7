import { plural } from '../model/plural.ts';
import type { Cluster } from '../model/cluster.ts';
import { view } from './printable.ts';

/** A summary of the inventory that was written, and the next steps. */
export const initText = view(composeInitText);

function composeInitText(written: {
  readonly file: string;
  readonly cluster: Cluster;
  readonly virtualIP: string | undefined;
  readonly pools: readonly string[];
}): string {
  const { file, cluster, virtualIP, pools } = written;
  const count = (role: 'control-plane' | 'worker', one: string): string => {
    const all = cluster.hosts.filter(({ roles }) => roles[0] === role).length;
    return plural(all, one);
  };
  const addresses = [
    ...(virtualIP === undefined ? [] : [`virtual IP ${virtualIP}`]),
    ...(pools.length === 0 ? [] : [`MetalLB ${pools.join(', ')}`]),
  ];
  return [
    `${file} written: ${cluster.name}, Kubernetes ${cluster.kubernetesVersion}`,
    `  ${[count('control-plane', 'control plane'), count('worker', 'worker'), ...addresses].join(', ')}`,
    'Review it, then run',
    `  kboot validate ${file}   contacts nothing`,
    `  kboot plan ${file}       reads the hosts, changes nothing`,
    `  kboot up ${file}         shows the same plan, asks, applies it`,
  ].join('\n');
}
