import { setMaxListeners } from 'node:events';
import type { ApplyEvent } from '../apply/events.ts';
import type { ClusterLock } from '../apply/lock/cluster-lock.ts';
import { Moment } from '../apply/lock/times.ts';
import type { ApplyResult } from '../apply/run.ts';
import type { Workspace } from '../app/workspace.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { changesAnything, gatesOf, stepsOf } from '../plan/steps.ts';
import type { Plan } from '../plan/types.ts';
import { acquireLock } from '../store/lock.ts';
import { openRunLog } from '../store/run-log.ts';
import { openState } from '../store/state.ts';
import type { KbootEvent } from '../view/event-schema.ts';
import { statsText } from '../view/stats-text.ts';
import { statsEvent } from '../view/timeline/stats-event.ts';
import { timelineOf } from '../view/timeline/timeline.ts';
import type { PageRun } from '../view/html/input.ts';
import { pageFile, pageOf, writeReport } from './html.ts';
import { refuseOtherFile } from './own-file.ts';
import { Stretches } from './stretches.ts';
import { traceFile, writeTrace } from './trace.ts';
import { settleKeys } from './settle-keys.ts';
import { onInterrupt } from './interrupt.ts';
import type { InventoryArgs } from './args.ts';
import { readStatus, showPlan, tellReading, type Planned } from './show.ts';
import { vouchFor } from './unofficial.ts';
import { confirm, event, note, screen, tell, tellError, tellErrors } from './terminal.ts';
import { line, type Printable } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/** The result of applying a plan. */
export interface Outcome extends ApplyResult {
  readonly events: readonly ApplyEvent[];
  readonly seconds: number;
  /** When the clock of the events began, in milliseconds since this process started. */
  readonly begun: number;
  /** Another run has, or may have, a lock of this one. */
  readonly lostLock: boolean;
}

/** The specifics of a command that plans, shows, asks and applies. */
export interface Operation<P extends Planned> {
  /** For the lock and the run log. */
  readonly command: string;
  readonly question: string;
  /** The change cannot be undone: Enter answers no. */
  readonly risky?: boolean;
  /** Hosts that are given up for good: they do not count for the lock of the cluster. */
  readonly lost?: readonly string[];
  make(): Promise<P>;
  /** Replaces the plan, or throws; the result of reading is reported first. */
  hold?(planned: P): P;
  /** Throws if the plan may not be applied. */
  check?(planned: P): void;
  /** After how many failed hosts no new task starts; absent: each host fails for itself. */
  readonly maxFailures?: number;
  /** Absent: the whole plan. */
  show?(planned: P): void;
  /** The message for an empty plan. */
  nothing(planned: P): Printable;
  /** The message at the end. */
  summary(planned: P, outcome: Outcome): Printable;
}

/**
 * Plans, shows and asks under the lock of the state folder, and applies under that of the cluster. Returns the exit status.
 */
export async function runOperation<P extends Planned>(
  args: InventoryArgs & {
    readonly yes: boolean;
    readonly stats?: boolean;
    readonly html?: string | undefined;
    readonly trace?: string | undefined;
  },
  workspace: Workspace,
  operation: Operation<P>,
): Promise<ExitStatus> {
  refuseOtherFile(args.html, pageFile);
  refuseOtherFile(args.trace, traceFile);
  const stretches = new Stretches();
  const state = await openState(workspace.state.dir);
  const title = `kboot ${operation.command} ${args.inventory}`;
  const lock = await acquireLock(state, title);
  const say = (text: Printable): void => {
    if (args.output === 'text') tell(text);
  };
  /** Prints figures, and writes the files that were asked for. */
  const report = async (
    planned: P,
    run: Omit<PageRun, 'before'> & { readonly begun?: number },
  ): Promise<void> => {
    const before = stretches.until(run.begun ?? performance.now());
    const timeline = timelineOf(planned.plan, run.events, before);
    const costs = {
      ...{ connections: planned.connections.open, events: run.events, timeline },
      cpuSeconds: stretches.cpuSeconds,
    };
    if (args.stats === true) note(statsText(costs));
    if (args.stats === true && args.output === 'json') event(statsEvent(costs));
    await writeReport(args.html, { ...pageOf(workspace, planned, title), run: { ...run, before } });
    await writeTrace(args.trace, planned.plan, timeline);
  };
  try {
    await vouchFor(workspace, state, args);
    for (;;) {
      const status = await once();
      if (status !== 'outdated') return status;
    }
  } finally {
    await lock.release();
    stretches.close();
  }

  /** `outdated`: another run changed the cluster after the plan was made, and before this one had the lock. */
  async function once(): Promise<ExitStatus | 'outdated'> {
    const begun = new Moment();
    stretches.ended('start');
    let planned: P | undefined;
    let held: ClusterLock | undefined;
    let changed = false;
    try {
      planned = await operation.make();
      stretches.ended('reading hosts, planning');
      tellReading(args, planned);
      planned = operation.hold?.(planned) ?? planned;
      operation.check?.(planned);
      if (!changesAnything(planned.plan) && gatesOf(planned.plan).length === 0) {
        if (args.output === 'json') event({ type: 'plan', plan: planned.plan });
        say(operation.nothing(planned));
        await settleKeys(state, workspace.cluster);
        await report(planned, { events: [], failures: [], held: [], interrupted: false, seconds: 0 });
        if (args.output === 'json') tellNothing(planned);
        return readStatus(planned.connections);
      }
      if (operation.show === undefined) showPlan(args, planned.plan);
      else operation.show(planned);
      if (!(await confirm(operation.question, args.yes, operation.risky === true ? 'no' : 'yes'))) {
        note(line`Nothing was changed.`);
        return exitStatus.interrupted;
      }
      stretches.ended('your answer');
      if (lock.lost.aborted) throw lockLost('Nothing was changed.');
      // What changes something is loaded only now: most runs find nothing to do.
      const { verifySources } = await import('../app/up.ts');
      const { lockCluster } = await import('../app/cluster-lock.ts');
      // A damaged bundle leaves nothing on any host, not even a lock.
      await verifySources(workspace, planned.plan);
      stretches.ended('sums of the bundle');
      held = await lockCluster(workspace, planned.connections, title, {
        say: (text) => {
          note(line`${text}`);
        },
        lost: operation.lost ?? [],
      });
      if (held.changedMs < begun.ageMs) {
        note(line`Another run has changed the cluster since this plan was made. Reading the hosts again.`);
        return 'outdated';
      }
      changed = true;
      await settleKeys(state, workspace.cluster);
      stretches.ended("the cluster's lock");
      const outcome = await apply(args, workspace, planned, operation.command, {
        lost: AbortSignal.any([lock.lost, held.lost]),
        token: held.token,
        maxFailures: operation.maxFailures,
      });
      await report(planned, outcome);
      if (args.output === 'json') event(summaryEvent(planned.plan, outcome));
      say(operation.summary(planned, outcome));
      return outcomeStatus(planned, outcome);
    } finally {
      await held?.release(changed);
      await planned?.connections.close();
    }
  }
}

