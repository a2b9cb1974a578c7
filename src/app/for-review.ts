import { readForDiffs, type HostFileText } from '../observe/texts.ts';
import { diffablePath, withDiff } from '../plan/diff/text-diffs.ts';
import { hostOf, tasksOf } from '../plan/steps.ts';
import type { Plan, Task } from '../plan/types.ts';
import { lastUpgrade, lastUpgradeText } from '../store/last-upgrade.ts';
import type { Connections } from './observe/connect.ts';
import type { Workspace } from './workspace.ts';

/** A plan with what only its reader needs: diffs of texts, and how long the last upgrade took. Nothing depends on it. */
export async function forReview(
  plan: Plan,
  { state }: Pick<Workspace, 'state'>,
  connections: Connections,
): Promise<Plan> {
  const last = plan.upgrade && lastUpgrade(state);
  const warnings = last === undefined ? plan.warnings : [...plan.warnings, lastUpgradeText(last)];
  return await withDiffs({ ...plan, warnings }, connections);
}

/** Adds diffs to the steps that overwrite a text; a host whose texts cannot be read gets none. For display only. */
async function withDiffs(plan: Plan, connections: Connections): Promise<Plan> {
  const paths = new Map<string, string[]>();
  for (const { on, steps } of tasksOf(plan.phases)) {
    const host = hostOf(on);
    const own = host === undefined ? [] : steps.flatMap((step) => diffablePath(step) ?? []);
    if (host !== undefined && own.length > 0) paths.set(host, [...(paths.get(host) ?? []), ...own]);
  }
  const texts = new Map(
    await Promise.all(
      [...paths].map(async ([host, wanted]) => {
        const reader = connections.open.get(host)?.reader;
        const read = reader && (await readForDiffs(reader, wanted).catch(() => undefined));
        return [host, read ?? new Map<string, HostFileText>()] as const;
      }),
    ),
  );
  const shown = (task: Task): Task => {
    const own = texts.get(hostOf(task.on) ?? '');
    return own === undefined ? task : { ...task, steps: task.steps.map((step) => withDiff(step, own)) };
  };
  return {
    ...plan,
    phases: plan.phases.map((phase) => ({
      ...phase,
      batches: phase.batches.map((batch) => ({ ...batch, tasks: batch.tasks.map(shown) })),
    })),
  };
}
