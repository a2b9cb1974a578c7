import { KbootError } from '../../model/error.ts';
import { groundChanges, lostHosts, sightChanges, type Change, type Ground } from '../../plan/saved/basis.ts';
import { planChanges, seal, type SavedPlan } from '../../plan/saved/saved.ts';
import type { Plan } from '../../plan/types.ts';
import { groundOf, sightOf } from './basis.ts';
import type { LivePlan } from '../make-plan.ts';
import type { PlanScope } from '../../plan/scope.ts';
import type { Workspace } from '../workspace.ts';
import { remedies } from '../remedies.ts';
import type { Text } from '../../model/language/text.ts';

/** A live plan with its inputs. */
export function savedPlan(workspace: Workspace, scope: PlanScope, live: LivePlan): SavedPlan {
  return sealed(scope, live.plan, { ...groundOf(workspace), ...sightOf(live) });
}

/** An offline plan, for reading only: it cannot be applied. */
export function savedOfflinePlan(workspace: Workspace, scope: PlanScope, plan: Plan): SavedPlan {
  return sealed(scope, plan, { ...groundOf(workspace), hosts: {}, etcd: {}, api: {} });
}

function sealed(scope: PlanScope, plan: Plan, basis: SavedPlan['basis']): SavedPlan {
  return seal({ made: new Date().toISOString(), scope, basis, plan });
}

/** A plan file, and its path. */
export interface PlanFile {
  readonly path: string;
  readonly saved: SavedPlan;
}

/**
 * The scope of a saved plan. Throws KbootError E-PLAN if it is an offline plan or a plan of another cluster, E-USAGE if
 * flags contradict it, E-PLAN-STALE if its inputs on this machine have changed. No host is contacted.
 */
export function scopeOfSaved(
  workspace: Workspace,
  { path, saved }: PlanFile,
  asked: {
    readonly until: string | undefined;
    readonly limit: readonly string[];
    readonly ignore: readonly string[];
    readonly renewCerts?: boolean;
  },
): PlanScope {
  const { scope, plan, basis } = saved;
  if (plan.mode === 'offline')
    throw new KbootError(
      'E-PLAN',
      `${path} was made offline: no host was contacted, so it cannot be applied`,
      {
        remedy: remedies.planFromHosts,
      },
    );
  const ground = groundOf(workspace);
  refuseOtherCluster(workspace, path, plan, basis, ground);
  refuseContradiction(path, '--until', asked.until ?? scope.until, scope.until);
  const limit = [...scope.limit].sort().join(' ');
  refuseContradiction(
    path,
    '--limit',
    asked.limit.length === 0 ? limit : [...asked.limit].sort().join(' '),
    limit,
  );
  if (asked.renewCerts === true && scope.renewCerts !== true)
    refuseContradiction(path, '--renew-certs', 'true', '');
  refuseStale(path, groundChanges(basis, ground), remedies.newPlan);
  return { ...scope, ignore: [...scope.ignore, ...asked.ignore] };
}

/**
 * Returns the new plan if the saved one has the same observations, steps and gates. The live plan is applied: the file
 * only decides whether it may be. Throws KbootError E-PLAN-STALE with the differences, and with the error of a host that
 * was read for the saved plan and cannot be read now.
 */
export function holdToSaved({ path, saved }: PlanFile, live: LivePlan): LivePlan {
  const now = sightOf(live);
  refuseStale(path, sightChanges(saved.basis, now), remedies.newPlanOfHosts);
  const [lost] = lostHosts(saved.basis, now);
  const failure = lost === undefined ? undefined : live.connections.failed.get(lost);
  if (failure !== undefined) throw failure;
  refuseStale(path, planChanges(saved.plan, live.plan), remedies.newPlanOfHosts);
  return live;
}

function refuseOtherCluster(workspace: Workspace, path: string, plan: Plan, was: Ground, now: Ground): void {
  const { name } = workspace.cluster;
  const [then, today] = [was.state['cluster ID'], now.state['cluster ID']];
  const other =
    plan.cluster !== name
      ? `the cluster ${plan.cluster}; ${workspace.inventoryFile} is ${name}`
      : then !== undefined && then !== today
        ? `another cluster ${name}: its ID is ${then}, that of ${workspace.state.dir} is ${today ?? 'none yet'}`
        : undefined;
  if (other === undefined) return;
  throw new KbootError('E-PLAN', `${path} is a plan of ${other}`, {
    remedy: remedies.sameInventory,
  });
}

function refuseContradiction(path: string, flag: string, asked: string, planned: string): void {
  if (asked === planned) return;
  throw new KbootError(
    'E-USAGE',
    `${flag} ${asked} contradicts ${path}, which was made with ${planned === '' ? `no ${flag}` : `${flag} ${planned}`}`,
    { remedy: remedies.omitFlag({ flag }) },
  );
}

/** Maximum number of changes that are listed. */
const told = 15;

function refuseStale(path: string, changes: readonly Change[], remedy: Text): void {
  if (changes.length === 0) return;
  const count = `${changes.length} thing${changes.length === 1 ? '' : 's'}`;
  throw new KbootError('E-PLAN-STALE', `${path} is stale: ${count} changed since this plan was made`, {
    detail: [
      ...changes.slice(0, told).map(changeText),
      ...(changes.length > told ? [`and ${changes.length - told} more`] : []),
    ].join('\n'),
    remedy,
  });
}

/** `w-1: file /etc/crictl.yaml: was mode 644, sha256 0a1b2c3d4e5f; now absent` */
function changeText({ where, what, was, now }: Change): string {
  return `${where}: ${what}: was ${short(was)}; now ${short(now)}`;
}

function short(fact: string | undefined): string {
  return (fact ?? 'absent').replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1');
}
