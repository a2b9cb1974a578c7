import { makePlan } from '../app/make-plan.ts';
import type { Workspace } from '../app/workspace.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { hopsTo, type Hop } from '../plan/upgrade/hops.ts';
import { versionsOf } from '../plan/upgrade/versions.ts';
import type { PlanScope } from '../plan/scope.ts';
import { connectOptions, note } from './terminal.ts';
import { line } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/**
 * Takes a cluster to the version of the inventory through the minor versions between: reads where it is, and runs `hop`
 * for each upgrade of the chain until one does not succeed. Returns the exit status of the last one.
 */
export async function runThrough(
  workspace: Workspace,
  scope: PlanScope,
  concurrency: number,
  hop: (hop: Hop) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const hops = await chain(workspace, scope, concurrency);
  if (hops.length > 1)
    note(
      line`${hops.length} upgrades, one after another: ${hops.map(({ to, holdWorkers }) => `to ${to}${holdWorkers ? ' (control plane)' : ''}`).join(', ')}`,
    );
  let status: ExitStatus = exitStatus.done;
  for (const each of hops) {
    status = await hop(each);
    if (status !== exitStatus.done) return status;
  }
  return status;
}

/** Throws KbootError E-USAGE if there is no version, or no bundle, to go through. */
async function chain(workspace: Workspace, scope: PlanScope, concurrency: number): Promise<readonly Hop[]> {
  const { cluster, bundles } = workspace;
  const { seen, connections } = await makePlan(workspace, scope, connectOptions(), concurrency);
  await connections.close();
  const given = [...bundles.keys()];
  const hops = hopsTo(
    cluster.kubernetesVersion,
    versionsOf(cluster, seen),
    given.length > 0 ? given : workspace.desire.releases.versions,
  );
  if (hops !== undefined) return hops;
  throw new KbootError(
    'E-USAGE',
    `there is no ${given.length > 0 ? 'bundle of a' : ''} version to go through on the way to ${cluster.kubernetesVersion}`,
    {
      remedy: given.length > 0 ? remedies.bundlesOnTheWay : remedies.nearestFirst,
    },
  );
}
