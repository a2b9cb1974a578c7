import { makeResetPlan } from '../app/reset.ts';
import { carryOut } from '../app/up.ts';
import { openWorkplace } from '../app/workplace.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { acquireLock } from '../store/lock.ts';
import { openState } from '../store/state.ts';
import { errorText } from '../view/error-text.ts';
import { planText } from '../view/plan-text.ts';
import { showProgress } from '../view/progress.ts';
import { onInterrupt } from './interrupt.ts';
import type { ResetArgs } from './args.ts';
import { confirm, connectOptions, event, note, print } from './terminal.ts';

/** Plans, shows, asks, resets. The state folder stays: it holds the keys of what may still run elsewhere. */
export async function runReset(args: ResetArgs): Promise<ExitStatus> {
  const place = await openWorkplace({ inventory: args.inventory, state: args.state });
  const lock = await acquireLock(await openState(place.state.dir), 'reset');
  const json = args.output === 'json';
  const { plan, connections } = await makeResetPlan(
    place,
    args.limit,
    connectOptions(),
    args.concurrency,
  ).catch(async (error: unknown) => {
    await lock.release();
    throw error;
  });
  const interrupt = onInterrupt(() => {
    note('Interrupted: running steps end, nothing new begins.');
  });
  try {
    for (const error of connections.failed.values()) note(errorText(error));
    if (json) event({ type: 'plan', plan });
    else if (plan.hostSteps.length > 0) print(planText(plan, { verbose: args.verbose }));
    const unreachable = connections.failed.size > 0;
    if (plan.hostSteps.length === 0) {
      if (!json) print(`${plan.cluster}: nothing to reset on ${connections.results.size} hosts`);
      return unreachable ? exitStatus.unreachable : exitStatus.done;
    }
    if (
      !(await confirm('Reset these hosts? Everything that runs on them in the cluster is lost.', args.yes))
    ) {
      note('Nothing was changed.');
      return exitStatus.interrupted;
    }
    const progress = json ? undefined : showProgress(plan, process.stderr);
    const begun = Date.now();
    const result = await carryOut(
      place,
      plan,
      connections,
      (happened) => {
        progress?.take(happened);
      },
      interrupt.signal,
    );
    progress?.stop();
    for (const { error } of result.failures) note(errorText(error));
    const seconds = (Date.now() - begun) / 1000;
    if (json) event({ type: 'summary', executed: result.executed, planned: plan.hostSteps.length, seconds });
    else
      print(
        `${plan.cluster}: ${result.executed} of ${plan.hostSteps.length} steps in ${seconds.toFixed(1)} s; the state folder ${place.state.dir} stays`,
      );
    if (result.interrupted) return exitStatus.interrupted;
    if (result.failures.length > 0) return exitStatus.stepFailed;
    return unreachable ? exitStatus.unreachable : exitStatus.done;
  } finally {
    interrupt.stop();
    await connections.close();
    await lock.release();
  }
}
