import {
  addressesOf,
  etcdHosts,
  isNode,
  loadBalancerHosts,
  type Cluster,
  type Host,
} from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { ProbeQuestions } from '../../observe/inspect.ts';
import type { HostObservation } from '../../observe/probe.ts';
import type { Known } from '../../plan/decide.ts';
import { kubeletConfigOf } from '../../desire/text/kubelet-settings.ts';
import { desiredOn, needsApi, pathsOfPods } from '../../plan/desired.ts';
import type { Observed } from '../../plan/observed.ts';
import { reaches, scopedHosts } from '../../plan/scope.ts';
import type { ConnectOptions } from '../../transport/types.ts';
import { metOperatorHooks } from '../operator-hooks.ts';
import type { Workspace } from '../workspace.ts';
import { observeApi } from './cluster.ts';
import { connectAll, type Connections } from './connect.ts';
import { endpointToProbe, observeOutsideEndpoint } from './endpoint.ts';
import { observeOwnEtcd } from './etcd.ts';
import { askExternalEtcd } from './external-etcd.ts';
import { observeFormerHosts } from './former-hosts.ts';
import { observeHost } from './host.ts';

/**
 * Connects to the hosts of a plan and reads all its possible inputs: the hosts, etcd, the API, the control-plane
 * endpoint, and the hooks of this machine. Changes nothing. The connections stay open, for apply.
 */
export async function observe(
  workspace: Workspace,
  known: Known,
  connect: ConnectOptions,
  concurrency: number,
): Promise<{ readonly seen: Observed; readonly connections: Connections }> {
  const { cluster, scope, desire, desired } = known;
  const hosts = scopedHosts(cluster, scope);
  const connections = await connectAll(workspace, hosts, connect, concurrency, (host, { reader }) =>
    observeHost(reader, host.address, (facts) => desiredOn(desire, scope, host, facts), {
      ...balancingOf(cluster, host),
      endpoint: isNode(host) ? endpointToProbe(cluster, scope) : undefined,
      resolvConf: statedResolvConf(cluster, host),
      podPaths: pathsOfPods(cluster, scope, host),
      etcdDataDir: etcdHosts(cluster).includes(host) ? cluster.etcd.dataDir : undefined,
    }),
  );
  try {
    const { results, failed } = connections;
    const inspections = inspectionsOf(results);
    const etcd = await observeOwnEtcd(workspace, scope, inspections, connections);
    const externalEtcd = reaches(scope, 'etcd') ? await askExternalEtcd(workspace, connections) : undefined;
    const api = needsApi(desired)
      ? await observeApi(workspace, inspections, connections, desired)
      : undefined;
    const endpoint = await observeOutsideEndpoint(workspace, scope, inspections, connections);
    const metHooks = await metOperatorHooks(workspace, scope.until);
    const former = await observeFormerHosts(workspace, api, connect, concurrency);
    return {
      seen: {
        ...{ hosts: results, failed, etcd, externalEtcd, api, endpoint, metHooks },
        former: former.results,
      },
      connections: {
        open: new Map([...connections.open, ...former.open]),
        failed,
        close: async () => {
          await Promise.all([connections.close(), former.close()]);
        },
      },
    };
  } catch (error) {
    await connections.close();
    throw error;
  }
}

function inspectionsOf(results: ReadonlyMap<string, HostObservation>): ReadonlyMap<string, Inspection> {
  return new Map([...results].map(([name, { inspection }]) => [name, inspection]));
}

/** Additional questions for a load balancer. */
function balancingOf(cluster: Cluster, host: Host): Pick<ProbeQuestions, 'virtualIP' | 'balancing'> {
  const { loadBalancer } = cluster;
  const hosts = loadBalancerHosts(cluster);
  if (loadBalancer === undefined || !hosts.includes(host)) return {};
  const balancers = hosts.flatMap(addressesOf);
  return { virtualIP: loadBalancer.virtualIP, balancing: { port: loadBalancer.port, balancers } };
}

function statedResolvConf(cluster: Cluster, host: Host): string | undefined {
  const stated = kubeletConfigOf(cluster, host)['resolvConf'];
  return typeof stated === 'string' && stated !== '' ? stated : undefined;
}
