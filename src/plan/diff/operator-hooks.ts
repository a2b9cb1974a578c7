import type { Hook } from '../../model/cluster.ts';
import { stagesUntil, type Stage } from '../../model/stage.ts';
import type { OperatorStep } from '../types.ts';

/** The hooks on the operator's machine that a plan up to `until` may run, in order. */
export function operatorHooks(hooks: readonly Hook[], until: Stage): readonly Hook[] {
  const reached = stagesUntil(until);
  return hooks.filter(({ on, stage }) => on === 'operator' && reached.includes(stage));
}

/**
 * Steps for hooks on the operator's machine. `met` names those whose `unless` said that there is nothing to do; those
 * without it run when the rest of the plan, or one of the others, changes anything.
 */
export function operatorSteps(
  hooks: readonly Hook[],
  met: ReadonlySet<string>,
  changes: boolean,
): OperatorStep[] {
  const due = hooks.filter(({ name, unless }) => unless !== undefined && !met.has(name));
  return hooks
    .filter((hook) => due.includes(hook) || (hook.unless === undefined && (changes || due.length > 0)))
    .map(({ name, when, stage, run, timeoutSeconds }) => ({
      type: 'operator',
      id: `operator: hook ${name}`,
      stage,
      when,
      verb: 'run',
      resource: `hook ${name}`,
      reason: `${when} ${stage}`,
      command: run.trimEnd(),
      timeoutSeconds,
    }));
}