/** Applies the plan with progress, events and a run log, and reports failures. */
async function apply(
  args: InventoryArgs,
  workspace: Workspace,
  { plan, connections }: Planned,
  command: string,
  {
    lost,
    token,
    maxFailures,
  }: {
    readonly lost: AbortSignal;
    readonly token: string;
    readonly maxFailures: number | undefined;
  },
): Promise<Outcome> {
  const { carryOut } = await import('../app/up.ts');
  const { showProgress } = await import('../view/progress.ts');
  const json = args.output === 'json';
  const log = openRunLog(workspace.state, command, new Date());
  const interrupt = onInterrupt(() => {
    (progress?.say ?? note)(
      line`Interrupted: running steps finish, nothing new starts. Press Ctrl-C again to stop at once; the same command continues later.`,
    );
  });
  const events: ApplyEvent[] = [];
  const progress = json ? undefined : showProgress(plan, screen);
  const begun = Date.now();
  /** When the first event's clock began. */
  let zero: number | undefined;
  const take = (happened: ApplyEvent): void => {
    zero ??= performance.now() - happened.at;
    events.push(happened);
    log.write(jsonEvent(happened));
    progress?.take(happened);
    if (json) event(jsonEvent(happened));
  };
  let result: ApplyResult;
  try {
    log.write({ type: 'plan', plan });
    const signal = AbortSignal.any([interrupt.signal, lost]);
    // Every host that is being worked on listens; Node.js warns from the eleventh on.
    setMaxListeners(0, signal);
    result = await carryOut(workspace, plan, connections, take, signal, {
      lockToken: token,
      ...(maxFailures !== undefined && { maxFailures }),
      concurrency: args.concurrency,
    });
  } finally {
    progress?.stop();
    interrupt.stop();
    log.close();
  }
  if (lost.aborted) tellError(lockLost('Running steps finished, and nothing new was started.'));
  const seconds = (Date.now() - begun) / 1000;
  const outcome: Outcome = {
    ...result,
    events,
    seconds,
    lostLock: lost.aborted,
    begun: zero ?? performance.now(),
  };
  // An interruption is not a failure of the host: the summary reports it.
  if (!json)
    tellErrors(result.failures.flatMap(({ error }) => (error.code === 'E-INTERRUPTED' ? [] : error)));
  if (!json && result.failures.length > 0) note(line`  log ${log.path}`);
  return outcome;
}

/** Another run took over the lock, or somebody removed it: two concurrent runs could undo each other's changes. */
function lockLost(so: string): KbootError {
  return new KbootError('E-LOCKED', `This run lost its lock. ${so}`, {
    remedy: remedies.whoHoldsTheLock,
  });
}

/** Exit status of a run: that of the most severe failure. */
function outcomeStatus({ connections }: Planned, { lostLock, interrupted, failures }: Outcome): ExitStatus {
  if (lostLock) return exitStatus.locked;
  if (interrupted) return exitStatus.interrupted;
  if (failures.length === 0) return readStatus(connections);
  const codes = failures.map(({ error }) => error.code);
  if (codes.includes('E-STALE')) return exitStatus.stalePlan;
  return codes.every((code) => code === 'E-LOCKED') ? exitStatus.locked : exitStatus.stepFailed;
}

function tellNothing({ connections, seconds }: Planned): void {
  event({ type: 'summary', changes: 0, unreachable: [...connections.failed.keys()], seconds });
}

function summaryEvent(plan: Plan, { executed, failures, held, stoppedAfter, seconds }: Outcome): KbootEvent {
  return {
    type: 'summary',
    executed,
    planned: stepsOf(plan).length,
    failures: failures.map(({ host, stepId, error }) => ({
      host,
      step: stepId,
      code: error.code,
      message: error.message,
    })),
    held,
    ...(stoppedAfter !== undefined && { stoppedAfter }),
    seconds,
  };
}

/** Events refer to steps by ID; the plan event contains the steps. */
function jsonEvent(happened: ApplyEvent): KbootEvent {
  if (!('step' in happened)) return happened;
  const { step, ...rest } = happened;
  return { ...rest, step: step.id };
}
