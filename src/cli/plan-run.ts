import { makeOfflinePlan, makePlan } from '../app/make-plan.ts';
import { planTarget, writePlan } from '../app/saved/file.ts';
import { savedOfflinePlan, savedPlan } from '../app/saved/plan.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import type { SavedPlan } from '../plan/saved/saved.ts';
import { changesAnything } from '../plan/steps.ts';
import type { Plan } from '../plan/types.ts';
import type { PlanArgs } from './args.ts';
import { tellCopy } from './copy-guard.ts';
import { pageOf, refuseOtherFile, writePage } from './html.ts';
import { openWithWarnings, readStatus, renewal, scopeOf, showPlan, tellReading, upCommand } from './show.ts';
import { bundlesOf, connectOptions, event, note } from './terminal.ts';
import { line } from '../view/printable.ts';

/** Makes and shows a plan, and saves it with `--out`. Returns the exit status. */
export async function runPlan(args: PlanArgs): Promise<ExitStatus> {
  if (args.out !== undefined) await planTarget(args.out);
  refuseOtherFile(args.html);
  const scope = scopeOf(args);
  const workspace = await openWithWarnings({
    ...{ ...args, ...bundlesOf(args) },
    renewCerts: renewal(scope),
  });
  await tellCopy(args);
  const command = upCommand(args);
  if (args.offline) {
    const plan = makeOfflinePlan(workspace, scope);
    showPlan(args, plan);
    await keep(args, () => savedOfflinePlan(workspace, scope, plan));
    await writePage(args.html, { plan, cluster: workspace.cluster });
    return madeStatus(args, plan);
  }
  const live = await makePlan(workspace, scope, connectOptions(), args.concurrency);
  await live.connections.close();
  tellReading(args, live);
  const refused = live.findings.some((finding) => finding.level === 'error');
  showPlan(args, live.plan, { command, refused });
  await keep(args, () => savedPlan(workspace, scope, live));
  await writePage(args.html, pageOf(workspace, live, command));
  if (live.connections.failed.size > 0) return readStatus(live.connections);
  if (refused) return exitStatus.preflight;
  return madeStatus(args, live.plan);
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
