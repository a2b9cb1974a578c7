import { gatesOf, stepsOf } from '../../plan/steps.ts';
import type { Plan } from '../../plan/types.ts';
import { disruption, offlineNote, placesOf } from '../plan-facts.ts';
import { hostList } from '../host-list.ts';
import { html, type Html } from './html.ts';
import type { PageInput, PageRun } from './input.ts';
import { count, seconds, stepCount } from './numbers.ts';
import { countEndings, type RunRecord } from './record.ts';

/** Before a run: the planned changes, and that nothing has been changed. */
export function planVerdict({ plan, command }: PageInput): Html {
  const steps = stepsOf(plan);
  const gates = gatesOf(plan).length;
  const read = plan.hosts.filter(({ state }) => state !== 'unreachable').length;
  const what =
    steps.length === 0
      ? read === 0
        ? 'No host could be read.'
        : gates === 0
          ? 'Nothing to do.'
          : `Nothing to change, ${gates} to wait for.`
      : `${stepCount(steps.length)}${placesOf(plan)}.`;
  const unread = unreadHosts(plan);
  const missing = unread === '' ? '' : ` Not in this plan, because they could not be read: ${unread}.`;
  const goOn =
    steps.length + gates === 0 || command === undefined
      ? undefined
      : html` <code>${command}</code> applies this plan.`;
  return html`<div class="verdict plan">
    <p class="lead">Nothing has been changed. ${what}</p>
    <p>
      ${steps.length === 0 ? undefined : disruption(plan)}${goOn}${missing}${plan.mode === 'offline' ? ` ${offlineNote}` : ''}
    </p>
  </div>`;
}

/** After a run: what was done, where it failed, and how to continue. */
export function runVerdict({ plan, command }: PageInput, run: PageRun, record: RunRecord): Html {
  const steps = stepsOf(plan);
  const counts = countEndings(record, steps);
  const done = counts.get('done') ?? 0;
  const went = `${count(done)} of ${stepCount(steps.length)} done in ${seconds(run.seconds)}`;
  const others = (['skipped', 'cut-off', 'not-reached'] as const).flatMap((ending) => {
    const number = counts.get(ending) ?? 0;
    const words = { skipped: 'skipped', 'cut-off': 'cut off', 'not-reached': 'not reached' }[ending];
    return number === 0 ? [] : [`${count(number)} ${words}`];
  });
  const held =
    run.held.length === 0 ? '' : `Not attempted: the rollout stopped before ${run.held.join(', ')}. `;
  const rest = others.length === 0 ? '' : ` ${others.join(', ')}.`;
  const again =
    command === undefined ? undefined : html` <code>${command}</code> continues where this run stopped.`;
  const lost = [...new Set(run.failures.map(({ host }) => host ?? 'the cluster'))];
  const where = lost.length > 6 ? `${count(lost.length)} hosts` : lost.join(', ');
  const unread = unreadHosts(plan);
  const whatIsDone = steps.length === 0 ? 'Nothing has been changed' : went;
  const [state, lead] = run.interrupted
    ? ['failed', `Interrupted: ${went}.`]
    : lost.length > 0
      ? ['failed', `Failed on ${where}: ${went}.`]
      : unread !== ''
        ? ['failed', `${whatIsDone}; ${unread} could not be read.`]
        : ['done', steps.length === 0 ? 'Nothing to do: nothing has been changed.' : `Done: ${went}.`];
  return html`<div class="verdict ${state}">
    <p class="lead">${lead}</p>
    <p>${held}${rest}${state === 'done' ? undefined : again}</p>
  </div>`;
}

/** Hosts that are not in the plan because they could not be read, as a list. */
function unreadHosts({ hosts }: Plan): string {
  const names = hosts.flatMap(({ name, state }) => (state === 'unreachable' ? [name] : []));
  return hostList(
    names,
    hosts.map(({ name }) => name),
  );
}
