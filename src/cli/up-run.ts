import type { ApplyEvent } from '../apply/events.ts';
import type { ApplyResult } from '../apply/run.ts';
import { makePlan, type LivePlan } from '../app/make-plan.ts';
import { carryOut } from '../app/up.ts';
import { openWorkplace } from '../app/workplace.ts';
import { formatDiagnostic } from '../model/diagnostic.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { stepsOf } from '../plan/types.ts';
import { acquireLock } from '../store/lock.ts';
import { openRunLog } from '../store/run-log.ts';
import { openState } from '../store/state.ts';
import { errorText } from '../view/error-text.ts';
import { findingsText } from '../view/findings-text.ts';
import { planText } from '../view/plan-text.ts';
import { showProgress, stageSeconds } from '../view/progress.ts';
import { statsText } from '../view/stats-text.ts';
import { onInterrupt } from './interrupt.ts';
import { bundleFolder, confirm, connectOptions, event, note, print } from './terminal.ts';
import type { UpArgs } from './args.ts';

/** Plans, shows, asks, applies. Returns the exit status. */
export async function runUp(args: UpArgs): Promise<ExitStatus> {
  const place = await openWorkplace({
    inventory: args.inventory,
    state: args.state,
    bundle: bundleFolder(args.bundle),
  });
  for (const warning of place.warnings) note(formatDiagnostic(warning));
  const lock = await acquireLock(await openState(place.state.dir), 'up');
  const scope = { until: args.until, limit: args.limit, ignore: args['ignore-preflight'] };
  const json = args.output === 'json';
  let live: LivePlan | undefined;
  try {
    live = await makePlan(place, scope, connectOptions(), args.concurrency);
    for (const error of live.connections.failed.values()) note(errorText(error));
    if (json) for (const finding of live.findings) event({ type: 'finding', ...finding });
    else if (live.findings.length > 0) note(findingsText(live.findings));
    refuseFindings(live);
    const steps = stepsOf(live.plan);
    if (json) event({ type: 'plan', plan: live.plan });
    else if (steps.length > 0) {
      note(`read ${live.connections.open.size} hosts in ${live.seconds.toFixed(1)} s`);
      print(planText(live.plan, { verbose: args.verbose }));
    }
    if (steps.length === 0) {
      const unread = [...live.connections.failed.keys()];
      if (json) event({ type: 'summary', changes: 0, unreachable: unread, seconds: live.seconds });
      else print(nothingToDo(live, unread));
      if (args.stats) note(statsText(live.connections.open, []));
      return live.connections.failed.size > 0 ? exitStatus.unreachable : exitStatus.done;
    }
    if (!(await confirm('Do this?', args.yes))) {
      note('Nothing was changed.');
      return exitStatus.interrupted;
    }
    return await apply(args, place, live);
  } finally {
    await live?.connections.close();
    await lock.release();
  }
}

function nothingToDo({ plan, connections, seconds }: LivePlan, unread: readonly string[]): string {
  if (unread.length === 0)
    return `${plan.cluster}: nothing to do (${connections.open.size} hosts, ${plan.checked} resources checked in ${seconds.toFixed(1)} s)`;
  const others = plan.hosts.length - unread.length;
  return `${plan.cluster}: nothing was changed; ${unread.join(', ')} could not be read${others === 0 ? '' : `, nothing to do on the other ${others}`}`;
}

function refuseFindings(live: LivePlan): void {
  const errors = live.findings.filter((finding) => finding.level === 'error');
  if (errors.length === 0) return;
  throw new KbootError(
    'E-PREFLIGHT',
    `${errors.length} requirement${errors.length === 1 ? ' is' : 's are'} not met; nothing was changed`,
    {
      remedy: `Mend what stands above, or pass over a check that you know better: --ignore-preflight ${errors[0]?.check ?? ''} (or spec.preflight.ignore).`,
    },
  );
}

async function apply(
  args: UpArgs,
  place: Awaited<ReturnType<typeof openWorkplace>>,
  live: LivePlan,
): Promise<ExitStatus> {
  const json = args.output === 'json';
  const interrupt = onInterrupt(() => {
    note(
      'Interrupted: running steps end, nothing new begins. Once more stops at once; the same command goes on later.',
    );
  });
  const log = openRunLog(place.state, 'up', new Date());
  log.write({ type: 'plan', plan: live.plan });
  const events: ApplyEvent[] = [];
  const progress = json ? undefined : showProgress(live.plan, process.stderr);
  const begun = Date.now();
  let result: ApplyResult;
  try {
    result = await carryOut(
      place,
      live.plan,
      live.connections,
      (happened) => {
        events.push(happened);
        log.write(jsonEvent(happened));
        progress?.take(happened);
        if (json) event(jsonEvent(happened));
      },
      interrupt.signal,
    );
  } finally {
    progress?.stop();
    interrupt.stop();
    log.close();
  }
  const seconds = (Date.now() - begun) / 1000;
  if (args.stats) note(statsText(live.connections.open, events));
  const failed = result.failures;
  if (json) {
    event({
      type: 'summary',
      executed: result.executed,
      planned: stepsOf(live.plan).length,
      failures: failed.map(({ host, error }) => ({ host, code: error.code, message: error.message })),
      seconds,
    });
  } else {
    for (const { error } of failed) note(errorText(error));
    if (failed.length > 0) note(`  log ${log.path}`);
    print(summary(args, live, result, events, seconds));
  }
  if (result.interrupted) return exitStatus.interrupted;
  if (failed.length > 0)
    return failed.some(({ error }) => error.code === 'E-STALE')
      ? exitStatus.stalePlan
      : exitStatus.stepFailed;
  return live.connections.failed.size > 0 ? exitStatus.unreachable : exitStatus.done;
}

function summary(
  args: UpArgs,
  live: LivePlan,
  result: ApplyResult,
  events: readonly ApplyEvent[],
  seconds: number,
): string {
  const name = live.plan.cluster;
  const went = `${result.executed} of ${stepsOf(live.plan).length} steps in ${seconds.toFixed(1)} s (${stageSeconds(events)})`;
  const again = `Run \`kboot up ${args.inventory}\` again: it goes on where this ended.`;
  if (result.interrupted) return `${name}: interrupted after ${went}. ${again}`;
  const lost = [
    ...new Set([...result.failures.flatMap(({ host }) => host ?? []), ...live.connections.failed.keys()]),
  ];
  if (lost.length > 0 || result.failures.length > 0)
    return `${name}: ${went}. Failed: ${lost.length > 0 ? lost.join(', ') : 'the cluster'}. ${again}`;
  if (args.until !== 'addon') return `${name}: done through stage ${args.until}: ${went}`;
  const nodes = live.plan.hosts.filter((host) =>
    host.roles.some((role) => role === 'control-plane' || role === 'worker'),
  ).length;
  return [
    `${name} is up: ${nodes} nodes Ready, ${went}`,
    `  kubeconfig   kboot kubeconfig ${args.inventory} --merge`,
    `  look at it   kboot status ${args.inventory}`,
  ].join('\n');
}

/** Events name their step; the step itself stands in the plan event. */
function jsonEvent(happened: ApplyEvent): { type: string; [key: string]: unknown } {
  if (!('step' in happened)) return happened;
  const { step, ...rest } = happened;
  return { ...rest, step: step.id };
}
