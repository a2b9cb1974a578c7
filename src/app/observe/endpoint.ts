import { hasOutsideEndpoint, isNode, type Cluster, type Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { EndpointServing } from '../../plan/preflight/endpoint.ts';
import { reaches, type PlanScope } from '../../plan/scope.ts';
import type { Workspace } from '../workspace.ts';
import type { Connections } from './connect.ts';
import { trustBundle } from '../../pki/types.ts';

/** The endpoint that a node tries to reach; undefined if kboot runs it, or the plan ends before that stage. */
export function endpointToProbe(
  cluster: Cluster,
  scope: PlanScope,
  host: Host,
): Cluster['controlPlaneEndpoint'] | undefined {
  return isNode(host) ? outsideEndpoint(cluster, scope) : undefined;
}

function outsideEndpoint(cluster: Cluster, scope: PlanScope): Cluster['controlPlaneEndpoint'] | undefined {
  return reaches(scope, 'control-plane') && hasOutsideEndpoint(cluster)
    ? cluster.controlPlaneEndpoint
    : undefined;
}

/**
 * Requests /readyz of the external endpoint through one host that reached it, preferably a worker.
 * undefined if no host reached it, or no request is needed.
 */
export async function observeOutsideEndpoint(
  { cluster, pki }: Workspace,
  scope: PlanScope,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
): Promise<EndpointServing | undefined> {
  const endpoint = outsideEndpoint(cluster, scope);
  if (endpoint === undefined) return undefined;
  const [asker] = cluster.hosts
    .filter(({ name }) => inspections.get(name)?.endpoint?.tcp === 'open' && connections.open.has(name))
    .sort((a, b) => Number(isPlane(a)) - Number(isPlane(b)));
  const reader = asker && connections.open.get(asker.name)?.reader;
  if (reader === undefined) return undefined;
  // TLS and HTTP cost start-up time that offline plans need not pay.
  const { observeEndpoint } = await import('../../observe/endpoint.ts');
  const caPem = pki.isIssued('ca') ? trustBundle(pki, 'ca') : undefined;
  return { host: reader.host, answer: await observeEndpoint(reader, endpoint, caPem) };
}

function isPlane({ roles }: Cluster['hosts'][number]): boolean {
  return roles.includes('control-plane');
}
