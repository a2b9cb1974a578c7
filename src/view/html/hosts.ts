import { hostOf, tasksOf } from '../../plan/steps.ts';
import type { Plan } from '../../plan/types.ts';
import { groupBy } from '../group.ts';
import { stepCount } from './numbers.ts';
import { countEndings, type RunRecord } from './record.ts';

/** The state of a host: before a run from its planned steps, after a run from their results. */
export type HostState = 'changes' | 'same' | 'unread' | 'done' | 'failed' | 'cut-off';

export interface HostView {
  readonly name: string;
  readonly roles: readonly string[];
  readonly state: HostState;
  /** The state in words. */
  readonly says: string;
  readonly steps: number;
  readonly resources: number;
}

export const stateWords: Readonly<Record<HostState, string>> = {
  changes: 'to change',
  same: 'nothing to do',
  unread: 'not read',
  done: 'done',
  failed: 'failed',
  'cut-off': 'not finished',
};

/** Every host of the plan, in its order. */
export function hostViews(plan: Plan, record?: RunRecord): readonly HostView[] {
  const onHosts = tasksOf(plan.phases).flatMap(({ on, steps }) => {
    const host = hostOf(on);
    return host === undefined ? [] : [{ host, steps }];
  });
  const byHost = new Map(
    groupBy(onHosts, ({ host }) => host).map((own) => [own[0].host, own.flatMap(({ steps }) => steps)]),
  );
  return plan.hosts.map(({ name, roles, state: read, resources }) => {
    const steps = byHost.get(name) ?? [];
    const count = steps.length;
    const words = stepCount(count);
    const view = (state: HostState, says: string): HostView => ({
      name,
      roles,
      state,
      says,
      steps: count,
      resources,
    });
    if (read === 'unreachable') return view('unread', 'could not be read');
    if (count === 0) return view('same', 'nothing to do');
    if (record === undefined) return view('changes', words);
    const endings = countEndings(record, steps);
    const done = endings.get('done') ?? 0;
    if (endings.has('failed') || record.hosts.get(name)?.some((span) => span.ending === 'failed'))
      return view('failed', `failed after ${done} of ${words}`);
    return done === count ? view('done', `${words} done`) : view('cut-off', `${done} of ${words} done`);
  });
}
