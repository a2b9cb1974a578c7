import { hostsWith, type Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Pki } from '../../pki/types.ts';
import type { ClusterObservation, ClusterWants } from '../../plan/cluster-wants.ts';
import type { Connections } from './connect.ts';
import { apiCredentials } from '../credentials.ts';
import type { Workplace } from '../workplace.ts';

/**
 * What the API holds. Without an answer it is `absent` only where no control plane holds etcd data, or where an
 * etcd that someone else runs (`foreign`) holds no cluster.
 */
export async function seeCluster(
  { cluster, pki }: Workplace,
  foreign: 'absent' | 'present' | undefined,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
  wants: ClusterWants,
): Promise<ClusterObservation> {
  const controlPlane = hostsWith(cluster, 'control-plane');
  const serving = controlPlane.filter((host) =>
    inspections.get(host.name)?.listening.some((entry) => entry.port === 6443),
  );
  const seen = await askApi(serving, pki, connections, wants);
  const data =
    foreign === undefined
      ? controlPlane.some((host) => inspections.get(host.name)?.etcdData !== 'absent')
      : foreign === 'present';
  return seen.state === 'silent' && !data ? { state: 'absent' } : seen;
}

/** Asks the API server of one host after another until one answers. */
export async function askApi(
  hosts: readonly Host[],
  pki: Pki,
  connections: Connections,
  wants: ClusterWants,
): Promise<ClusterObservation> {
  // HTTP/2 and TLS cost start-up time that offline plans need not pay.
  const { observeCluster } = await import('../../observe/cluster.ts');
  let why = 'no API server listens';
  if (pki.isIssued('ca'))
    for (const host of hosts) {
      const reader = connections.open.get(host.name)?.reader;
      if (reader === undefined) continue;
      const seen = await observeCluster(reader, host.address, apiCredentials(pki), wants);
      if (seen.state === 'present') return seen;
      if (seen.state === 'silent') why = seen.why;
    }
  return { state: 'silent', why };
}
