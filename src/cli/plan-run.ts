import { makeOfflinePlan, makePlan } from '../app/make-plan.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { stepsOf } from '../plan/types.ts';
import type { PlanArgs } from './args.ts';
import { openPlace, showPlan, tellReading } from './show.ts';
import { bundleFolder, connectOptions } from './terminal.ts';

/** Makes and shows a plan. Returns the exit status. */
export async function runPlan(args: PlanArgs): Promise<ExitStatus> {
  const place = await openPlace({ ...args, bundle: bundleFolder(args.bundle) });
  const scope = { until: args.until, limit: args.limit, ignore: args['ignore-preflight'] };
  const command = `kboot up ${args.inventory}`;
  if (args.offline) {
    showPlan(args, makeOfflinePlan(place, scope), command);
    return exitStatus.done;
  }
  const live = await makePlan(place, scope, connectOptions(), args.concurrency);
  await live.connections.close();
  tellReading(args, live);
  showPlan(args, live.plan, command);
  const [unreachable] = live.connections.failed.values();
  if (unreachable !== undefined) return unreachable.exit;
  if (live.findings.some((finding) => finding.level === 'error')) return exitStatus.preflight;
  const pending = stepsOf(live.plan).length > 0;
  return pending && args['detailed-exitcode'] ? exitStatus.changesPending : exitStatus.done;
}
