import { makeOfflinePlan, makePlan, type LivePlan } from '../app/make-plan.ts';
import { readInventory } from '../app/read-inventory.ts';
import { planTarget, writePlan } from '../app/saved/file.ts';
import { savedOfflinePlan, savedPlan } from '../app/saved/plan.ts';
import { openWorkspace, type Workspace } from '../app/workspace.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { selectHosts } from '../plan/select-hosts.ts';
import type { SavedPlan } from '../plan/saved/saved.ts';
import { changesAnything, gatesOf } from '../plan/steps.ts';
import type { Plan } from '../plan/types.ts';
import type { PlanArgs } from './args.ts';
import { tellCopy } from './copy-guard.ts';
import { pageFile, pageOf, writePage } from './html.ts';
import { refuseOtherFile } from './own-file.ts';
import { openWithWarnings, readStatus, renewal, scopeOf, showPlan, tellReading, upCommand } from './show.ts';
import { bundlesOf, connectOptions, event, note } from './terminal.ts';
import { line } from '../view/printable.ts';

/** Makes and shows a plan, and saves it with `--out`. Returns the exit status. */
export async function runPlan(args: PlanArgs): Promise<ExitStatus> {
  if (args.out !== undefined) await planTarget(args.out);
  refuseOtherFile(args.html, pageFile);
  const read = await readInventory(args.inventory, { state: args.state });
  const scope = scopeOf({ ...args, limit: [...selectHosts(read.cluster, args.limit)] });
  const options = { ...args, ...bundlesOf(args), read, renewCerts: renewal(scope) };
  let workspace = await openWithWarnings(options);
  await tellCopy(args, workspace.cluster);
  const command = upCommand(args);
  if (args.offline) {
    const plan = makeOfflinePlan(workspace, scope);
    showPlan(args, plan);
    await keep(args, () => savedOfflinePlan(workspace, scope, plan));
    await writePage(args.html, { plan, cluster: workspace.cluster });
    return madeStatus(args, plan);
  }
  let live = await makePlan(workspace, scope, connectOptions(), args.concurrency);
  await live.connections.close();
  if (beginsRotation(args, workspace, live)) {
    workspace = await openWorkspace({ ...options, rotate: workspace.rotationDue });
    live = await makePlan(workspace, scope, connectOptions(), args.concurrency);
    await live.connections.close();
  }
  tellReading(args, live);
  const refused = live.findings.some((finding) => finding.level === 'error');
  showPlan(args, live.plan, { command, refused });
  await keep(args, () => savedPlan(workspace, scope, live));
  await writePage(args.html, pageOf(workspace, live, command));
  if (live.connections.failed.size > 0) return readStatus(live.connections);
  if (refused) return exitStatus.preflight;
  return madeStatus(args, live.plan);
}

/**
 * Whether nothing is to do but what spec.pki.rotate lists: its first stage is the plan then. Not one that is saved: its new
 * CAs are made when it is applied.
 */
function beginsRotation(
  args: PlanArgs,
  { rotation, rotationDue }: Workspace,
  { plan, connections }: LivePlan,
): boolean {
  const isPart = args.out !== undefined || args.limit.length > 0 || args.until !== undefined;
  if (isPart || rotation !== undefined || rotationDue.length === 0) return false;
  return connections.failed.size === 0 && !changesAnything(plan) && gatesOf(plan).length === 0;
}

/** 2 with `--detailed-exitcode` if the plan has a step or a certificate to issue, else 0. */
function madeStatus(args: PlanArgs, plan: Plan): ExitStatus {
  return changesAnything(plan) && args['detailed-exitcode'] ? exitStatus.changesPending : exitStatus.done;
}

async function keep({ out, output }: PlanArgs, make: () => SavedPlan): Promise<void> {
  if (out === undefined) return;
  const saved = make();
  await writePlan(out, saved);
  if (output === 'json') event({ type: 'saved', file: out, digest: saved.digest });
  else note(line`saved to ${out}, digest ${saved.digest.slice(0, 12)}`);
}
