import { resetSteps } from '../desire/reset.ts';
import { clusterServer } from '../desire/text/address.ts';
import { KbootError } from '../model/error.ts';
import { seeForReset } from '../observe/reset.ts';
import type { HostStep, Plan } from '../plan/types.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { connectAll, type Connections } from './connect.ts';
import { limitedHosts } from './scope.ts';
import type { Workplace } from './workplace.ts';

/** Plans the removal of a cluster, or of some of its hosts. A host of another cluster is refused, never reset. */
export async function makeResetPlan(
  place: Workplace,
  limit: readonly string[],
  connect: ConnectOptions,
  concurrency: number,
): Promise<{
  readonly plan: Plan;
  readonly connections: Connections & { readonly results: ReadonlyMap<string, readonly HostStep[]> };
}> {
  const { cluster, desire } = place;
  const hosts = limitedHosts(cluster, limit);
  const connections = await connectAll(hosts, connect, concurrency, async (host, { reader }) => {
    const seen = await seeForReset(reader);
    if (seen.clusterId !== '' && seen.clusterId !== desire.clusterId)
      throw new KbootError(
        'E-FOREIGN-CLUSTER',
        'the host belongs to another kboot cluster; it was left alone',
        {
          host: host.name,
          remedy: 'Use the inventory and the state folder (--state) of that cluster.',
        },
      );
    return resetSteps(host.name, seen);
  });
  const plan: Plan = {
    apiVersion: 'kboot.dev/v1',
    kind: 'Plan',
    cluster: cluster.name,
    kubernetesVersion: cluster.kubernetesVersion,
    endpoint: clusterServer(cluster),
    basis: 'live',
    issue: [],
    hosts: hosts.map((each) => ({
      name: each.name,
      roles: each.roles,
      state: connections.failed.has(each.name) ? 'unreachable' : 'probed',
      resources: 0,
    })),
    membership: [],
    roll: [],
    hostSteps: [...connections.results.values()].flat(),
    clusterSteps: [],
    checked: 0,
    warnings: [],
  };
  return { plan, connections };
}
