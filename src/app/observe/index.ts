import type { Inspection } from '../../model/inspection.ts';
import { questionsFor } from '../../observe/questions.ts';
import type { HostObservation } from '../../observe/probe.ts';
import type { Known } from '../../plan/decide.ts';
import { desiredOn, needsApi, pathsOfPods } from '../../plan/desired.ts';
import type { Observed } from '../../plan/observed.ts';
import { reaches, scopedHosts } from '../../plan/scope.ts';
import type { ConnectOptions } from '../../transport/types.ts';
import { listSnapshots } from '../../store/snapshots.ts';
import { metOperatorHooks } from '../operator-hooks.ts';
import type { Workspace } from '../workspace.ts';
import { Ahead } from './ahead.ts';
import { observeApi, observeServed } from './cluster.ts';
import { connectAll, type Connections } from './connect.ts';
import { observeEncryption, withEncryptionFile } from './encryption.ts';
import { endpointToProbe, observeOutsideEndpoint } from './endpoint.ts';
import { observeOwnEtcd } from './etcd.ts';
import { askExternalEtcd } from './external-etcd.ts';
import { observeFormerHosts } from './former-hosts.ts';
import { observeHost } from './host.ts';
import { observeExchange } from './rotation.ts';
import { observeUpgrade } from './upgrade.ts';

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
  const ahead = new Ahead(workspace, known);
  const connections = await connectAll(workspace, hosts, connect, concurrency, (host, connection) => {
    ahead.connected(host, connection);
    return observeHost(connection.reader, host.address, (facts) => desiredOn(desire, scope, host, facts), {
      ...questionsFor(cluster, host),
      endpoint: endpointToProbe(cluster, scope, host),
      podPaths: pathsOfPods(cluster, scope, host),
      deep: workspace.deep === true,
    });
  });
  try {
    const { results, failed } = connections;
    const inspections = inspectionsOf(results);
    const askApi = async (asked?: Ahead): Promise<Pick<Observed, 'api' | 'served'>> => {
      if (!needsApi(desired)) return { api: undefined, served: new Map() };
      const [api, served] = await Promise.all([
        observeApi(workspace, inspections, connections, desired, asked?.api),
        observeServed(workspace, inspections, connections, asked?.served),
      ]);
      return { api, served };
    };
    const askEtcd = async (): Promise<Pick<Observed, 'etcd' | 'encryption'>> => ({
      etcd: await observeOwnEtcd(workspace, scope, inspections, connections, ahead.members),
      encryption: await observeEncryption(workspace, scope, inspections, connections, ahead),
    });
    const [{ etcd, encryption }, externalEtcd, asked, endpoint, metHooks] = await Promise.all([
      askEtcd(),
      reaches(scope, 'etcd') ? askExternalEtcd(workspace, connections) : undefined,
      askApi(ahead),
      observeOutsideEndpoint(workspace, scope, inspections, connections, ahead.endpoint),
      metOperatorHooks(workspace, scope.until),
    ]);
    // etcd is waited for while it elects a leader; API servers do not answer then.
    const waited = asked.api?.state === 'unavailable' && etcd.members.state === 'present';
    const { api, served } = waited ? await askApi() : asked;
    const upgrade = await observeUpgrade(workspace, inspections, connections, {
      ...{ hosts: results, served, api },
    });
    const rotation = await observeExchange(workspace, scope, inspections, connections);
    const former = await observeFormerHosts(workspace, api, connect, concurrency);
    return {
      seen: {
        ...{ failed, etcd, externalEtcd, api, endpoint, metHooks, upgrade, encryption, rotation },
        hosts: new Map(
          [...results].map(([name, each]) => [name, withEncryptionFile(each, encryption?.servers.get(name))]),
        ),
        served,
        snapshots: await listSnapshots(workspace.state, new Date()),
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
