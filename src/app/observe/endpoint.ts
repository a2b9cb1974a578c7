import { hasOutsideEndpoint, isNode, type Cluster, type Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { EndpointServing } from '../../plan/preflight/endpoint.ts';
import { reaches, type PlanScope } from '../../plan/scope.ts';
import type { Workspace } from '../workspace.ts';
import { trustBundle } from '../../pki/types.ts';
import type { Reader } from '../../transport/types.ts';
import type { Connections } from './connect.ts';

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
 * Requests /readyz of the external endpoint through one host that reached it, preferably a worker; `asked` is what a host was
 * asked already.
 * undefined if no host reached it, or no request is needed.
 */
export async function observeOutsideEndpoint(
  workspace: Workspace,
  scope: PlanScope,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
  asked: AskedEndpoint | undefined,
): Promise<EndpointServing | undefined> {
  const { cluster } = workspace;
  const reached = (name: string): boolean =>
    inspections.get(name)?.endpoint?.tcp === 'open' && connections.open.has(name);
  if (asked !== undefined && reached(asked.host)) return { host: asked.host, answer: await asked.answer };
  const [asker] = cluster.hosts
    .filter(({ name }) => reached(name))
    .sort((a, b) => Number(isPlane(a)) - Number(isPlane(b)));
  const reader = asker && connections.open.get(asker.name)?.reader;
  const asking = reader && askEndpoint(workspace, scope, asker, reader);
  return asking && { host: asking.host, answer: await asking.answer };
}

/** What a host was asked about the external endpoint; the answer never rejects. */
export interface AskedEndpoint {
  readonly host: string;
  readonly answer: Promise<EndpointServing['answer']>;
}

/** Requests /readyz of the external endpoint through a host; undefined if no request is needed. */
export function askEndpoint(
  { cluster, pki }: Workspace,
  scope: PlanScope,
  host: Host,
  reader: Reader,
): AskedEndpoint | undefined {
  const endpoint = endpointToProbe(cluster, scope, host);
  if (endpoint === undefined) return undefined;
  const caPem = pki.isIssued('ca') ? trustBundle(pki, 'ca') : undefined;
  const ask = async (): Promise<EndpointServing['answer']> => {
    // TLS and HTTP cost start-up time that offline plans need not pay.
    const { observeEndpoint } = await import('../../observe/endpoint.ts');
    return await observeEndpoint(reader, endpoint, caPem);
  };
  return { host: host.name, answer: ask() };
}

function isPlane({ roles }: Cluster['hosts'][number]): boolean {
  return roles.includes('control-plane');
}
