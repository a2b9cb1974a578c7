import { refuseUnfitBundle } from '../desire/bundle-fit.ts';
import { assemble } from '../plan/assemble.ts';
import { decide, type Decision, type Known } from '../plan/decide.ts';
import { desiredInApi } from '../plan/desired.ts';
import type { Observed } from '../plan/observed.ts';
import { offlinePlan } from '../plan/offline.ts';
import type { Finding } from '../plan/preflight/finding.ts';
import type { PlanScope } from '../plan/scope.ts';
import type { Plan } from '../plan/types.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { mayRunCommands, unaskedHooks } from './consent.ts';
import { forReview } from './for-review.ts';
import type { Connections } from './observe/connect.ts';
import { observe } from './observe/index.ts';
import type { Workspace } from './workspace.ts';

/** A plan made from hosts, the connections that it was made over, and its inputs. */
export interface LivePlan {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  readonly connections: Connections;
  readonly seconds: number;
  readonly known: Known;
  readonly seen: Observed;
  readonly decision: Decision;
}

/**
 * Observes, decides, assembles: the plan, and the connections it was made over. Unreachable hosts are marked as such in
 * the plan. Throws as `decide` does, after closing the connections.
 */
export async function makePlan(
  workspace: Workspace,
  scope: PlanScope,
  connect: ConnectOptions,
  concurrency: number,
): Promise<LivePlan> {
  const mayAskHooks = await mayRunCommands(workspace.inventoryFile, workspace.cluster);
  const started = Date.now();
  const known = knownOf({ ...workspace, desire: { ...workspace.desire, mayAskHooks } }, scope);
  const { seen, connections } = await observe(workspace, known, connect, concurrency);
  try {
    const decision = decide(known, seen);
    const plan = await forReview(
      assemble(known, decision, 'live', [
        ...workspace.notes(scope.until),
        ...unaskedHooks(known.cluster, scope.until, mayAskHooks),
      ]),
      workspace,
      connections,
    );
    const { findings, failed } = decision;
    return {
      ...{ plan, findings, known, seen, decision },
      connections: { ...connections, failed },
      seconds: (Date.now() - started) / 1000,
    };
  } catch (error) {
    await connections.close();
    throw error;
  }
}

/** The plan for freshly installed hosts: no host is contacted. */
export function makeOfflinePlan(workspace: Workspace, scope: PlanScope): Plan {
  return offlinePlan(knownOf(workspace, scope), workspace.notes(scope.until));
}

/** The inputs of a plan on this machine. Throws KbootError E-BUNDLE if the bundle does not fit. */
function knownOf({ cluster, desire, preflightIgnore, toIssue }: Workspace, scope: PlanScope): Known {
  refuseUnfitBundle(desire, scope.until);
  const ignore = [...preflightIgnore, ...scope.ignore];
  return { cluster, scope, ignore, toIssue, desire, desired: desiredInApi(desire, scope) };
}
