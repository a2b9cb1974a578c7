import { dirname, resolve } from 'node:path';
import { KbootError } from '../model/error.ts';
import type { Stage } from '../model/stage.ts';
import { operatorHooks, operatorSteps } from '../plan/diff/operator-hooks.ts';
import type { OperatorStep } from '../plan/types.ts';
import type { OperatorResult } from '../transport/operator.ts';
import type { Workplace } from './workplace.ts';

/** Seconds that a question may take, so that no plan hangs on it. */
const patience = 30;

/**
 * The hooks of the inventory that run on this machine, as steps; asks those with `unless`. `changes`: whether the rest
 * of the plan changes anything.
 */
export async function planOperatorHooks(
  place: Workplace,
  until: Stage,
  changes: boolean,
): Promise<OperatorStep[]> {
  const hooks = operatorHooks(place.cluster.hooks ?? [], until);
  const answers = await Promise.all(
    hooks.map(async ({ name, unless }) => {
      if (unless === undefined) return [];
      const { exitCode } = await run(place, unless, patience);
      return exitCode === 0 ? [name] : [];
    }),
  );
  return operatorSteps(hooks, new Set(answers.flat()), changes);
}

/** Runs one hook. Throws KbootError E-STEP when it does not end well. */
export async function runOperatorHook(place: Workplace, step: OperatorStep): Promise<void> {
  const { exitCode, timedOut, output } = await run(place, step.command, step.timeoutSeconds);
  if (exitCode === 0) return;
  const why = timedOut ? `not done after ${step.timeoutSeconds} s` : `ended with status ${String(exitCode)}`;
  throw new KbootError('E-STEP', `${step.resource}, on this machine: ${why}`, {
    step: step.resource,
    command: step.command,
    detail: output.trimEnd(),
    remedy: 'Mend the cause and run the same command again: it goes on there.',
  });
}

async function run(place: Workplace, script: string, timeoutSeconds: number): Promise<OperatorResult> {
  const inventory = resolve(place.inventoryFile);
  // zx costs start-up time that plans without hooks need not pay.
  const { runOnOperator } = await import('../transport/operator.ts');
  return await runOnOperator(script, {
    cwd: dirname(inventory),
    environment: {
      KBOOT_CLUSTER: place.cluster.name,
      KBOOT_INVENTORY: inventory,
      KBOOT_STATE: resolve(place.state.dir),
    },
    timeoutSeconds,
  });
}
