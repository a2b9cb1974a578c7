import { makeOfflinePlan, makePlan } from '../app/make-plan.ts';
import { openWorkplace } from '../app/workplace.ts';
import { formatDiagnostic } from '../model/diagnostic.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { stepsOf, type Plan } from '../plan/types.ts';
import { errorText } from '../view/error-text.ts';
import { findingsText } from '../view/findings-text.ts';
import { planText } from '../view/plan-text.ts';
import type { PlanArgs } from './args.ts';
import { bundleFolder, connectOptions, event, note, print } from './terminal.ts';

/** Makes and shows a plan. Returns the exit status. */
export async function runPlan(args: PlanArgs): Promise<ExitStatus> {
  const place = await openWorkplace({
    inventory: args.inventory,
    state: args.state,
    bundle: bundleFolder(args.bundle),
  });
  for (const warning of place.warnings) note(formatDiagnostic(warning));
  const scope = { until: args.until, limit: args.limit, ignore: args['ignore-preflight'] };
  if (args.offline) {
    show(args, makeOfflinePlan(place, scope));
    return exitStatus.done;
  }
  const live = await makePlan(place, scope, connectOptions(), args.concurrency);
  await live.connections.close();
  if (args.output === 'json') for (const finding of live.findings) event({ type: 'finding', ...finding });
  else {
    for (const error of live.connections.failed.values()) note(errorText(error));
    if (live.findings.length > 0) note(findingsText(live.findings));
    note(`read ${live.connections.open.size} hosts in ${live.seconds.toFixed(1)} s`);
  }
  show(args, live.plan);
  const [unreachable] = live.connections.failed.values();
  if (unreachable !== undefined) return unreachable.exit;
  if (live.findings.some((finding) => finding.level === 'error')) return exitStatus.preflight;
  const pending = stepsOf(live.plan).length > 0;
  return pending && args['detailed-exitcode'] ? exitStatus.changesPending : exitStatus.done;
}

function show(args: PlanArgs, plan: Plan): void {
  if (args.output === 'json') event({ type: 'plan', plan });
  else print(planText(plan, { verbose: args.verbose, command: `kboot up ${args.inventory}` }));
}
