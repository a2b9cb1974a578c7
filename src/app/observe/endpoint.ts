import type { Inspection } from '../../model/inspection.ts';
import { stagesUntil } from '../../model/stage.ts';
import { endpointFindings, hasOutsideEndpoint, type EndpointServing } from '../../plan/preflight/endpoint.ts';
import type { Finding } from '../../plan/preflight/finding.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Connections } from './connect.ts';
import type { PlanScope } from '../scope.ts';
import type { Workplace } from '../workplace.ts';

/** The endpoint that hosts try to reach; undefined where kboot sees to it, or the plan does not go that far. */
export function endpointToProbe(
  cluster: Cluster,
  scope: PlanScope,
): Cluster['controlPlaneEndpoint'] | undefined {
  const goesThere = stagesUntil(scope.until).includes('control-plane');
  return goesThere && hasOutsideEndpoint(cluster) ? cluster.controlPlaneEndpoint : undefined;
}

/**
 * Asks the outside endpoint for /readyz through one host that reached it, a worker rather than a control plane,
 * and judges it with what every host saw. `running`: an API server answered directly.
 */
export async function seeEndpoint(
  { cluster, pki }: Workplace,
  scope: PlanScope,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
  running: boolean,
): Promise<readonly Finding[]> {
  const endpoint = endpointToProbe(cluster, scope);
  if (endpoint === undefined) return [];
  const [asker] = cluster.hosts
    .filter(({ name }) => inspections.get(name)?.endpoint?.tcp === 'open' && connections.open.has(name))
    .sort((a, b) => Number(isPlane(a)) - Number(isPlane(b)));
  const reader = asker && connections.open.get(asker.name)?.reader;
  // TLS and HTTP cost start-up time that offline plans need not pay.
  const { observeEndpoint } = await import('../../observe/endpoint.ts');
  const serving: EndpointServing | undefined = reader && {
    host: reader.host,
    answer: await observeEndpoint(reader, endpoint, pki.isIssued('ca') ? pki.ca('ca').cert : undefined),
  };
  return endpointFindings(cluster, inspections, running, serving);
}

function isPlane({ roles }: Cluster['hosts'][number]): boolean {
  return roles.includes('control-plane');
}
