import type { Hook } from '../../model/cluster.ts';
import { stagesUntil, type Stage } from '../../model/stage.ts';
import type { HookStep } from '../types.ts';

/** A hook on the operator's machine, and when it runs. */
export interface OperatorHook {
  readonly when: 'before' | 'after';
  readonly stage: Stage;
  readonly step: HookStep;
}

/** The hooks on the operator's machine that a plan up to `until` may run, in order. */
export function operatorHooks(hooks: readonly Hook[], until: Stage): readonly Hook[] {
  const reached = stagesUntil(until);
  return hooks.filter(({ on, stage }) => on === 'operator' && reached.includes(stage));
}

/**
 * Steps for hooks on the operator's machine. `met` names hooks whose `unless` succeeded, which do not run; hooks without
 * `unless` run if the rest of the plan, or another hook, changes anything.
 */
export function operatorSteps(
  hooks: readonly Hook[],
  met: ReadonlySet<string>,
  changes: boolean,
): OperatorHook[] {
  const due = hooks.filter(({ name, unless }) => unless !== undefined && !met.has(name));
  return hooks
    .filter((hook) => due.includes(hook) || (hook.unless === undefined && (changes || due.length > 0)))
    .map(({ name, when, stage, run, unless, timeoutSeconds }) => ({
      when,
      stage,
      step: {
        type: 'hook',
        id: `operator: hook ${name}`,
        verb: 'run',
        target: { kind: 'hook', name },
        reason: `${when} ${stage}`,
        effects: [],
        command: run.trimEnd(),
        ...(unless !== undefined && { unless: unless.trimEnd() }),
        timeoutSeconds,
      },
    }));
}
