import type { Inspection } from '../../model/inspection.ts';
import type { RotationObservation } from '../../observe/rotation.ts';
import { reaches, type PlanScope } from '../../plan/scope.ts';
import { apiCredentials } from '../credentials.ts';
import type { Workspace } from '../workspace.ts';
import { servingHosts } from './cluster.ts';
import type { Connections } from './connect.ts';

/** What an exchange of CAs still has to do in the API; undefined if none has begun, or no API server answers. */
export async function observeExchange(
  { cluster, pki, rotation }: Workspace,
  scope: PlanScope,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
): Promise<RotationObservation | undefined> {
  if (rotation === undefined || !pki.isIssued('ca') || !reaches(scope, 'addon')) return undefined;
  const { observeRotation } = await import('../../observe/rotation.ts');
  const rolls = rotation.stage === 'roll';
  const questions = {
    since: rolls ? rotation.since : undefined,
    signingKey: rolls && rotation.cas.includes('sa') ? pki.serviceAccount().privateKey : undefined,
  };
  for (const { name, address } of servingHosts(cluster, inspections)) {
    const reader = connections.open.get(name)?.reader;
    const seen = reader && (await observeRotation(reader, address, apiCredentials(pki), questions));
    if (seen !== undefined) return seen;
  }
  return undefined;
}
