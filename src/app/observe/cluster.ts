import { hostsWith, type Cluster, type Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Pki } from '../../pki/types.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { DesiredCluster } from '../../kube/desired-cluster.ts';
import type { Connections } from './connect.ts';
import { apiCredentials } from '../credentials.ts';
import type { Workspace } from '../workspace.ts';

/** The objects of the API, through the control-plane hosts with a listening API server; `unavailable` without a response. */
export async function observeApi(
  { cluster, pki }: Workspace,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
  desired: DesiredCluster,
  asked?: Promise<ClusterObservation | undefined>,
): Promise<ClusterObservation> {
  const early = await asked;
  if (early?.state === 'present') return early;
  return await askApi(servingHosts(cluster, inspections), pki, connections, desired);
}

/** What the API server of each control-plane host serves; without those that do not answer. */
export async function observeServed(
  { cluster, pki }: Workspace,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
  asked?: ReadonlyMap<string, Promise<string | undefined>>,
): Promise<ReadonlyMap<string, string>> {
  if (!pki.isIssued('ca')) return new Map();
  const { observeServedVersion } = await import('../../observe/served.ts');
  const served = await Promise.all(
    servingHosts(cluster, inspections).map(async ({ name, address }) => {
      const reader = connections.open.get(name)?.reader;
      const version =
        (await asked?.get(name)) ??
        (reader && (await observeServedVersion(reader, address, apiCredentials(pki))));
      return version === undefined ? [] : [[name, version] as const];
    }),
  );
  return new Map(served.flat());
}

/** Control planes with a listening API server. */
export function servingHosts(
  cluster: Cluster,
  inspections: ReadonlyMap<string, Inspection>,
): readonly Host[] {
  return hostsWith(cluster, 'control-plane').filter((host) =>
    inspections.get(host.name)?.listening.some((entry) => entry.port === 6443),
  );
}

/** Tries the API server of one host after another until one responds. */
export async function askApi(
  hosts: readonly Host[],
  pki: Pki,
  connections: Connections,
  desired: DesiredCluster,
): Promise<ClusterObservation> {
  // HTTP/2 and TLS cost start-up time that offline plans need not pay.
  const { observeCluster } = await import('../../observe/cluster.ts');
  let why = 'no API server is listening';
  if (pki.isIssued('ca'))
    for (const host of hosts) {
      const reader = connections.open.get(host.name)?.reader;
      if (reader === undefined) continue;
      const seen = await observeCluster(reader, host.address, apiCredentials(pki), desired);
      if (seen.state === 'present') return seen;
      if (seen.state === 'unavailable') why = seen.why;
    }
  return { state: 'unavailable', why };
}
