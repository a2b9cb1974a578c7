import { dirname, resolve } from 'node:path';
import type { Moot } from '../apply/events.ts';
import { KbootError } from '../model/error.ts';
import type { Stage } from '../model/stage.ts';
import { operatorHooks } from '../plan/diff/operator-hooks.ts';
import { targetText } from '../plan/target.ts';
import type { HookStep } from '../plan/types.ts';
import type { OperatorResult } from '../transport/operator.ts';
import { mayRunCommands } from './consent.ts';
import type { Workspace } from './workspace.ts';
import { remedies } from './remedies.ts';

/** Timeout in seconds of an `unless`, so that it cannot block a plan. */
const unlessSeconds = 30;

/** Names of the hooks on this machine whose `unless` succeeds; runs those commands, if they may run while planning. */
export async function metOperatorHooks(workspace: Workspace, until: Stage): Promise<ReadonlySet<string>> {
  if (!(await mayRunCommands(workspace.inventoryFile, workspace.cluster))) return new Set();
  const hooks = operatorHooks(workspace.cluster.hooks ?? [], until);
  const answers = await Promise.all(
    hooks.map(async ({ name, unless }) => {
      if (unless === undefined) return [];
      const { exitCode } = await run(workspace, unless, unlessSeconds);
      return exitCode === 0 ? [name] : [];
    }),
  );
  return new Set(answers.flat());
}

/** Runs one hook, unless its `unless` succeeds. Throws KbootError E-STEP if it fails. */
export async function runOperatorHook(workspace: Workspace, step: HookStep): Promise<Moot | undefined> {
  const met = step.unless !== undefined && (await run(workspace, step.unless, unlessSeconds)).exitCode === 0;
  if (met) return { moot: 'its `unless` succeeded' };
  const { exitCode, timedOut, output } = await run(workspace, step.command, step.timeoutSeconds);
  if (exitCode === 0) return undefined;
  const why = timedOut ? `not done after ${step.timeoutSeconds} s` : `ended with status ${String(exitCode)}`;
  throw new KbootError('E-STEP', `${targetText(step.target)}, on this machine: ${why}`, {
    step: targetText(step.target),
    command: step.command,
    detail: output.trimEnd(),
    remedy: remedies.fixHook,
  });
}

async function run(workspace: Workspace, script: string, timeoutSeconds: number): Promise<OperatorResult> {
  const inventory = resolve(workspace.inventoryFile);
  // zx costs start-up time that plans without hooks need not pay.
  const { runOnOperator } = await import('../transport/operator.ts');
  return await runOnOperator(script, {
    cwd: dirname(inventory),
    environment: {
      KBOOT_CLUSTER: workspace.cluster.name,
      KBOOT_INVENTORY: inventory,
      KBOOT_STATE: resolve(workspace.state.dir),
    },
    timeoutSeconds,
  });
}
