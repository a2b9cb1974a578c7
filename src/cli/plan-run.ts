import { makeOfflinePlan, makePlan } from '../app/make-plan.ts';
import { planTarget, writePlan } from '../app/plan-file.ts';
import { savedOfflinePlan, savedPlan } from '../app/saved-plan.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import type { SavedPlan } from '../plan/saved.ts';
import { stepsOf } from '../plan/types.ts';
import type { PlanArgs } from './args.ts';
import { pageOf, refuseSpecialFile, writePage } from './html.ts';
import { openPlace, scopeOf, showPlan, tellReading } from './show.ts';
import { bundleFolder, connectOptions, event, note } from './terminal.ts';

/** Makes and shows a plan, and keeps it with `--out`. Returns the exit status. */
export async function runPlan(args: PlanArgs): Promise<ExitStatus> {
  if (args.out !== undefined) await planTarget(args.out);
  refuseSpecialFile(args.html);
  const place = await openPlace({ ...args, bundle: bundleFolder(args.bundle) });
  const scope = scopeOf(args);
  const kept = args.out === undefined ? '' : ` --plan ${args.out}`;
  const command = `kboot up ${args.inventory}${kept}`;
  if (args.offline) {
    const plan = makeOfflinePlan(place, scope);
    showPlan(args, plan);
    await keep(args, () => savedOfflinePlan(place, scope, plan));
    await writePage(args.html, { plan, cluster: place.cluster });
    return exitStatus.done;
  }
  const live = await makePlan(place, scope, connectOptions(), args.concurrency);
  await live.connections.close();
  tellReading(args, live);
  showPlan(args, live.plan, command);
  await keep(args, () => savedPlan(place, scope, live));
  await writePage(args.html, pageOf(place, live, command));
  const [unreachable] = live.connections.failed.values();
  if (unreachable !== undefined) return unreachable.exit;
  if (live.findings.some((finding) => finding.level === 'error')) return exitStatus.preflight;
  const pending = stepsOf(live.plan).length > 0;
  return pending && args['detailed-exitcode'] ? exitStatus.changesPending : exitStatus.done;
}

async function keep({ out, output }: PlanArgs, make: () => SavedPlan): Promise<void> {
  if (out === undefined) return;
  const saved = make();
  await writePlan(out, saved);
  if (output === 'json') event({ type: 'saved', file: out, digest: saved.digest });
  else note(`kept in ${out}, digest ${saved.digest.slice(0, 12)}`);
}
